"""What our filter adds to bare Postfix -> LMTP, scanners off: processor time and latency of 10 KB messages.

One session; both chains run at the same time and are measured in turns; the medians of the rounds are compared.
Budget (design): at most 4 ms of processor time and 8 ms of latency a message.
"""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import measuring
from mail_chain import Chain
from measuring import Budget
from own_room import bundle

ROUNDS, MESSAGES, WARM_UP = 7, 150, 30
CPU_BUDGET_MS, LATENCY_BUDGET_MS = 4.0, 8.0
OFF = {"security.spam": {"enabled": False}, "security.antivirus": {"enabled": False}}
LINE = b"The quick brown fox jumps over the lazy dog, number %06d of them all.\r\n"


def message(number: int) -> bytes:
    """10 KB, each one different."""
    head = b"From: bob@out.example\r\nTo: alice@example.com\r\nSubject: %d\r\nMessage-ID: <%d@out.example>\r\n\r\n"
    return (head % (number, number) + b"".join(LINE % (number + n) for n in range(150)))[:10240]


def start(filtered: bool) -> Chain:
    """A chain with our filter, or with none."""
    root = bundle()
    measuring.needs(root)
    assert root is not None
    chain = Chain(root, OFF)
    chain.maps(recipients={"alice@example.com": "OK"})
    if filtered:
        chain.run_all("filter", "postfix")
    else:
        chain.postconf("smtpd_milters =")
        chain.run_all("postfix")
    return chain


def measure(chain: Chain, count: int) -> tuple[float, float]:
    """(processor milliseconds a message, median latency in milliseconds) of one session with `count` messages."""
    before, taken, latencies = chain.cpu_ms(), len(chain.sink.taken), []
    with chain.smtp() as client:
        client.ehlo()
        for number in range(count):
            content, started = message(number), time.perf_counter()
            client.mail("bob@out.example")
            client.rcpt("alice@example.com")
            code, text = client.data(content)
            latencies.append((time.perf_counter() - started) * 1000)
            assert code == 250, text
    chain.sink.wait(lambda found: len(found) >= taken + count)
    return (chain.cpu_ms() - before) / count, statistics.median(latencies)


def main() -> dict[str, Any]:
    """Measured values, in milliseconds a message."""
    chains: dict[str, Chain] = {}
    try:
        chains = {"bare": start(False), "filter": start(True)}
        rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in chains}
        for chain in chains.values():
            measure(chain, WARM_UP)
        for _ in range(ROUNDS):
            for name, chain in chains.items():
                rounds[name].append(measure(chain, MESSAGES))
    finally:
        for chain in chains.values():
            chain.end()
    cpu, latency = (
        {name: statistics.median(one[n] for one in found) for name, found in rounds.items()} for n in (0, 1)
    )
    budgets = [
        Budget("added processor time", round(cpu["filter"] - cpu["bare"], 2), CPU_BUDGET_MS, "ms a message"),
        Budget("added latency", round(latency["filter"] - latency["bare"], 2), LATENCY_BUDGET_MS, "ms a message"),
    ]
    rows: list[tuple[str, str, str]] = [(name, f"{cpu[name]:.2f}", f"{latency[name]:.2f}") for name in chains]
    ratios = {
        name: round(values["filter"] / values["bare"], 2) for name, values in (("cpu", cpu), ("latency", latency))
    }
    rows.append(("filter over bare", f"{ratios['cpu']:.2f}x", f"{ratios['latency']:.2f}x"))
    measuring.report("Filter, scanners off, one session", ("chain", "CPU ms", "latency ms"), rows, budgets)
    return {
        "cpu_ms": {name: round(value, 2) for name, value in cpu.items()},
        "latency_ms": {name: round(value, 2) for name, value in latency.items()},
        "added_cpu_ms": budgets[0].value,
        "added_latency_ms": budgets[1].value,
        "ratios": ratios,
        "kept": all(budget.kept for budget in budgets),
    }


if __name__ == "__main__":
    print(json.dumps({"filter_overhead": main()}, indent=1))
