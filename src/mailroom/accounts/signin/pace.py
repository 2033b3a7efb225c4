"""Equal time for every refusal, so that a stopwatch cannot tell which names exist."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

LEAST_S = 0.25
MOST_S = 2.0
REMEMBERED = 64
SHARE = 0.95
JITTER_S = 0.02


class Pace:
    """How long a refusal takes: as long as nearly all of the host's last real checks, never less than LEAST_S.

    A wrong password for a known name waits for the rest of that time after its check; an unknown or unusable name waits
    for all of it. So both end at the same moment, whatever the host's hash costs.
    """

    def __init__(self, jitter: Callable[[float, float], float] = random.uniform) -> None:
        self.jitter = jitter
        self.seen: deque[float] = deque(maxlen=REMEMBERED)

    def learn(self, took_s: float) -> None:
        """Remember how long the host took for one real check."""
        self.seen.append(took_s)

    def refusal_s(self) -> float:
        """How long the next refusal takes in all, from the question to the answer."""
        ordered = sorted(self.seen)
        usual = ordered[min(len(ordered) - 1, int(len(ordered) * SHARE))] if ordered else 0.0
        return min(MOST_S, max(LEAST_S, usual)) + self.jitter(0.0, JITTER_S)
