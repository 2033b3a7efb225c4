"""The set-up wizard in a browser, gone through by what is written on it."""

from __future__ import annotations

from playwright.sync_api import FrameLocator, Locator, Page, expect

View = Page | FrameLocator


def wizard(page: View) -> Locator:
    """The wizard itself."""
    return page.get_by_role("dialog", name="Mailroom Setup Wizard")


def press(page: View, name: str) -> None:
    """One of its buttons."""
    wizard(page).get_by_role("button", name=name, exact=True).click()


def at(page: View, step: str) -> None:
    """Wait until this step is the current one."""
    expect(wizard(page).locator("[aria-current=step]")).to_contain_text(step)


def to_names(page: View, domain: str = "") -> None:
    """From the start to the page of names, and this domain into it."""
    press(page, "Next")
    at(page, "Server")
    press(page, "Next")
    at(page, "Domain")
    if domain:
        page.get_by_label("Domain name", exact=True).fill(domain)


def to_summary(page: View, domain: str = "office.example") -> None:
    """From the start to the summary, with this domain and the name that is suggested for it."""
    to_names(page, domain)
    press(page, "Next")
    at(page, "DNS records")
    press(page, "Next")
    at(page, "Summary")
