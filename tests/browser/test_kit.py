"""The page of the kit: each part in each state, light and dark, at 100 and 200 %, as somebody last looked at it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect

import front_end
import looking
import pictures

# 200 %: what browser zoom does. The window has half the room, each of its pixels is two by two.
WIDTH, HEIGHT = 780, 600
SIZES = {"100": 1, "200": 2}
VARIANTS = [(theme, size) for theme in ("light", "dark") for size in SIZES]
# Where a page of the kit is used: a wide and a small window, a tablet, and 200 % of a usual one.
ROOMS = ((1280, 800), (1024, 640), (820, 1180), (640, 400))
OPENED = ".dialog, .pop, .tip, .toast"
Show = Callable[..., Page]


@pytest.fixture(scope="module")
def kit() -> Iterator[str]:
    """The address of the kit's page."""
    with front_end.kit() as address:
        yield address


@pytest.fixture
def show(kit: str, browser: Browser) -> Iterator[Show]:
    """show(theme, scale): the page of the kit. A script error fails the test."""
    contexts, troubles = [], []

    def opened(theme: str = "light", scale: int = 1, only: str = "") -> Page:
        context = browser.new_context(
            viewport={"width": WIDTH // scale, "height": HEIGHT // scale},
            device_scale_factor=scale,
            reduced_motion="reduce",
            locale="en-US",
            timezone_id="UTC",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"{kit}?theme={theme}&only={only}")
        page.locator("[data-show]").first.wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


def force(page: Page) -> CDPSession:
    """Give each case the pseudo-class it asks for, as long as the session lives."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    for case in session.send("DOM.querySelectorAll", {"nodeId": root, "selector": "[data-force]"})["nodeIds"]:
        said = session.send("DOM.getAttributes", {"nodeId": case})["attributes"]
        asked = dict(zip(said[::2], said[1::2], strict=True))
        node = session.send("DOM.querySelector", {"nodeId": case, "selector": asked["data-on"]})["nodeId"]
        classes = [asked["data-force"], *(["focus"] if asked["data-force"] == "focus-visible" else [])]
        session.send("CSS.forcePseudoState", {"nodeId": node, "forcedPseudoClasses": classes})
    return session


def taken(page: Page, part: Locator | None = None) -> bytes:
    """A picture of one part, or of the screen."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    return (part or page).screenshot(animations="disabled", caret="hide")


@pytest.mark.parametrize(("theme", "size"), VARIANTS)
def test_the_kit_looks_as_it_did(show: Show, theme: str, size: str) -> None:
    page = show(theme, SIZES[size])
    forced = force(page)
    wrong = []
    for part in page.locator("[data-show]").all():
        name = f"kit/{part.get_attribute('data-show')}-{theme}-{size}"
        wrong.append(pictures.check(taken(page, part), name))
    forced.detach()
    for part, title, name in openings(page):
        alone = show(theme, SIZES[size], only=part)
        case = alone.locator(f"[data-case={json.dumps(title)}]")
        case.locator(case.get_attribute("data-opens") or "").first.click()
        alone.locator(OPENED).first.wait_for()
        alone.mouse.move(0, 0)
        wrong.append(pictures.check(taken(alone), f"kit/{name}-{theme}-{size}"))
        alone.context.close()
    assert [one for one in wrong if one] == []


def openings(page: Page) -> list[tuple[str, str, str]]:
    """(part, title of the case, name of its picture) of everything that must be opened to be seen."""
    found = page.locator("[data-opens]").evaluate_all(
        "all => all.map(one => [one.closest('[data-show]').dataset.show, one.dataset.case])"
    )
    return [(part, title, f"{part}-{title.split(',')[0].replace(' ', '_')}") for part, title in found]


def test_no_picture_is_left_of_what_is_gone(show: Show) -> None:
    page = show()
    parts = {part.get_attribute("data-show") for part in page.locator("[data-show]").all()}
    names = {
        f"{name}-{theme}-{size}"
        for name in [*map(str, parts), *(name for _, _, name in openings(page))]
        for theme, size in VARIANTS
    }
    assert pictures.stale("kit", names) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_kit_has_no_serious_barrier(show: Show, theme: str) -> None:
    page = show(theme)
    assert looking.barriers(page) == []
    for case in page.locator("[data-opens]").all():
        case.locator(case.get_attribute("data-opens") or "").first.click()
        page.locator(OPENED).first.wait_for()
        assert looking.barriers(page, OPENED) == [], case.get_attribute("data-case")
        page.keyboard.press("Escape")
        expect(page.locator(OPENED)).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), ROOMS)
def test_nothing_of_the_kit_is_cut_or_covered(show: Show, width: int, height: int) -> None:
    page = show()
    page.set_viewport_size({"width": width, "height": height})
    assert looking.complaints(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_in_the_kit_shows_that_the_keyboard_is_there(show: Show, theme: str) -> None:
    count, blind = looking.hidden_focus(show(theme))
    assert count > 100 and blind == []


def test_what_a_grid_cuts_it_tells_who_points_at_it(show: Show) -> None:
    page = show(only="DGrid")
    cell = page.get_by_role("gridcell", name="Höchstgrenze").first
    cell.hover()
    expect(cell).to_have_attribute("title", re.compile("^Höchstgrenze .* überschreiten$"))


def test_a_grid_is_used_by_keyboard_alone(show: Show) -> None:
    """Titles sort, columns are chosen and kept, ranges go to the end, the way back begins at the top."""
    page = show(only="DGrid")
    grid = page.get_by_role("grid", name="Many")
    grid.get_by_role("button", name="Address").focus()
    page.keyboard.press("Enter")
    expect(grid.get_by_role("columnheader", name="Address")).to_have_attribute("aria-sort", "ascending")
    before = grid.get_by_role("columnheader", name="Address").evaluate("one => one.offsetWidth")
    page.keyboard.press("Shift+ArrowRight")
    assert grid.get_by_role("columnheader", name="Address").evaluate("one => one.offsetWidth") == before + 16
    page.keyboard.press("ArrowDown")
    expect(grid).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("PageDown")
    page.keyboard.press("PageUp")
    page.keyboard.press("Shift+End")
    expect(page.get_by_text("10000 selected")).to_be_visible()
    expect(grid.get_by_role("row", name="user-10000")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Home")
    expect(grid.get_by_role("row", name="user-00001")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Control+a")
    expect(page.get_by_text("10000 selected")).to_be_visible()
    page.get_by_role("button", name="Columns").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="Address").press("Space")
    page.get_by_role("button", name="Move Activation up").press("Enter")
    expect(page.get_by_role("checkbox", name="Name")).to_be_disabled()
    page.reload()
    titles = page.get_by_role("grid", name="Many").get_by_role("columnheader")
    expect(titles).to_have_text(["Name", "Activation", "Größenbeschränkung je Nachricht"])
    page.get_by_role("button", name="Columns").first.click()
    page.get_by_role("button", name="Restore Default").click()
    expect(titles).to_have_count(4)


def test_a_tree_is_used_by_keyboard_alone(show: Show) -> None:
    page = show(only="DTree")
    tree = page.get_by_role("tree", name="Users")
    tree.get_by_role("treeitem").first.focus()
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name="Sales")).to_be_focused()
    expect(tree.get_by_role("treeitem", name="Sales")).to_have_attribute("aria-checked", "mixed")
    page.keyboard.press("Space")
    expect(tree.get_by_role("treeitem", name="ben")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("ArrowLeft")
    expect(tree.get_by_role("treeitem", name="ben")).to_have_count(0)
    page.keyboard.press("End")
    expect(tree.get_by_role("treeitem", name="example.org")).to_be_focused()
    page.keyboard.press("s")
    expect(tree.get_by_role("treeitem", name="Sales")).to_be_focused()


def test_what_is_cut_or_covered_is_found(show: Show) -> None:
    """The test of the tests: without it they could pass because they see nothing."""
    page = show(only="DButton")
    assert looking.complaints(page) == []
    page.evaluate(
        """() => {
            const add = html => document.querySelector('[data-show]').insertAdjacentHTML('beforeend', html)
            add('<p style="width: 40px; overflow: hidden; white-space: nowrap">Everything is cut</p>')
            add('<p>Under</p><p style="margin-top: -36px; position: relative">Over it</p>')
            add('<div style="width: 90px; overflow: auto"><p style="width: 300px">Far</p></div>')
            add('<button style="outline: 0; border: 0">Blind</button>')
        }"""
    )
    found = " / ".join(looking.complaints(page))
    assert "cut" in found and "Over it" in found and "sideways" in found
    assert len(looking.hidden_focus(page)[1]) == 1
