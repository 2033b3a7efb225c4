"""Scanners that are down, hung or talk nonsense: mail waits, or passes marked, and the window can say so."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from mail_chain import DECENT, Chain
from mailroom.flows.message import explain
from mailroom.monitor.antivirus import definitions

SPAM, ANTIVIRUS = "security.spam", "security.antivirus"
SCANNERS = {"clamd": "clamav/clamd.sock", "spamd": "spamd/spamd.sock"}
MAIL = DECENT.encode() + b"Message-ID: <x@out.example>\r\nSubject: x\r\n\r\n%s\r\n"


@pytest.fixture(scope="module")
def chain(start: Any) -> Chain:
    found: Chain = start("clamd", "spamd", "filter", "postfix")
    return found


def send(chain: Chain, name: str) -> tuple[int, str]:
    return chain.send(MAIL % name.encode(), sender=f"{name}@out.example")


@contextmanager
def choice(chain: Chain, when_down: str) -> Iterator[None]:
    """The admin's choice for both scanners, for a while."""
    chain.restart("filter", {SPAM: {"when_down": when_down}, ANTIVIRUS: {"when_down": when_down}})
    try:
        yield
    finally:
        chain.restart("filter", {SPAM: {"when_down": "wait"}, ANTIVIRUS: {"when_down": "wait"}})


@pytest.mark.parametrize("name", SCANNERS)
def test_mail_waits_while_a_scanner_is_down_and_the_condition_goes_when_it_is_back(chain: Chain, name: str) -> None:
    chain.stop(name)
    assert send(chain, f"{name}-down")[0] == 451
    record = chain.record(f"{name}-down")
    assert record["verdict"] == "tempfail" and "If the engine does not answer" in " ".join(explain(record))
    shown = chain.conditions()[name]
    assert "cannot be reached" in shown["title"] and "waits" in shown["text"] and shown["next"] and shown["since"]
    chain.run_all(name)
    # Also when no mail comes meanwhile.
    chain.until(lambda: name not in chain.conditions())
    assert send(chain, f"{name}-back")[0] == 250
    chain.sink.holding(f"{name}-back".encode())


def test_mail_passes_marked_when_the_admin_chose_that(chain: Chain) -> None:
    with choice(chain, "pass"):
        chain.stop("clamd")
        chain.stop("spamd")
        assert send(chain, "unscanned")[0] == 250
        assert b"\r\nX-Mailroom-Unscanned: clamav, spamassassin\r\n" in chain.sink.holding(b"unscanned").content
        record = chain.record("unscanned")
        assert record["verdict"] == "deliver" and "unscanned" in " ".join(explain(record))
        assert "delivered unchecked" in chain.conditions()["clamd"]["text"]
        chain.run_all("clamd", "spamd")


def test_hung_scanners_are_given_up_within_30_s(chain: Chain) -> None:
    """One message for each way, at the same time: two workers, and more mail than one waits for."""
    for name in SCANNERS:
        chain.signal_all(name, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with ThreadPoolExecutor(40) as senders:
            replies = list(senders.map(lambda number: send(chain, f"hung-{number}"), range(40)))
        assert time.monotonic() - started < 30
        assert {code for code, _ in replies} == {451}
        assert "did not answer within" in chain.conditions()["clamd"]["title"]
        records = chain.journal("hung-")
        assert len(records) == 40 and {record["verdict"] for record in records} == {"tempfail"}
        with choice(chain, "pass"):
            assert send(chain, "hung-pass")[0] == 250
            assert b"X-Mailroom-Unscanned: clamav, spamassassin" in chain.sink.holding(b"hung-pass").content
    finally:
        for name in SCANNERS:
            chain.signal_all(name, signal.SIGCONT)
    chain.until(lambda: not chain.conditions())
    assert send(chain, "awake")[0] == 250


NONSENSE = (
    b"",
    b"\0",
    b"stream: what ERROR\0",
    b"SPAMD/1.1 0 EX_OK\r\n\r\n",
    b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; x / y\r\n\r\n",
    b"A" * 1_000_000,
)


@contextmanager
def babbling(real: Path) -> Iterator[list[bytes]]:
    """Something else in a scanner's place: it says the last of the yielded list to whoever comes."""
    aside = real.with_suffix(".aside")
    real.rename(aside)
    says = [b""]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(real))
        real.chmod(0o666)
        listener.listen()

        def babble() -> None:
            with suppress(OSError):
                while True:
                    link, _ = listener.accept()
                    with link, suppress(OSError):
                        link.recv(65536)
                        link.sendall(says[-1])

        thread = threading.Thread(target=babble)
        thread.start()
        try:
            yield says
        finally:
            aside.replace(real)
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("name", SCANNERS)
def test_a_scanner_that_talks_nonsense_counts_as_down(chain: Chain, name: str) -> None:
    with babbling(chain.run_folder / SCANNERS[name]) as says:
        for number, said in enumerate(NONSENSE):
            says.append(said)
            assert send(chain, f"{name}-nonsense{number}")[0] == 451, said[:20]
            assert chain.record(f"{name}-nonsense{number}")["verdict"] == "tempfail"
        assert name in chain.conditions()
    chain.until(lambda: name not in chain.conditions())


def test_absent_definitions_are_a_state_that_is_seen(chain: Chain) -> None:
    """Row AV02: our own signature alone does not count as definitions."""
    assert (chain.data_seen / "clamav" / "mailroom.ndb").exists()
    assert definitions(chain.data_seen / "clamav")["state"] == "absent"
