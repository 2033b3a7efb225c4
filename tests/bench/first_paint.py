"""Bytes and time until the window and the portal are drawn, in a browser that has never seen them.

From a running server: the window through DSM's desktop and the relay, the portal through the reverse proxy. Bytes are
those on the wire (the web process compresses) until something is drawn. Budget (design): at most 250 KB.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from typing import TYPE_CHECKING, Any

import conftest
import looking
import measuring
from measuring import Budget
from office import Office, office
from own_room import bundle

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

NUMBER = 43
TIMES = 7
BYTES_KB = 250.0
DRAWN = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


class Wire:
    """Counts what a page receives. Bytes are those on the wire, headers included."""

    def __init__(self, page: Page) -> None:
        self.received: list[tuple[float, int]] = []
        self.started = time.monotonic()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._finished)

    def _finished(self, told: dict[str, Any]) -> None:
        self.received.append((told["timestamp"], int(told["encodedDataLength"])))

    @property
    def bytes_received(self) -> int:
        """All so far."""
        return sum(count for _, count in self.received)


def once(context: BrowserContext, address: str, ready: str) -> dict[str, float]:
    """One visit: {"kb", "paint_ms", "content_ms"}. ready: a selector of what the page is for."""
    page = context.new_page()
    wire = Wire(page)
    started = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(f"() => {DRAWN}")
    kilobytes = wire.bytes_received / 1000
    page.locator(ready).first.wait_for()
    content = (time.perf_counter() - started) * 1000
    paint = page.evaluate(DRAWN)
    context.close()
    return {"kb": kilobytes, "paint_ms": paint, "content_ms": content}


def visits(browser: Browser, nas: Office) -> dict[str, list[dict[str, float]]]:
    """{"window", "portal"}: so many visits each, in turns, each with an empty cache."""
    desk = browser.new_context()
    page = desk.new_page()
    page.goto(nas.web)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(nas.passwords["admin"])
    page.get_by_role("button", name="Sign In").click()
    page.get_by_label("Desktop").get_by_role("button", name="Mailroom").click()
    frame = page.get_by_role("dialog", name="Mailroom").frame_locator("iframe")
    frame.get_by_role("navigation").first.wait_for()
    window = next(one.url for one in page.frames if "index.cgi" in one.url)
    cookies = desk.cookies()
    found: dict[str, list[dict[str, float]]] = {"window": [], "portal": []}
    for _ in range(TIMES):
        context = looking.counting(browser, 1280, 800)
        context.add_cookies(cookies)  # type: ignore[arg-type]
        found["window"].append(once(context, window, "main .page *"))
        found["portal"].append(once(looking.counting(browser, 1280, 800), f"{nas.web}/mail/", "input[type=password]"))
    return found


def main() -> dict[str, Any]:
    """{place: {"kb", "paint_ms", "content_ms"}}, medians."""
    from playwright.sync_api import sync_playwright

    measuring.needs(bundle())
    with office(NUMBER) as nas, sync_playwright() as playwright:
        fonts = {**os.environ, **conftest.FONTS}
        browser = playwright.chromium.launch(
            executable_path=conftest.CHROMIUM, args=list(conftest.QUIET), env=dict(fonts)
        )
        taken = visits(browser, nas)
        browser.close()
    places = {
        place: {name: round(statistics.median(one[name] for one in all_of), 1) for name in all_of[0]}
        for place, all_of in taken.items()
    }
    budgets = [Budget(f"{place}, bytes to first paint", facts["kb"], BYTES_KB, "KB") for place, facts in places.items()]
    heads = (f"median of {TIMES}, cold", "KB to first paint", "first paint, ms", "content, ms")
    measuring.report("First paint", heads, [(place, *facts.values()) for place, facts in places.items()], budgets)
    return {"places": places, "kept": all(budget.kept for budget in budgets)}


if __name__ == "__main__":
    print(json.dumps({"first_paint": main()}, indent=1))
