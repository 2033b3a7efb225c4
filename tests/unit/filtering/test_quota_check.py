"""What counts for a user's daily quota, and what the one who has used it up hears (rows DQ01, DQ02, DQ05)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_session import OFFER, Wire

from filter_rules import RULES
from mailroom.core import paths
from mailroom.core.filter_settings import DailyQuota
from mailroom.core.problems import Unavailable
from mailroom.filtering import pipeline
from mailroom.filtering.milter import packet
from mailroom.filtering.quota import Quota
from mailroom.store.usage import UsageStore

NOON = 1_790_000_000.0
OURS = frozenset({"example.com", "second.example"})


class Office(Wire):
    """A wire with a real table of usage, on which users send."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.now = NOON
        self.store = UsageStore(folder / "usage.sqlite")
        self.quota = Quota(self.store, lambda: self.now)
        self.allow()

    def allow(self, **limits: Any) -> None:
        self.rules = replace(RULES, domains=OURS, daily_quota=DailyQuota(**limits))

    def send(
        self, *recipients: str, login: str = "anna", body: bytes = b"hello\r\n", headers: tuple[bytes, ...] = ()
    ) -> bytes:
        """One message; the last of what Postfix is told."""
        packets = [
            OFFER,
            packet(b"D", b"Cj\0mail.example.com\0{daemon_name}\0submission\0"),
            packet(b"C", b"host.example\x004\x00\x19192.0.2.1\0"),
            packet(b"D", b"M{auth_authen}\0" + login.encode() + b"\0" if login else b"M"),
            packet(b"M", b"<anna@example.com>\0"),
            *(packet(b"R", f"<{one}>\0".encode()) for one in recipients or ("friend@out.example",)),
            packet(b"T"),
            packet(b"D", b"Ei\0QUEUE1\0"),
            *(packet(b"L", one + b"\0 x\0") for one in headers),
            *(packet(b"B", body[start : start + 65535]) for start in range(0, len(body), 65535)),
            packet(b"E"),
        ]
        return self.talk(*packets)[-1]

    def used(self) -> int:
        found = self.store.all(self.now).get("anna")
        return found.messages if found else 0


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(pipeline, "CONTENT", ())
    monkeypatch.setattr(paths, "QUARANTINE", tmp_path)
    made = Office(tmp_path)
    yield made
    made.store.database.close()


def test_counted_is_what_a_user_sends_to_others_once_for_each_message(office: Office) -> None:
    office.send("one@out.example", "two@else.example", "ben@example.com")
    assert office.used() == 1
    office.send("ben@example.com")
    office.send("ben@SECOND.example", "chloe")
    office.send(login="")
    assert office.used() == 1 and office.store.all(NOON).keys() == {"anna"}


def test_at_the_limit_the_next_one_is_refused_with_the_limit_and_the_time(office: Office) -> None:
    office.allow(limit_messages=True, messages=2)
    assert [office.send()[:1] for _ in range(2)] == [b"a", b"a"]
    refused = office.send()
    assert refused.startswith(b"y550 5.7.1 Your daily quota of 2 messages is used up; you can send again at 2026-")
    _, asked, verdict, changes = office.records[-1]
    assert verdict == "reject" and changes.final.startswith("550 5.7.1") and office.used() == 2
    assert asked[-1].check == "daily_quota" and asked[-1].answer.setting == "mail_delivery.daily_quota.messages"
    assert asked[-1].answer.detail.startswith("2 messages and 0.0 MB since 2026-")
    assert office.send("ben@example.com")[:1] == b"a", "mail to colleagues is not limited"
    office.now += 86_400
    assert office.send()[:1] == b"a" and office.used() == 1


def test_the_volume_counts_as_it_travels(office: Office) -> None:
    office.allow(limit_volume=True, volume_mb=1)
    office.rules = replace(office.rules, general=replace(office.rules.general, max_message_mb=9))
    half = b"x" * (600 * 1024)
    assert office.send(body=half)[:1] == b"a"
    assert office.send(body=half).startswith(
        b"y550 5.7.1 This message exceeds your daily traffic limit of 1 MB; it resets at 20"
    )
    assert office.send(body=half * 2).startswith(b"y552 5.3.4 This message alone is larger")
    assert office.send()[:1] == b"a" and office.used() == 2
    assert office.records[1][1][-1].answer.setting == "mail_delivery.daily_quota.volume_mb"


def test_without_limits_it_is_counted_and_nobody_is_asked(office: Office) -> None:
    assert [office.send()[:1] for _ in range(5)] == [b"a"] * 5
    assert office.used() == 5 and all(one.check != "daily_quota" for _, asked, _, _ in office.records for one in asked)


def test_what_another_check_refuses_does_not_count(office: Office) -> None:
    office.allow(limit_messages=True, messages=1)
    assert office.send(headers=(b"Received",) * 5)[:1] == b"y"
    assert office.used() == 0 and office.send()[:1] == b"a"


def test_what_the_journal_does_not_take_does_not_count(office: Office) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    kept, office.record = office.record, full  # type: ignore[method-assign]
    assert office.send().startswith(b"y451") and office.used() == 0
    office.record = kept  # type: ignore[method-assign]
    assert office.send()[:1] == b"a" and office.used() == 1


def test_what_postfix_was_not_told_of_does_not_count(office: Office) -> None:
    def gone(content: bytes) -> None:
        if content[4:5] == b"a" or content[-1:] == b"a":
            raise BrokenPipeError

    office.write = gone  # type: ignore[method-assign]
    with pytest.raises(IndexError):
        office.send()
    assert office.records and office.used() == 0


def test_a_table_that_cannot_be_written_makes_only_limited_mail_wait(office: Office) -> None:
    def broken(*_: Any) -> None:
        raise Unavailable("The outbound usage cannot be written.", code="disk")

    office.store.take = broken  # type: ignore[method-assign, assignment]
    assert office.send()[:1] == b"a"
    office.allow(limit_messages=True)
    assert office.send().startswith(b"y451 4.3.0") and office.records[-1][2] == "tempfail"
