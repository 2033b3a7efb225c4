"""A real browser, and the two places it is taken to on the running server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from office import Office

expect.set_options(timeout=20_000)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
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
