"""Postfix's log tells what it has refused before the filter heard of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailroom.filtering import early_refusals as filter_side
from mailroom.flows.early_refusals import (
    FORM_REPLY,
    RECIPIENT_REPLY,
    TOO_LARGE_REPLY,
    TOO_OFTEN_REPLY,
    TURNED_AWAY_EVERY_S,
    TURNED_AWAY_REPLY,
    Reader,
)
from mailroom.store.journal import JournalStore

AT = "mail postfix/smtp/smtpd[127]: "
CONNECT = f"{AT}connect from mx.world.example[198.51.100.7]"
SIZE = (
    f"{AT}NOQUEUE: reject: MAIL from mx.world.example[198.51.100.7]: 552 5.3.4 Message size exceeds fixed limit; "
    "from=<big@world.example> proto=ESMTP helo=<mx.world.example>"
)


def end(mail: str) -> str:
    return f"{AT}disconnect from mx.world.example[198.51.100.7] ehlo=1 mail={mail} quit=1 commands=2/3"


def test_an_announced_size() -> None:
    (one,) = Reader().refusals([CONNECT, SIZE, end("0/1")])
    assert (one.sender, one.client, one.client_name, one.helo) == (
        "big@world.example", "198.51.100.7", "mx.world.example", "mx.world.example",
    )  # fmt: skip
    assert one.reply == "552 5.3.4 Message size exceeds fixed limit" and one.daemon == "smtp"


def test_a_form_that_is_not_taken_has_one_record_a_connection() -> None:
    assert [one.reply for one in Reader().refusals([CONNECT, end("0/3")])] == [FORM_REPLY]
    assert Reader().refusals([CONNECT, end("1"), CONNECT, end("1/1")]) == []


def test_what_has_a_record_already_has_no_second_one() -> None:
    """The filter records what it refuses itself; and other connections of the same process are counted anew."""
    own = f"{AT}NOQUEUE: milter-reject: MAIL from mx.world.example[198.51.100.7]: 550 5.7.1 no; from=<a@b.example>"
    reader = Reader()
    assert reader.refusals([CONNECT, own, end("0/1")]) == []
    assert [one.reply for one in reader.refusals([CONNECT, end("0/1")])] == [FORM_REPLY]
    other = CONNECT.replace("127", "128")
    assert [one.sender for one in reader.refusals([CONNECT, other, SIZE, end("0/1")])] == ["big@world.example"]


RCPT = (
    f"{AT}NOQUEUE: reject: RCPT from mx.world.example[198.51.100.7]: 550 5.1.1 <x@example.com>: unknown; from=<a@b.c>"
)


@pytest.mark.parametrize(
    ("lines", "counts", "told"),
    [
        ([], "mail=1 rcpt=0/1", True),
        ([RCPT], "mail=1 rcpt=0/1", False),
        ([RCPT], "mail=2 rcpt=1/3 data=1", True),
        ([RCPT.replace("NOQUEUE: reject", "4jdW6y0DMmzKWsC: milter-reject")], "mail=1 rcpt=1/2", False),
        ([], "mail=1 rcpt=2", False),
        # Out of turn, because the sender was refused, or none was named.
        ([SIZE], "mail=0/1 rcpt=0/1", False),
        ([], "rcpt=0/1", False),
    ],
)
def test_a_recipient_of_a_wrong_form(lines: list[str], counts: str, told: bool) -> None:
    ended = f"{AT}disconnect from mx.world.example[198.51.100.7] ehlo=1 {counts} quit=1 commands=2/3"
    found = [one for one in Reader().refusals([CONNECT, *lines, ended]) if one.step != "mail"]
    assert [(one.reply, one.step) for one in found] == ([(RECIPIENT_REPLY, "rcpt")] if told else [])


def test_who_is_turned_away_is_told_once_in_a_while() -> None:
    now = 0.0
    line = f"{AT}warning: Connection rate limit exceeded: 31 from unknown[198.51.100.7] for service smtp"
    reader = Reader(lambda: now)
    (one,) = reader.refusals([line, line.replace("rate", "concurrency"), line])
    assert (one.client, one.client_name, one.reply, one.step) == ("198.51.100.7", "", TURNED_AWAY_REPLY, "connect")
    assert [one.client for one in reader.refusals([line, line.replace(".7]", ".8]")])] == ["198.51.100.8"]
    now = TURNED_AWAY_EVERY_S
    assert len(reader.refusals([line])) == 1


def test_too_often_and_too_large_on_the_way() -> None:
    often = f"{AT}warning: Message delivery request rate limit exceeded: 13 from unknown[198.51.100.7] for service 25"
    one, two = Reader().refusals(
        [CONNECT, often, f"{AT}warning: 4jdW6y0DMmzKWsC: queue file size limit exceeded", end("0/1")]
    )
    assert (one.reply, one.client, one.client_name) == (TOO_OFTEN_REPLY, "198.51.100.7", "")
    assert (two.reply, two.queue_id) == (TOO_LARGE_REPLY, "4jdW6y0DMmzKWsC")


@pytest.mark.parametrize(
    "line",
    ["", "x", AT, f"{AT}connect from", f"{AT}disconnect from a[b] mail=1/2", f"{AT}NOQUEUE: reject: MAIL from x: 5",
     SIZE.replace("smtpd", "cleanup"), end("99999999999999999999/1")],
)  # fmt: skip
def test_other_lines_are_passed_over(line: str) -> None:
    assert Reader().refusals([line]) == []


def test_no_sender_writes_somebody_elses_record() -> None:
    """What strangers send stands in the line as they wrote it."""
    forged = SIZE.replace("big@world.example", "x> proto=ESMTP helo=<y>; from=<anna@example.com")
    (one,) = Reader().refusals([forged])
    assert one.client == "198.51.100.7" and one.reply.startswith("552 ")


def test_the_filter_writes_and_amends_records(tmp_path: Path) -> None:
    store = JournalStore(tmp_path)
    filter_side.record({"reply": "552 5.3.4 too large", "client": "198.51.100.7", "sender": "big@world.example"}, store)
    _, (made,) = store.find("big@world", 0, 10)
    whole = store.get(made["id"])
    assert whole and whole["verdict"] == "reject" and whole["checks"][0]["check"] == "size_limit"
    filter_side.record({"reply": "450 4.7.1 Error: too much mail", "client": "198.51.100.8"}, store)
    assert [one["verdict"] for one in store.find("", 0, 10)[1]] == ["tempfail", "reject"]
    ended = {
        **whole,
        "id": "0" * 26,
        "queue_id": "Q1",
        "verdict": "dropped",
        "reply": "it ended",
        "sender": "b@c.example",
    }
    store.add(ended)
    for _ in range(2):
        filter_side.record({"reply": TOO_LARGE_REPLY, "queue_id": "Q1"}, store)
    filter_side.record({"reply": TOO_LARGE_REPLY, "queue_id": "unknown"}, store)
    amended = store.get("Q1")
    assert amended and (amended["verdict"], amended["reply"]) == ("reject", TOO_LARGE_REPLY)
    assert [check["result"] for check in amended["checks"]] == ["reject"] and store.find("", 0, 10)[0] == 3
