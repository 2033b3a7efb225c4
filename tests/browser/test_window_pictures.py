"""A picture of each page of the window on a running server, which `./dev test --pictures` puts into docs/pictures.

They are for people, and hold real figures, so they are not compared. What is compared is which there are: a page of the
menu without a picture, or a picture without its page, fails.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from playwright.sync_api import Browser, Frame, FrameLocator, Page, expect

import looking
import pictures
from office import Office, until

SIZE = {"width": 1280, "height": 800}
THEMES = ("light", "dark")
# The desktop with the window in it, for the README.
WHOLE = "window-on-the-desktop"


def inside(page: Page) -> Frame:
    """The frame in which the window is."""
    found = next((frame for frame in page.frames if "index.cgi" in frame.url), None)
    assert found is not None
    return found


def something_to_see(server: Office) -> None:
    """A few messages of different endings and some failed sign-ins, so that lists have rows."""
    for subject, sender in (("Quarterly figures", "paula@partner.example"), ("Lunch on Friday?", "max@world.example")):
        server.deliver(subject, sender=sender)
    until(lambda: len(server.folder_of("ben")) >= 2, 60, "mail has arrived")


def address_of(frame: Frame, theme: str) -> str:
    """The window's own address, alone and in this theme."""
    place = urlsplit(frame.url)
    asked = {**dict(parse_qsl(place.query)), "theme": theme, "lang": "enu"}
    return urlunsplit(place._replace(query=urlencode(asked), fragment=""))


def test_each_page_of_the_window_has_its_picture(
    window: Callable[..., FrameLocator], page: Page, browser: Browser, server: Office
) -> None:
    something_to_see(server)
    page.set_viewport_size(SIZE)
    expect(window().get_by_role("navigation").first).to_be_visible()
    frame = inside(page)
    looking_at = {theme: address_of(frame, theme) for theme in THEMES}
    if pictures.renewing():
        looking.settled(frame)
        pictures.write(pictures.opened(page.screenshot(animations="disabled")), pictures.KEPT / f"{WHOLE}.png")
    cookies = page.context.cookies()
    names = set()
    for theme, address in looking_at.items():
        context = looking.counting(browser, **SIZE, reduced_motion="reduce", locale="en-US")
        context.add_cookies(cookies)  # type: ignore[arg-type]
        alone = context.new_page()
        alone.goto(address)
        assert alone.evaluate("document.documentElement.dataset.theme ?? 'light'") == theme
        for place in looking.places(alone):
            name = f"{place.replace('/', '-')}-{theme}"
            names.add(name)
            if pictures.renewing():
                shot = alone.screenshot(animations="disabled", caret="hide")
                pictures.write(pictures.opened(shot), pictures.KEPT / "window" / f"{name}.png")
        context.close()
    assert pictures.stale("window", names) == []
    missing = [name for name in names if not (pictures.KEPT / "window" / f"{name}.png").exists()]
    assert missing == [], pictures.RENEW
