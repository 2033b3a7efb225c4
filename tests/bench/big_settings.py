"""What an Apply costs beside big lists: 10,000 rules and 5,000 aliases in force, one small setting is changed often.

Each Apply is asked as the window does, with everything running: validated, recorded, rendered, checked, swapped,
reloaded, probed. Budgets: p95 at most 2 s (design), and at most 16 KB for each revision in the database.
"""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import measuring
from desktop import Desktop
from measuring import Budget
from office import Office, office

NUMBER, RULES, ALIASES, APPLIES = 48, 10_000, 5_000, 20
APPLY_MS, REVISION_KB = 2_000.0, 16.0
GENERAL = "mail_delivery.general"
PYTHON = "/usr/bin/python3.11"
# What its log holds counts, too.
SIZE = """import sqlite3
asked = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count"
asked += " JOIN pragma_page_size JOIN pragma_freelist_count"
print(sqlite3.connect("/data/db/settings.sqlite").execute(asked).fetchone()[0])"""


def lists() -> dict[str, Any]:
    """Rules and aliases as an admin has them after years."""
    rules = [
        {"name": f"Rule {turn}", "type": "sender", "criteria": f"*@spam-{turn}.example", "action": "reject"}
        for turn in range(RULES)
    ]
    aliases = [{"name": f"list{turn}", "members": ["user:ben", "user:anna"]} for turn in range(ALIASES)]
    return {"mail_delivery.lists": {"blacklist": rules}, "mail_delivery.alias": {"aliases": aliases}}


def size_kb(server: Office) -> float:
    """All that the database holds."""
    return int(server.inside(PYTHON, "-c", SIZE)) / 1024


def applied(desktop: Desktop, server: Office, name: str, values: list[Any]) -> list[float]:
    """Milliseconds of each Apply of one setting, as who asks sees it."""
    found = []
    for value in values:
        base = desktop.get("api/settings")["revision"]
        started = time.perf_counter()
        desktop.post("api/settings/apply", revision=base, page=GENERAL, changes={name: value})
        found.append((time.perf_counter() - started) * 1000)
    return found


def fill(server: Office) -> None:
    """Both lists in force, brought as the shell does."""
    for page, values in lists().items():
        for key, items in values.items():
            server.machine.run(
                "/usr/local/bin/mailroomctl", "settings", "set", f"{page}.{key}=-", stdin=json.dumps(items)
            )


def main() -> dict[str, Any]:
    """{"apply_ms": {what: [p50, p95]}, "revision_kb", "kept"}."""
    with office(NUMBER, "7") as server:
        desktop = Desktop(server)
        times = {"without lists": applied(desktop, server, "max_hops", list(range(60, 60 + APPLIES)))}
        fill(server)
        before = size_kb(server)
        times["with 10,000 rules, 5,000 aliases"] = applied(desktop, server, "max_hops", list(range(90, 90 + APPLIES)))
        grown = (size_kb(server) - before) / APPLIES
    middle_most = {
        what: (round(statistics.median(found)), round(measuring.percentile(found, 95))) for what, found in times.items()
    }
    budgets = [
        Budget("Apply beside big lists, p95", middle_most["with 10,000 rules, 5,000 aliases"][1], APPLY_MS, "ms"),
        Budget("one revision more", round(grown, 1), REVISION_KB, "KB"),
    ]
    rows = [(what, *both) for what, both in middle_most.items()]
    measuring.report("An Apply of one setting (ms)", ("", "p50", "p95"), rows, budgets)
    return {
        "apply_ms": middle_most,
        "revision_kb": round(grown, 1),
        "kept": all(budget.kept for budget in budgets),
    }


if __name__ == "__main__":
    main()
