"""Our whole chain against what others put behind Postfix, with the same scanners and rules, in turns in one run.

SpamAssassin and clamd: against amavisd-new (budget: at least 1.5 times its throughput). Rspamd and clamd: against
Rspamd's own milter and clamav-milter (budget: at least their throughput). Local tests only: no name is looked up.
"""

from __future__ import annotations

import itertools
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import measuring
import peers
from mail_chain import Chain
from measuring import Budget, Round

SESSIONS = 8
ROUNDS = 5
SPAMASSASSIN = {"security.spam": {"engine": "spamassassin"}}
RSPAMD = {"security.spam": {"engine": "rspamd"}}
NUMBERS = itertools.count(1)
Start = Callable[[Path], Chain]


class LocalTests(Chain):
    """Ours, with spamd told to look up no names, as amavisd-new is told."""

    def _argv(self, name: str) -> tuple[str, ...]:
        return (*super()._argv(name), *(("--local",) if name == "spamd" else ()))


def ours(settings: dict[str, Any], *daemons: str) -> Start:
    """How to start our chain."""

    def start(roots: Path) -> Chain:
        chain = LocalTests(roots, settings)
        chain.run_all(*daemons)
        return chain

    return start


# What is compared: our chain, the others', messages in each turn, and the least ratio of throughputs.
CONTESTS: tuple[tuple[str, dict[str, Start], int, float], ...] = (
    (
        "SpamAssassin + clamd",
        {
            "ours": ours(SPAMASSASSIN, "clamd", "spamd", "filter", "postfix"),
            "amavisd-new": lambda roots: peers.amavis(roots, ("clamd",), SPAMASSASSIN),
        },
        48,
        1.5,
    ),
    (
        "Rspamd + clamd",
        {
            "ours": ours(RSPAMD, "clamd", "rspamd", "filter", "postfix"),
            "two milters": lambda roots: peers.two_milters(roots, ("clamd",), RSPAMD),
        },
        400,
        1.0,
    ),
)


def measure(chain: Chain, count: int) -> Round:
    """One turn, with messages that nobody has seen before."""
    return measuring.send_many(chain, list(itertools.islice(NUMBERS, count)), SESSIONS)


def contest(roots: Path, starts: dict[str, Start], count: int) -> dict[str, list[Round]]:
    """Start all, warm them up, and measure them in turns."""
    chains: dict[str, Chain] = {}
    try:
        for name, start in starts.items():
            chains[name] = start(roots)
            chains[name].maps(recipients={"alice@example.com": "OK"})
        for chain in chains.values():
            measure(chain, max(count // 3, SESSIONS))
        return measuring.in_turns(chains, lambda chain: measure(chain, count), ROUNDS)
    finally:
        for chain in chains.values():
            chain.end()


def main() -> dict[str, Any]:
    """{contest: {chain: {per_second, cpu_ms}, ..., throughput_ratio, cpu_ratio}}; medians of the rounds."""
    roots = peers.root()
    measuring.needs(roots)
    assert roots is not None
    results: dict[str, Any] = {}
    for title, starts, count, least in CONTESTS:
        rounds = contest(roots, starts, count)
        name, other = starts
        speed = {one: statistics.median(round.per_second for round in rounds[one]) for one in starts}
        cpu = {one: statistics.median(round.cpu_ms for round in rounds[one]) for one in starts}
        # Each round's two turns met the same neighbours; the median of their ratios is steadier than that of medians.
        pairs = list(zip(rounds[name], rounds[other], strict=True))
        faster = round(statistics.median(us.per_second / them.per_second for us, them in pairs), 2)
        cheaper = round(statistics.median(them.cpu_ms / us.cpu_ms for us, them in pairs), 2)
        budget = Budget(f"throughput against {other}", faster, least, "times", at_least=True)
        rows = [(one, f"{speed[one]:.1f}", f"{cpu[one]:.1f}") for one in starts]
        rows.append((f"ours is better by (medians of {ROUNDS} rounds)", f"{faster:.2f}x", f"{cheaper:.2f}x"))
        measuring.report(f"{title}, {SESSIONS} sessions", ("chain", "messages/s", "CPU ms/message"), rows, [budget])
        results[title] = {
            **{one: {"per_second": round(speed[one], 1), "cpu_ms": round(cpu[one], 1)} for one in starts},
            "throughput_ratio": faster,
            "cpu_ratio": cheaper,
            "kept": budget.kept,
        }
    return results


if __name__ == "__main__":
    print(json.dumps({"whole_chain": main()}, indent=1))
