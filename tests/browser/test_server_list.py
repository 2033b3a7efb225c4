"""Server Management > Server List on the real machine: what ends is told and heals, all live (rows SL01, SL02)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from office import DOMAIN, Office, until

Window = Callable[..., FrameLocator]
SLOW_MS = 60_000
TIMED = re.compile(r"^\d\d:\d\d:\d\d: ")
HELD = "window.heldOpen"


def row(inside: FrameLocator, daemon: str) -> Locator:
    return inside.locator(f"[data-daemon={daemon}]")


def chart(inside: FrameLocator, name: str) -> Locator:
    return inside.locator(f"[data-chart={name}]").get_by_role("slider")


@pytest.fixture
def looking(window: Window, page: Page) -> FrameLocator:
    """The page, complete, with a mark on it that a reload would wipe out."""
    inside = window()
    expect(row(inside, "postfix")).to_have_attribute("data-state", "running")
    page.frames[-1].evaluate(f"{HELD} = true")
    return inside


def was_not_loaded_anew(page: Page) -> bool:
    return bool(page.frames[-1].evaluate(HELD))


def test_a_killed_service_shows_why_and_runs_again(looking: FrameLocator, page: Page, server: Office) -> None:
    before = server.daemon("spamd")["pid"]
    server.inside("kill", "-9", str(before))
    again = until(lambda: {server.daemon("spamd")["pid"]} - {before, 0, None}, 30, "started again").pop()
    # SpamAssassin takes seconds to load its rules; held in the middle of it, it is seen however slow the machine is.
    server.inside("kill", "-STOP", str(again))
    spam = row(looking, "spamd")
    expect(spam).to_contain_text("was killed, by somebody or because memory ran out")
    expect(spam).not_to_have_attribute("data-state", "running")
    told = looking.locator("[data-problem=daemon-spamd]")
    expect(told).to_contain_text("Spam engine")
    expect(told.get_by_role("button", name="View Log")).to_be_visible()
    server.inside("kill", "-CONT", str(again))
    expect(spam).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    expect(spam).to_contain_text("Was killed")
    expect(told).to_have_count(0)
    assert was_not_loaded_anew(page) and server.daemon("spamd")["pid"] != before
    newest = next(one for one in server.ctl("events", "--kind", "daemon") if one["facts"].get("daemon") == "spamd")
    assert newest["text"] == "Spam engine was killed, by somebody or because memory ran out, and is started again."


def test_a_restart_asks_and_tells_how_it_went(looking: FrameLocator, page: Page, server: Office) -> None:
    before = server.daemon("resolver")["pid"]
    looking.get_by_role("button", name="Restart DNS resolver").click()
    asked = looking.get_by_role("dialog", name="Restart DNS resolver")
    asked.get_by_role("button", name="Cancel").click()
    looking.get_by_role("button", name="Restart DNS resolver").click()
    asked.get_by_role("button", name="Restart").click()
    expect(looking.get_by_text("DNS resolver was restarted.").first).to_be_visible(timeout=SLOW_MS)
    now = server.daemon("resolver")
    assert now["pid"] != before and now["ended"] is None
    # It was asked for: nothing has failed.
    expect(row(looking, "resolver")).not_to_contain_text("nded by")
    assert was_not_loaded_anew(page)


def test_the_window_survives_the_restart_of_its_own_server(looking: FrameLocator, page: Page, server: Office) -> None:
    before = server.daemon("serve")["pid"]
    looking.get_by_role("button", name="Restart Window and portal").click()
    looking.get_by_role("dialog").get_by_role("button", name="Restart").click()
    expect(looking.get_by_text("Window and portal was restarted.").first).to_be_visible(timeout=SLOW_MS)
    assert server.daemon("serve")["pid"] != before and was_not_loaded_anew(page)
    moves(chart(looking, "cpu"))


def moves(slider: Locator) -> None:
    """Its newest value becomes that of a later moment."""
    expect(slider).to_have_attribute("aria-valuetext", TIMED, timeout=SLOW_MS)
    first = slider.get_attribute("aria-valuetext")
    expect(slider).not_to_have_attribute("aria-valuetext", first or "")


def test_charts_move_and_are_read_with_the_keyboard(looking: FrameLocator) -> None:
    for name in ("cpu", "memory", "network", "disks", "queue"):
        moves(chart(looking, name))
    cpu = chart(looking, "cpu")
    cpu.focus()
    cpu.press("ArrowLeft")
    read = cpu.get_attribute("aria-valuetext")
    moves(chart(looking, "memory"))
    # What is read stays, whatever comes.
    expect(cpu).to_have_attribute("aria-valuetext", read or "")
    cpu.press("Home")
    expect(cpu).not_to_have_attribute("aria-valuetext", read or "")
    looking.get_by_role("button", name="1 hour").click()
    expect(chart(looking, "memory")).to_have_attribute("aria-valuetext", TIMED)


def test_values_that_do_not_come_are_told_and_it_heals(looking: FrameLocator, server: Office) -> None:
    moves(chart(looking, "cpu"))
    job = str(server.daemon("job")["pid"])
    server.inside("kill", "-STOP", job)
    try:
        expect(looking.get_by_text("Connection lost")).to_be_visible()
        expect(looking.get_by_text("The values are from")).to_be_visible()
    finally:
        server.inside("kill", "-CONT", job)
    expect(looking.get_by_text("Connection lost")).to_have_count(0)
    moves(chart(looking, "cpu"))


def test_a_log_is_followed(looking: FrameLocator, server: Office) -> None:
    looking.get_by_role("button", name="Log of SMTP").click()
    drawer = looking.get_by_role("dialog", name="Log of SMTP")
    lines = drawer.get_by_role("list", name="Log of SMTP")
    expect(lines.get_by_role("listitem").first).to_be_visible()
    server.deliver("a line for the log", sender="follow-me@world.example")
    expect(lines).to_contain_text("follow-me@world.example")
    assert "a line for the log" not in lines.inner_text()
    drawer.get_by_label("Search in the log").fill("follow-me@world.example")
    expect(lines.get_by_role("listitem").first).to_contain_text("follow-me")
    drawer.get_by_role("button", name="Close").click()
    expect(drawer).to_have_count(0)
    server.arrived("ben", "a line for the log")


def test_problems_lead_to_where_they_are_solved(looking: FrameLocator, server: Office) -> None:
    told = looking.locator("[data-problem=definitions]")
    expect(told).to_contain_text("Attention")
    told.get_by_role("button", name="Open Security").click()
    expect(looking.get_by_label("Enable Anti-Virus Engine", exact=True)).to_be_visible()
    until(lambda: server.ctl("status")["problems"], 10, "the shell tells it, too")


def test_what_is_left_to_do_is_seen_not_asked(window: Window, server: Office) -> None:
    server.deliver("one comes in")
    with server.submission("ben") as client:
        client.sendmail(f"ben@{DOMAIN}", ["friend@world.example"], b"Subject: one goes out\r\n\r\nx\r\n")
    inside = window()
    card = inside.get_by_role("region", name="What is left to do")
    for title in ("A message to another server", "A message from another server", "Users with a mailbox"):
        expect(card.get_by_role("listitem").filter(has_text=title)).to_contain_text("Done:", timeout=60_000)
    # Its own certificate is none that programs trust; nobody has checked it, or it says so.
    certificate = card.get_by_role("listitem").filter(has_text="Certificate that programs trust")
    expect(certificate).to_contain_text("Open:")
    certificate.get_by_role("button", name="Go There").click()
    expect(inside.get_by_role("tab", selected=True)).to_be_visible()
