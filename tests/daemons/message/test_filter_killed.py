"""The filter's processes killed in the middle of messages: the sender comes back, nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import smtplib
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mail_chain import DECENT, Chain

MAIL = DECENT + "Message-ID: <{0}@out.example>\r\nSubject: x\r\n\r\nbody of {0}.\r\n"


@pytest.fixture(scope="module")
def chain(start: Any) -> Chain:
    found: Chain = start("clamd", "filter", "postfix", settings={"security.spam": {"enabled": False}})
    return found


def send(chain: Chain, name: str) -> tuple[int, str]:
    return chain.send(MAIL.format(name).encode(), sender=f"{name}@out.example")


def workers(chain: Chain) -> list[int]:
    return chain.tree("filter")[1:]


def in_the_middle(chain: Chain, name: str, senders: ThreadPoolExecutor) -> Future[tuple[int, str]]:
    """A message that waits for a hung clamd."""
    chain.signal_all("clamd", signal.SIGSTOP)
    sending = senders.submit(send, chain, name)
    chain.until(lambda: waiting_for_clamd(chain))
    return sending


def waiting_for_clamd(chain: Chain) -> bool:
    """Whether somebody is connected to clamd's socket (unix(7), the state CONNECTING or CONNECTED)."""
    lines = Path(f"/proc/{chain.inside}/net/unix").read_text().splitlines()
    return any(line.endswith("/run/clamav/clamd.sock") and line.split()[5] != "01" for line in lines)


def test_killed_workers_are_replaced_and_the_sender_is_told_to_come_back(chain: Chain) -> None:
    parent, before = chain.pid("filter"), workers(chain)
    with ThreadPoolExecutor(1) as senders:
        sending = in_the_middle(chain, "killed", senders)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        code, _ = sending.result(30)
    chain.signal_all("clamd", signal.SIGCONT)
    assert code == 451
    chain.until(lambda: len(workers(chain)) == len(before) and not set(workers(chain)) & set(before))
    assert chain.pid("filter") == parent
    assert send(chain, "killed")[0] == 250
    chain.sink.holding(b"body of killed.")
    assert sum(b"body of killed." in one.content for one in chain.sink.taken) == 1


def test_an_ordered_end_finishes_the_message_under_way(chain: Chain) -> None:
    with ThreadPoolExecutor(1) as senders:
        sending = in_the_middle(chain, "ordered", senders)
        chain.signal("filter", signal.SIGTERM)
        chain.signal_all("clamd", signal.SIGCONT)
        assert sending.result(30)[0] == 250
    chain.started.pop("filter").wait(20)
    chain.run_all("filter")
    assert send(chain, "next")[0] == 250


def test_workers_end_with_their_parent_and_a_new_one_serves(chain: Chain) -> None:
    before = workers(chain)
    chain.stop("filter", signal.SIGKILL)
    chain.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))
    assert send(chain, "orphan")[0] == 451
    chain.run_all("filter")
    assert send(chain, "orphan")[0] == 250


def test_new_rules_are_taken_without_a_restart_and_broken_ones_are_not(chain: Chain) -> None:
    before, asked = workers(chain), {"security.antivirus": {"enabled": False}}

    def checks(name: str) -> list[str]:
        assert send(chain, name)[0] == 250
        return [check["check"] for check in chain.record(f"{name}@")["checks"]]

    try:
        chain.render(asked)
        chain.signal("filter", signal.SIGHUP)
        chain.until(lambda: "clamav" not in checks("rules"))
        rules = chain.data_seen / "conf" / "rev-1" / "filter" / "filter.json"
        rules.write_text("{")
        chain.signal("filter", signal.SIGHUP)
        chain.until(lambda: "keeping the former rules" in chain.log("filter"))
        assert "clamav" not in checks("broken")
    finally:
        chain.render({"security.antivirus": {"enabled": True}})
        chain.signal("filter", signal.SIGHUP)
    chain.until(lambda: "clamav" in checks("again"))
    assert workers(chain) == before


def test_a_hung_filter_is_given_up_within_30_s(chain: Chain) -> None:
    chain.signal_all("filter", signal.SIGSTOP)
    started = time.monotonic()
    try:
        assert send(chain, "stopped")[0] == 451
    finally:
        chain.signal_all("filter", signal.SIGCONT)
    assert time.monotonic() - started < 30
    assert send(chain, "stopped")[0] == 250


def test_nothing_is_lost_or_doubled_while_workers_are_killed(chain: Chain) -> None:
    names = [f"flow{number}" for number in range(120)]
    ended = threading.Event()

    def until_taken(name: str) -> int:
        for tries in range(1, 101):
            with suppress(smtplib.SMTPException, OSError):
                if send(chain, name)[0] == 250:
                    return tries
        raise AssertionError(f"{name} was never taken")

    def kill() -> int:
        count = 0
        while not ended.wait(0.15):
            for pid in workers(chain):
                os.kill(pid, signal.SIGKILL)
                count += 1
        return count

    with ThreadPoolExecutor(5) as threads:
        killing = threads.submit(kill)
        tries = list(threads.map(until_taken, names))
        ended.set()
        assert killing.result() > 0
    assert max(tries) > 1, "no kill met a message"
    chain.sink.wait(lambda taken: {f"{name}@out.example" for name in names} <= {one.sender for one in taken})
    counted = [one.sender for one in chain.sink.taken if one.sender.startswith("flow")]
    assert len(counted) == len(names)
