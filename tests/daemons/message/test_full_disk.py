"""A disk that is full, as a whole or where one part of ours writes: 4xx with its reason, and back without help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mail_chain import DECENT, Chain
from mailroom.flows.message import explain

EICAR = (Path(__file__).parents[2] / "samples" / "eicar.eml").read_bytes()
MAIL = DECENT.encode() + b"Message-ID: <x@out.example>\r\nSubject: x\r\n\r\n%s\r\n"
SETTINGS = {"mail_delivery.general": {"max_message_mb": 4}, "security.spam": {"enabled": False}}


@pytest.fixture(scope="module")
def chain(start: Any) -> Chain:
    """/data has 64 MB; the journal and the quarantine have small disks of their own in it."""
    found: Chain = start(settings=SETTINGS, data_size="64m")
    for folder, size, mode in (("records", "2m", "700"), ("quarantine", "1m", "700")):
        options = f"size={size},mode={mode},uid=880,gid=880"
        found.execute("mount", "-t", "tmpfs", "-o", options, folder, f"/data/{folder}")
    found.run_all("clamd", "filter", "postfix")
    return found


def send(chain: Chain, name: str, content: bytes = MAIL) -> tuple[int, str]:
    return chain.send(content.replace(b"%s", name.encode()), sender=f"{name}@out.example")


@contextmanager
def full(chain: Chain, folder: str, left_kb: int = 0) -> Iterator[None]:
    """Fill the disk under a folder, but for `left_kb`."""
    filling = f"cat /dev/zero >{folder}/fill 2>/dev/null; truncate -s -{left_kb}K {folder}/fill"
    chain.execute("sh", "-c", filling)
    try:
        yield
    finally:
        chain.execute("rm", f"{folder}/fill")


def test_a_full_volume_puts_mail_off_and_takes_it_again_when_there_is_room(chain: Chain) -> None:
    assert send(chain, "before")[0] == 250
    with full(chain, "/data", left_kb=1024):
        assert send(chain, "full") == (452, "4.3.1 Insufficient system storage")
        record = chain.record("full@")
        assert record["verdict"] == "tempfail" and "The disk answered: tempfail" in " ".join(explain(record))
        shown = chain.until(lambda: chain.conditions().get("disk-queue"))
        assert "full" in shown["title"] and "nothing is lost" in shown["text"]
    chain.until(lambda: "disk-queue" not in chain.conditions())
    assert send(chain, "room-again")[0] == 250
    chain.sink.holding(b"room-again")


def test_a_volume_without_a_single_byte_left_stops_no_process(chain: Chain) -> None:
    before = [chain.pid("postfix"), chain.pid("clamd"), *chain.tree("filter")]
    with full(chain, "/data"), full(chain, "/data/records"), full(chain, "/data/quarantine"):
        for number in range(5):
            assert send(chain, f"none{number}")[0] == 452
            assert send(chain, f"virus{number}", EICAR)[0] == 452
    assert [chain.pid("postfix"), chain.pid("clamd"), *chain.tree("filter")] == before
    assert send(chain, "all-well")[0] == 250
    chain.sink.holding(b"all-well")


def test_a_virus_that_the_quarantine_cannot_keep_is_put_off(chain: Chain) -> None:
    with full(chain, "/data/quarantine"):
        assert send(chain, "unkept", EICAR) == (452, "4.3.1 Insufficient system storage")
        assert chain.record("unkept@")["verdict"] == "tempfail"
        assert "quarantine" in chain.conditions()["disk-quarantine"]["title"]
        assert quarantined(chain) == []
    chain.until(lambda: "disk-quarantine" not in chain.conditions())
    assert send(chain, "kept", EICAR)[0] == 250
    assert chain.record("kept@")["id"] in quarantined(chain)


def test_a_large_message_that_cannot_be_kept_for_judging_is_put_off(chain: Chain) -> None:
    large = MAIL + b"x" * 76 + (b"y" * 76 + b"\r\n") * 20_000
    with full(chain, "/data/quarantine"):
        assert send(chain, "large", large)[0] == 452
        assert "could not be kept: No space left" in " ".join(explain(chain.record("large@")))


def test_without_its_journal_nothing_is_taken_and_nothing_stays_behind(chain: Chain) -> None:
    before = quarantined(chain)
    with full(chain, "/data/records"):
        # The write-ahead log may have room for one more: what counts is that whoever is taken is written down.
        replies = [send(chain, f"journal{number}")[0] for number in range(20)]
        assert replies[-1] == 451 and set(replies) <= {250, 451}
        assert send(chain, "journalvirus", EICAR)[0] == 451
        assert quarantined(chain) == before
        assert "journal" in chain.conditions()["disk-journal"]["title"]
    chain.until(lambda: "disk-journal" not in chain.conditions())
    assert send(chain, "written-again")[0] == 250
    written = {record["sender"] for record in chain.journal("journal")}
    assert {f"journal{number}@out.example" for number, code in enumerate(replies) if code == 250} <= written
    chain.sink.holding(b"written-again")
    taken = {one.sender for one in chain.sink.taken}
    assert not {f"journal{number}@out.example" for number, code in enumerate(replies) if code != 250} & taken


def quarantined(chain: Chain) -> list[str]:
    """Ids of what is kept."""
    found = chain.execute("find", "/data/quarantine", "-name", "*.eml", "-printf", "%f\n").split()
    return sorted(name.removesuffix(".eml") for name in found)
