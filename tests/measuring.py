"""What all benchmarks share: 10 KB messages, several sessions at once, and a small table with each budget."""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from mail_chain import Chain

WORDS = ("order", "invoice", "meeting", "please", "regards", "report", "customer", "question", "answer", "office",
         "printer", "holiday", "project", "budget", "plan", "the", "of", "to", "and", "for", "with")  # fmt: skip
BASE64_LINE_BYTES = 57


@dataclass(frozen=True)
class Budget:
    """One line of the design's table. limit: in the value's own unit. at_least: more is better."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the value is within the budget."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        """For people."""
        sign, verdict = ("≥" if self.at_least else "≤"), ("ok" if self.kept else "OVER")
        return f"{self.name}: {self.value:g} {self.unit} (budget {sign} {self.limit:g}): {verdict}"


def report(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], budgets: Sequence[Budget]) -> None:
    """Print the table, the budgets and how busy the machine was meanwhile."""
    lines = [tuple(map(str, row)) for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{title}")
    for first, *others in lines:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        print("  " + "  ".join(cells))
    for budget in budgets:
        print(f"  {budget.line()}")
    print(f"  load of the machine at the end: {load()} on {os.cpu_count()} processors", flush=True)


def load() -> str:
    """Load averages over 1, 5 and 15 minutes."""
    return " ".join(f"{average:.1f}" for average in os.getloadavg())


def needs(there: object) -> None:
    """End with status 1 when there is nothing to measure on."""
    if there is None:
        sys.exit("needs root and a built bundle (./dev build)")


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which this share lies; of two or more values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def multipart(number: int) -> bytes:
    """10 KB: text, the same in HTML, 3 KB attached. No two numbers give the same."""
    chance = random.Random(number)
    lines = [" ".join(chance.choices(WORDS, k=11)) for _ in range(34)]
    text = "\r\n".join(lines)
    html = "<html><body>" + "\r\n".join(f"<p>{line}</p>" for line in lines) + "</body></html>"
    attached = "\r\n".join(
        b64encode(chance.randbytes(BASE64_LINE_BYTES)).decode() for _ in range(3 * 1024 // BASE64_LINE_BYTES)
    )
    return (
        f"From: Bob <bob@out.example>\r\nTo: alice@example.com\r\nSubject: {lines[0][:50]} {number}\r\n"
        f"Date: {formatdate()}\r\nMessage-ID: <{number}.bench@out.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="outer"\r\n\r\n'
        '--outer\r\nContent-Type: multipart/alternative; boundary="inner"\r\n\r\n'
        f"--inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--inner\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--inner--\r\n"
        "--outer\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="data{number}.bin"\r\n\r\n{attached}\r\n--outer--\r\n'
    ).encode()


@dataclass(frozen=True)
class Round:
    """messages a second until the last has arrived; processor milliseconds a message of everything in the chain."""

    per_second: float
    cpu_ms: float


def send_many(chain: Chain, numbers: Sequence[int], sessions: int, limit_s: float = 600.0) -> Round:
    """Send these messages over so many sessions at once, each its share, and wait until all have arrived."""

    def session(share: Sequence[int]) -> None:
        with chain.smtp(timeout_s=limit_s) as client:
            client.ehlo()
            for number in share:
                client.mail("bob@out.example")
                client.rcpt("alice@example.com")
                code, text = client.data(multipart(number))
                if code != 250:
                    raise RuntimeError(f"message {number}: {code} {text!r}")

    cpu, taken, started = chain.cpu_ms(), len(chain.sink.taken), time.perf_counter()
    with ThreadPoolExecutor(sessions) as pool:
        list(pool.map(session, [numbers[first::sessions] for first in range(sessions)]))
    chain.sink.wait(lambda found: len(found) >= taken + len(numbers), limit_s)
    seconds = time.perf_counter() - started
    return Round(len(numbers) / seconds, (chain.cpu_ms() - cpu) / len(numbers))


def in_turns(chains: dict[str, Chain], measure: Callable[[Chain], Round], rounds: int) -> dict[str, list[Round]]:
    """Measure each chain once in every round, every other round backwards: what disturbs the machine disturbs all."""
    found: dict[str, list[Round]] = {name: [] for name in chains}
    for number in range(rounds):
        order = list(chains) if number % 2 == 0 else list(chains)[::-1]
        for name in order:
            found[name].append(measure(chains[name]))
    return found
