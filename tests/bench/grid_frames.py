"""How smoothly a grid of 10,000 rows scrolls: frame times at 60 pixels a frame and at random jumps.

The grid is the one of the kit's page, in the browser of the tests: it draws by software, so a machine with a graphics
card does better. Budget (design): 60 frames a second, which a frame keeps while it takes less than two 60ths.
"""

from __future__ import annotations

import json
import os
from typing import Any

import conftest
import front_end
import measuring
from measuring import Budget

FRAMES = 600
FRAME_MS = 1000 / 60
# Two frames: one was missed.
MISSED_MS = 2 * FRAME_MS
# Scrolls once a frame and notes how long each frame took, until `frames` are over. step 0: to a random place.
SCROLL = """([step, frames]) => new Promise((done) => {
    const grid = document.querySelector('[role=grid][aria-label=Many]')
    const times = []
    let seed = 1, last = performance.now()
    const next = (now) => {
        times.push(now - last)
        last = now
        if (times.length > frames) return done(times.slice(1))
        const end = grid.scrollHeight - grid.clientHeight
        seed = (seed * 16807) % 2147483647
        grid.scrollTop = step ? (grid.scrollTop + step) % end : (seed / 2147483647) * end
        requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
})"""
CASES = {"60 pixels a frame": 60, "400 pixels a frame": 400, "random jumps": 0}


def measured() -> dict[str, list[float]]:
    """{case: milliseconds of each frame}."""
    from playwright.sync_api import sync_playwright

    with front_end.kit() as address, sync_playwright() as playwright:
        fonts = {**os.environ, **conftest.FONTS}
        browser = playwright.chromium.launch(
            executable_path=conftest.CHROMIUM, args=list(conftest.QUIET), env=dict(fonts)
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}?only=DGrid")
        page.locator(".grid-frame").evaluate("one => { one.style.height = '700px' }")
        page.get_by_role("gridcell", name="user-00020", exact=True).wait_for()
        found = {name: page.evaluate(SCROLL, [step, FRAMES]) for name, step in CASES.items()}
        browser.close()
    return found


def main() -> dict[str, Any]:
    """{case: {"p50", "p95", "p99", "most", "missed"}}; milliseconds, and how many frames took two or more."""
    cases = {}
    for name, times in measured().items():
        cases[name] = {
            **{f"p{share}": round(measuring.percentile(times, share), 1) for share in (50, 95, 99)},
            "most": round(max(times), 1),
            "missed": sum(time > MISSED_MS for time in times),
        }
    budgets = [Budget(f"{name}, p95", facts["p95"], MISSED_MS, "ms") for name, facts in cases.items()]
    heads = (f"{FRAMES} frames (ms)", "p50", "p95", "p99", "most", "over 33 ms")
    measuring.report("Grid of 10,000 rows", heads, [(name, *facts.values()) for name, facts in cases.items()], budgets)
    return {"grid": cases, "kept": all(budget.kept for budget in budgets)}


if __name__ == "__main__":
    print(json.dumps({"grid_frames": main()}, indent=1))
