"""How smoothly a grid of 10,000 rows scrolls: frame times at 60 pixels a frame and at random jumps.

The grid is the one of the kit's page, in the browser of the tests: it draws by software, so a machine with a graphics
card does better. Budget (design): 60 frames a second. What a frame takes of the processor (the page's own thread) must
fit into a 60th; whether it is on screen in time depends on what else the machine does.
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
# Longer than two frames: one was missed.
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


def measured() -> dict[str, tuple[list[float], float]]:
    """{case: (milliseconds of each frame, processor milliseconds of the page's thread a frame)}."""
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
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def spent_ms() -> float:
            told = session.send("Performance.getMetrics")["metrics"]
            return float(next(one["value"] for one in told if one["name"] == "TaskDuration")) * 1000

        found = {}
        for name, step in CASES.items():
            before = spent_ms()
            times = page.evaluate(SCROLL, [step, FRAMES])
            found[name] = (times, (spent_ms() - before) / FRAMES)
        browser.close()
    return found


def main() -> dict[str, Any]:
    """{case: {"p50", "p95", "p99", "most", "missed", "cpu_ms"}}; milliseconds; missed: longer than two frames."""
    cases = {}
    for name, (times, cpu_ms) in measured().items():
        cases[name] = {
            **{f"p{share}": round(measuring.percentile(times, share), 1) for share in (50, 95, 99)},
            "most": round(max(times), 1),
            "missed": sum(time > MISSED_MS for time in times),
            "cpu_ms": round(cpu_ms, 1),
        }
    budgets = [
        Budget(f"{name}, processor time a frame", facts["cpu_ms"], round(FRAME_MS, 1), "ms")
        for name, facts in cases.items()
    ]
    heads = (f"{FRAMES} frames (ms)", "p50", "p95", "p99", "most", "over 33 ms", "processor")
    measuring.report("Grid of 10,000 rows", heads, [(name, *facts.values()) for name, facts in cases.items()], budgets)
    return {"grid": cases, "kept": all(budget.kept for budget in budgets)}


if __name__ == "__main__":
    print(json.dumps({"grid_frames": main()}, indent=1))
