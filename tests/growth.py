"""How the cost of reading something grows with its size, by processor time; the machine's other work does not count."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

# Below this a difference may be noise, and nobody is held up.
FLOOR_S = 0.02
# Twice what the size grows by: noise and a little more than linear, far from quadratic.
TOLERANCE = 2.0


@dataclass(frozen=True)
class Growth:
    """seconds: processor time for the smaller and the larger input; factor: how much larger that is."""

    small_s: float
    large_s: float
    factor: float

    @property
    def is_linear(self) -> bool:
        """Whether the cost grew as the size, or is too little to matter."""
        return self.large_s < FLOOR_S or self.large_s <= self.small_s * self.factor * TOLERANCE

    def __str__(self) -> str:
        return f"{self.small_s * 1000:.1f} ms -> {self.large_s * 1000:.1f} ms for {self.factor:.0f} times the bytes"


def cost_s(run: Callable[[bytes], object], content: bytes, rounds: int = 1) -> float:
    """Processor seconds of this thread for one run, the least of some rounds."""
    found = []
    # Collecting what other tests have left would count, too.
    gc.disable()
    try:
        for _ in range(rounds):
            began = time.thread_time()
            run(content)
            found.append(time.thread_time() - began)
    finally:
        gc.enable()
    return min(found)


def growth(run: Callable[[bytes], object], make: Callable[[int], bytes], small: int, large: int) -> Growth:
    """What `run` costs for inputs of about `small` and `large` bytes. make: an input of about so many bytes."""
    run(make(64))
    cost = cost_s(run, make(large))
    if cost < FLOOR_S:
        return Growth(0.0, cost, large / small)
    # Once more where it matters: a first run may have paid for others.
    return Growth(cost_s(run, make(small), 3), min(cost, cost_s(run, make(large))), large / small)
