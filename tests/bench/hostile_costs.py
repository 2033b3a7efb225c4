"""What strangers' bytes cost: each parser with its worst inputs of 1 KB, 10 KB, 100 KB and 1 MB.

Fails where processor time grows faster than the bytes, where more comes out or is kept in memory than is allowed, and
where one read holds the interpreter, or the mail filter's event loop, for more than 50 ms.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import hostile
from growth import FLOOR_S, TOLERANCE, cost_s
from hostile import Parser

SIZES = (1_000, 10_000, 100_000, 1_000_000)
FIXED_BYTES = 64 * 1024
# Beside what is allowed for each byte: what an interpreter takes at a time.
MEMORY_FIXED_BYTES = 48 * 1024 * 1024
MEMORY_EACH = 100
HELD_MAX_S = 0.05
# For twice the bytes; a quadratic cost has 2.
SETTLED = 1.5
BEAT_S = 0.001
# Read in the filter's event loop: there the whole read holds up other mail. Threads only share the interpreter.
IN_LOOP = ("mailroom.filtering.",)
PEAK = Path("/proc/self/status")


@dataclass
class Worst:
    """The worst of a parser at its largest size, and what is wrong."""

    cost_s: float = 0.0
    held_s: float = 0.0
    name: str = ""


def peak_bytes() -> int:
    line = next(line for line in PEAK.read_text().split("\n") if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def held_s(parser: Parser, content: bytes) -> float:
    """The longest that one read keeps all other threads from running: processor time of this one between two beats."""
    clock = time.pthread_getcpuclockid(threading.get_ident())
    beats: list[float] = []
    done = threading.Event()

    def beat() -> None:
        while not done.is_set():
            beats.append(time.clock_gettime(clock))
            time.sleep(BEAT_S)

    beating = threading.Thread(target=beat)
    beating.start()
    parser.read(content)
    beats.append(time.clock_gettime(clock))
    done.set()
    beating.join()
    return max((later - earlier for earlier, later in pairwise(beats)), default=0.0)


def settles(parser: Parser, make: Callable[[int], bytes], size: int, cost: float) -> bool:
    """Whether the cost only jumped to another way of reading that is linear again: half the bytes cost about half."""
    return cost <= max(FLOOR_S, cost_s(parser.read, make(size // 2), 3) * 2 * SETTLED)


def held_at(parser: Parser, content: bytes, cost: float) -> float:
    """How long one read holds up others, where it may be too long; at most its whole cost."""
    if cost <= HELD_MAX_S:
        return cost if parser.module.startswith(IN_LOOP) else 0.0
    if parser.turns:
        return min(hostile.loop_held_s(parser, content) for _ in range(3))
    if parser.module.startswith(IN_LOOP):
        return cost
    return min(held_s(parser, content) for _ in range(3))


def measure(parser: Parser) -> tuple[Worst, list[str]]:
    worst, faults = Worst(), []
    sizes = sorted({min(size, parser.bytes_max) for size in SIZES})
    for name, make in parser.inputs():
        costs: dict[int, float] = {}
        for size in sizes:
            costs[size] = cost_s(parser.read, make(size))
            if costs[size] > FLOOR_S:
                costs[size] = min(costs[size], cost_s(parser.read, make(size)))
        for small, large in pairwise(sizes):
            allowed = max(FLOOR_S, max(costs[small], FLOOR_S / 10) * large / small * TOLERANCE)
            if costs[large] > allowed and not settles(parser, make, large, costs[large]):
                faults.append(
                    f"{name}: {costs[small] * 1000:.1f} ms for {small}, {costs[large] * 1000:.1f} ms for {large}"
                )
        content = make(sizes[-1])
        Path("/proc/self/clear_refs").write_text("5")
        before = peak_bytes()
        came_out = hostile.out_bytes(parser.read(content))
        kept = peak_bytes() - before
        if came_out > parser.grows * len(content) + FIXED_BYTES:
            faults.append(f"{name}: {came_out} bytes come out for {len(content)}")
        if kept > MEMORY_EACH * len(content) + MEMORY_FIXED_BYTES:
            faults.append(f"{name}: {kept // 1024**2} MB of memory for {len(content)} bytes")
        held = held_at(parser, content, costs[sizes[-1]])
        if held > parser.held_s:
            faults.append(f"{name}: holds for {held * 1000:.0f} ms")
        if costs[sizes[-1]] > worst.cost_s:
            worst = Worst(costs[sizes[-1]], held, name)
    return worst, faults


def main() -> int:
    failed = 0
    for parser in hostile.parsers():
        if len(sys.argv) > 1 and not any(word in f"{parser.module}.{parser.name}" for word in sys.argv[1:]):
            continue
        worst, faults = measure(parser)
        failed += bool(faults)
        print(
            json.dumps(
                {
                    "parser": f"{parser.module.removeprefix('mailroom.')}.{parser.name}",
                    "worst_ms": round(worst.cost_s * 1000, 1),
                    "held_ms": round(worst.held_s * 1000, 1),
                    "input": worst.name,
                    "faults": faults[:5],
                },
                ensure_ascii=False,
            ),
            flush=True,
        )
    print("FAILED" if failed else "all bounded")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
