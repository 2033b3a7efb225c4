"""What our filter adds to bare Postfix -> LMTP, scanners off: processor time and latency of 10 KB messages.

One session; both chains run at the same time and are measured in turns; the medians of the rounds are compared.
Budget (design): at most 4 ms of processor time and 8 ms of latency a message.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

from mail_chain import Chain
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
    if root is None:
        sys.exit("needs root and a built bundle (./dev build)")
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
    return {
        "cpu_ms": {name: round(value, 2) for name, value in cpu.items()},
        "latency_ms": {name: round(value, 2) for name, value in latency.items()},
        "added_cpu_ms": round(cpu["filter"] - cpu["bare"], 2),
        "added_latency_ms": round(latency["filter"] - latency["bare"], 2),
        "cpu_ratio": round(cpu["filter"] / cpu["bare"], 2),
        "latency_ratio": round(latency["filter"] / latency["bare"], 2),
        "budget": {"added_cpu_ms": CPU_BUDGET_MS, "added_latency_ms": LATENCY_BUDGET_MS},
    }


if __name__ == "__main__":
    found = main()
    print(json.dumps({"filter_overhead": found}, indent=1))
    kept = found["added_cpu_ms"] <= CPU_BUDGET_MS and found["added_latency_ms"] <= LATENCY_BUDGET_MS
    sys.exit(0 if kept else 1)
