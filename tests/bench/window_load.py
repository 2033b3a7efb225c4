"""How the window answers while 20 administrators look, and the backend's memory after a day of an office of 500.

Each administrator has an event stream through DSM's desktop and the relay, and opens one page of the window after the
other, a few seconds apart. Meanwhile a day passes in two minutes: an office with 500 accounts, 40 messages each, and as
many again and a half refused (journal records), 5,000 events (sign-ins that failed, syncs, changes of settings and
accounts). Both are written through the real stores, and every stream is told of every event.

Budgets (design): an answer p95 at most 50 ms, on the window's socket, which is ours alone, and through the relay; all
of ours together at most 150 MB, also after such a day and with everybody looking.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from api_latency import ask_socket, journal, middle_and_most, timed, window_socket
from idle_memory import OURS, families, pss_mb

import measuring
from desktop import RELAY, Desktop
from measuring import Budget
from office import Office, office, until
from own_room import bundle

NUMBER = 44
LOOKING, BETWEEN_S = 20, 6.0
ACCOUNTS, MESSAGES, REFUSED, EVENTS = 500, 20_000, 30_000, 5_000
HOURS, DAY_TAKES_S = 10, 120.0
SETTLED_S = 15.0
ANSWER_MS, OURS_MB = 50.0, 150.0
# What each page of the window asks for when it is opened.
PAGES = {
    "Server List": ("api/overview", "api/machine/history"),
    "a settings page": ("api/settings/mail_delivery.general", "api/settings/fields"),
    "Account > User": ("api/accounts?limit=100", "api/sync"),
    "Auditing": ("api/messages?limit=100",),
    "License": ("api/licences",),
}
# Inside the instance, with its own store: a record that was really written, again and again.
DAY = """
import os, sys, time
from mailroom.core import paths
from mailroom.core.line_socket import ask
from mailroom.filtering.ids import new_id
from mailroom.store.journal import JournalStore
messages, refused, events, seconds = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
os.umask(0o007)
store = JournalStore()
record = store.get(store.find("", 0, 1)[1][0]["id"])
total, told, started = messages + refused, 0, time.monotonic()
for number in range(total):
    verdict = "deliver" if number % 5 < 2 else "reject"
    store.add({**record, "id": new_id(), "time": time.time(), "queue_id": f"4B{number}", "verdict": verdict,
               "sender": f"sender{number % 997}@partner{number % 89}.example"})
    while told < events * (number + 1) // total:
        told += 1
        ask(paths.JOB_SOCKET, {"op": "events.add", "kind": ("signin", "sync", "accounts", "settings")[told % 4],
                               "text": f"Event {told} of the day.", "who": "bench", "where": "192.0.2.9"})
    ahead = started + seconds * (number + 1) / total - time.monotonic()
    if ahead > 0.05:
        time.sleep(ahead)
print(told, time.monotonic() - started)
"""


class Looker:
    """One administrator: a stream that is read to its end, and pages that are opened."""

    def __init__(self, nas: Office, number: int) -> None:
        self.desktop, self.chance = Desktop(nas), random.Random(number)
        self.heard = {"change": 0, "sample": 0}
        self.times: dict[str, list[float]] = {}
        self.done = threading.Event()
        self.link = http.client.HTTPConnection("127.0.0.1", nas.web_port, timeout=60)

    def listen(self) -> None:
        """Count events until done. Raises RuntimeError when the stream is refused."""
        known = {"Cookie": self.desktop.cookie, "X-SYNO-TOKEN": self.desktop.token}
        self.link.request("GET", f"{RELAY}/api/events", headers=known)
        answer = self.link.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"stream: {answer.status}")
        while not self.done.is_set() and (line := answer.readline()):
            name = line.decode().partition("event: ")[2].strip()
            if name in self.heard:
                self.heard[name] += 1

    def open_pages(self) -> None:
        """One after the other until done."""
        while not self.done.wait(self.chance.uniform(0.5, 1.5) * BETWEEN_S):
            for path in self.chance.choice(list(PAGES.values())):
                self.times.setdefault(path, []).extend(timed(partial(self.desktop.get, path)))


@contextmanager
def looking(nas: Office) -> Iterator[list[Looker]]:
    """All administrators, with their streams open."""
    lookers = [Looker(nas, number) for number in range(LOOKING)]
    with ThreadPoolExecutor(2 * LOOKING) as pool:
        work = [pool.submit(one.listen) for one in lookers]
        try:
            until(lambda: all(one.heard["sample"] for one in lookers), 60, "every stream tells samples")
            work += [pool.submit(one.open_pages) for one in lookers]
            yield lookers
        finally:
            for one in lookers:
                one.done.set()
    for each in work:
        each.result()


def socket_times(nas: Office, stop: threading.Event) -> dict[str, list[float]]:
    """The same questions on the window's socket, one at a time, until `stop`."""
    file = window_socket(nas)
    times: dict[str, list[float]] = {path: [] for paths in PAGES.values() for path in paths}
    while not stop.is_set():
        for path, found in times.items():
            found += timed(partial(ask_socket, file, path))
            stop.wait(0.2)
    return times


def day(nas: Office) -> tuple[int, float]:
    """Let the day pass, hour by hour. (events written, seconds it took)."""
    known = "PYTHONPATH=/opt/mailroom/app:/opt/mailroom/lib"
    counts = [str(count // HOURS) for count in (MESSAGES, REFUSED, EVENTS)]
    argv = ("env", known, "/usr/bin/python3.11", "-B", "-c", DAY, *counts, str(DAY_TAKES_S / HOURS))
    hours = [nas.inside(*argv).split() for _ in range(HOURS)]
    return sum(int(events) for events, _ in hours), sum(float(seconds) for _, seconds in hours)


def memory(nas: Office) -> dict[str, float]:
    """{family: PSS in MB} of ours. Each answer through the relay has a process that may end meanwhile: looked again."""

    def look() -> dict[str, float]:
        return {
            name: round(sum(pss_mb(pid) or 0.0 for pid in pids), 1)
            for name, pids in families(nas).items()
            if name in OURS
        }

    found: dict[str, float] = until(look, 60, "all of ours are measured")
    return found


def main() -> dict[str, Any]:
    """{"relay", "socket": {path: (p50, p95)}, "memory": {when: {family: MB}}, "heard", "kept"}."""
    measuring.needs(bundle())
    with office(NUMBER) as nas:
        journal(nas)
        before = memory(nas)
        stop = threading.Event()
        with ThreadPoolExecutor(1) as pool, looking(nas) as lookers:
            asked = pool.submit(socket_times, nas, stop)
            try:
                written, took_s = day(nas)
                time.sleep(SETTLED_S)
                meanwhile = memory(nas)
            finally:
                stop.set()
            on_socket = asked.result()
        time.sleep(SETTLED_S)
        after = memory(nas)
    relay: dict[str, list[float]] = {}
    for one in lookers:
        for path, times in one.times.items():
            relay.setdefault(path, []).extend(times)
    return told(relay, on_socket, {"before": before, "all look": meanwhile, "after": after}, lookers, written, took_s)


def p95(times: dict[str, list[float]]) -> float:
    """Over all questions together."""
    return middle_and_most([one for found in times.values() for one in found])[1]


def told(
    relay: dict[str, list[float]],
    on_socket: dict[str, list[float]],
    memories: dict[str, dict[str, float]],
    lookers: list[Looker],
    written: int,
    took_s: float,
) -> dict[str, Any]:
    """Print the tables; the facts."""
    sums = {when: round(sum(sizes.values()), 1) for when, sizes in memories.items()}
    budgets = [
        Budget("answer on the window's socket, p95", p95(on_socket), ANSWER_MS, "ms"),
        Budget("answer through the relay, p95", p95(relay), ANSWER_MS, "ms"),
        Budget("all of ours after the day, everybody looking", sums["all look"], OURS_MB, "MB"),
        Budget("all of ours after the day, nobody looking", sums["after"], OURS_MB, "MB"),
    ]
    rows: list[tuple[Any, ...]] = [
        (f"GET {path}", len(relay[path]), *middle_and_most(relay[path]), *middle_and_most(on_socket[path]))
        for path in on_socket
        if len(relay.get(path, [])) > 1
    ]
    heads = ("question (ms)", "asked", "p50", "p95", "socket p50", "p95")
    measuring.report(f"API while {LOOKING} administrators look", heads, rows, [])
    changes = [one.heard["change"] for one in lookers]
    day_told = (
        f"A day of {ACCOUNTS} accounts in {took_s:.0f} s: {MESSAGES + REFUSED} journal records, {written} events; "
        f"each stream told of {min(changes)} to {max(changes)} changes"
    )
    names = sorted({name for sizes in memories.values() for name in sizes})
    memory_rows: list[tuple[Any, ...]] = [
        (name, *(f"{sizes.get(name, 0.0):.1f}" for sizes in memories.values())) for name in names
    ]
    memory_rows.append(("all of ours", *(f"{size:.1f}" for size in sums.values())))
    measuring.report(day_told, ("PSS in MB", *memories), memory_rows, budgets)
    return {
        "relay": {path: middle_and_most(times) for path, times in relay.items() if len(times) > 1},
        "socket": {path: middle_and_most(times) for path, times in on_socket.items()},
        "memory": memories,
        "changes_told": [min(changes), max(changes)],
        "events": written,
        "kept": all(budget.kept for budget in budgets),
    }


if __name__ == "__main__":
    print(json.dumps({"window_load": main()}, indent=1))
