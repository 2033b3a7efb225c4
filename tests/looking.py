"""What can be asked of a page in a real browser: barriers, things cut or overlapping, and where the keyboard is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Frame, Page

from devtools import frontend

HERE = Path(__file__).parent
# Counts what is asked of the server and not answered yet; the stream of events is no question.
COUNTING = """
    window.mailroomAsked = 0
    const ask = window.fetch
    window.fetch = (...what) => {
        window.mailroomAsked++
        return ask(...what).finally(() => setTimeout(() => window.mailroomAsked--))
    }
"""
SETTLED = """() => {
    const main = document.querySelector('main')
    const parts = main ? [...main.children] : []
    const page = parts.filter((part) => !part.matches('h1, [data-orientation], .activation, .above'))
    const told = page.some((part) => part.innerText.trim())
    return told && window.mailroomAsked === 0 && !document.querySelector('main .skeleton')
}"""
# The tabs of the menu's entry; a page may have tabs of its own.
TABS = "main > [data-orientation] > .tabs"
View = Page | Frame


def counting(browser: Browser, width: int, height: int, **options: object) -> BrowserContext:
    """A context in whose pages `settled` knows when everything is there. More options: as Playwright's."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
    context.add_init_script(COUNTING)
    return context


def settled(view: View) -> None:
    """Wait until the window's page on screen is complete and drawn."""
    view.wait_for_function(SETTLED)
    view.evaluate("document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => setTimeout(done))))")


def places(view: View) -> Iterator[str]:
    """Go through every entry of the window's menu and each of its tabs; the name of each, once it is complete.

    Found from the running window. A name is what stands in the address: service/protocol.
    """
    menu = view.locator("nav.menu button")
    menu.first.wait_for()
    for entry in range(menu.count()):
        menu.nth(entry).click()
        settled(view)
        tabs = view.locator(TABS).get_by_role("tab")
        for tab in range(max(1, tabs.count())):
            if tab:
                tabs.nth(tab).click()
                settled(view)
            yield str(view.evaluate("location.hash.slice(1)"))
            # Pages that stand in no row of tabs: a button of this one leads to each.
            for place in range(view.locator("main [data-place]").count()):
                view.locator("main [data-place]").nth(place).click()
                settled(view)
                yield str(view.evaluate("location.hash.slice(1)"))
                view.locator("main > .above button").click()
                settled(view)


def barriers(view: View, within: str = "body") -> list[str]:
    """What axe-core finds serious or critical (WCAG 2.2 A and AA). within: a selector, for what lies above the page."""
    view.evaluate((frontend.packages() / "axe-core/axe.min.js").read_text() + ";0")
    found = view.evaluate("within => axe.run(within, {resultTypes: ['violations']})", within)
    serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {node['html'][:160]}" for one in serious for node in one["nodes"]]


def complaints(view: View) -> list[str]:
    """Text that is cut or covered, and what must be scrolled sideways (looks.js)."""
    return [str(one) for one in view.evaluate((HERE / "looks.js").read_text())]


def hidden_focus(view: View) -> tuple[int, list[str]]:
    """(how many elements the keyboard reaches, those that do not show it)."""
    found = view.evaluate((HERE / "focus.js").read_text())
    return found["count"], found["blind"]
