"""A real browser, and the two places it is taken to on the running server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

import front_end
import looking
from office import Office

expect.set_options(timeout=20_000)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = looking.counting(browser, 1440, 900, locale="en-US")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def window(page: Page, server: Office) -> Callable[..., FrameLocator]:
    """Open the admin window as somebody, from the desktop; what is inside of its frame."""

    def opened(user: str = "admin") -> FrameLocator:
        page.goto(server.web)
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill(server.passwords[user])
        page.get_by_role("button", name="Sign In").click()
        page.get_by_label("Desktop").get_by_role("button", name="Mailroom").click()
        return page.get_by_role("dialog", name="Mailroom").frame_locator("iframe")

    return opened


@pytest.fixture
def portal(page: Page, server: Office) -> Callable[..., Page]:
    """Sign in to the portal as somebody."""

    def opened(user: str = "ben", password: str = "") -> Page:
        page.goto(f"{server.web}/mail/")
        page.get_by_label("User name").fill(user)
        page.get_by_label("Password", exact=True).fill(password or server.passwords[user])
        page.get_by_role("button", name="Sign in").click()
        return page

    return opened


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the front end as it was built, with a made-up API."""
    with front_end.made_up() as address:
        yield address


@pytest.fixture
def show(site: str, browser: Browser) -> Iterator[Callable[..., Page]]:
    """show("w/", "queue", theme="dark", width=390): a page. A script error or a breach of the policy fails the test.

    What else is given is meant for the browser's context, as has_touch=True.
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def opened(
        place: str,
        at: str = "",
        *,
        theme: str = "light",
        lang: str = "enu",
        width: int = 1280,
        height: int = 760,
        **more: Any,
    ) -> Page:
        contexts.append(looking.counting(browser, width, height, **more))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda told: troubles.append(told.text) if "Content Security Policy" in told.text else None)
        page.goto(f"{site}/{place}?lang={lang}&theme={theme}#{at}")
        return page

    yield opened
    for context in contexts:
        context.close()
    # What a hostile mail brings is refused in its frame and when it is quoted: that is what the policies are for.
    expected = ("sandboxed", "img-src data:", "inline event handler")
    assert [text for text in troubles if not any(word in text for word in expected)] == []
