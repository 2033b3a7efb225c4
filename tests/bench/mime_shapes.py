"""No leaf of a message is lost, for many more shapes than in the suite (decision 0037), and what reading one costs.

Generated MIME trees, in this process, without a server: each is arranged, cleaned and listed, as the portal does it.
"""

from __future__ import annotations

import time
from typing import Any

import measuring
import mime_trees
from mailroom.web.portal import reading
from mailroom.web.portal.imap import mailbox
from measuring import Budget
from mime_trees import Maker

SEEDS, EACH = range(20), 1_000
BUDGET_MS = 10.0


def main() -> dict[str, Any]:
    """{"lost": leaves of all seeds, "read_ms": processor time of one message, "kept"}."""
    sections: dict[str, bytes] = {}
    mailbox.whole_part = lambda link, uid, name, bytes_max: sections[name][:bytes_max]  # type: ignore[assignment]
    link: Any = None
    lost, taken = 0, 0.0
    for seed in SEEDS:
        maker = Maker(seed)
        for _ in range(EACH):
            tree = maker.tree()
            mime_trees.raw(tree)
            sections = mime_trees.sections(tree)
            message = reading.message(1, {b"BODYSTRUCTURE": mime_trees.structure(tree)})
            began = time.process_time()
            body, facts = reading.document(link, message, False, "light"), reading.view(link, message)
            taken += time.process_time() - began
            lost += len(mime_trees.lost(tree, body, facts))
    count = len(SEEDS) * EACH
    read_ms = round(taken / count * 1000, 2)
    budgets = [Budget("leaves lost", float(lost), 0.0, "leaves"), Budget("one message", read_ms, BUDGET_MS, "ms")]
    rows = [(str(count), str(lost), f"{read_ms}")]
    measuring.report("Messages of any shape", ("messages", "leaves lost", "read, ms each"), rows, budgets)
    return {"lost": lost, "read_ms": read_ms, "kept": all(budget.kept for budget in budgets)}


if __name__ == "__main__":
    main()
