"""Problems first, each with the next step (rows SL01, AV02)."""

from __future__ import annotations

from typing import Any

import pytest

from mailroom.flows.definitions_state import with_limited
from mailroom.flows.server_problems import STUCK_MANY, health, problems

NOW = 1_800_000_000.0
FINE: dict[str, Any] = {
    "state": "current",
    "limited": False,
    "version": "27800",
    "definitions_date": NOW,
    "auto": True,
    "updating": 0.0,
    "text": "",
    "next": "",
    "memory": {"engine_mb": 1200, "total_mb": 8192, "enough": True},
}
ABSENT = {**FINE, "state": "absent", "limited": True, "version": None, "definitions_date": None}
ROOM = {"holds": ["mail", "data"], "used_mb": 100_000, "free_mb": 900_000, "total_mb": 1_000_000}


def daemon(name: str, state: str = "running", **more: Any) -> dict[str, Any]:
    plain = {"id": name, "title": name.title(), "state": state, "since": NOW - 5, "why": "", "next": "", "ends": 0}
    return {**plain, **more}


def found(
    daemons: list[dict[str, Any]] | None = None,
    lasting: list[dict[str, Any]] | None = None,
    definitions: dict[str, Any] = FINE,
    room: dict[str, Any] = ROOM,
    stuck: int = 0,
) -> list[dict[str, Any]]:
    return problems(daemons or [daemon("postfix")], lasting or [], definitions, [room], stuck, NOW)


def test_a_server_that_is_well_has_none() -> None:
    assert found() == [] and health([])["state"] == "healthy"


def test_the_worst_comes_first_and_is_the_banner() -> None:
    all_ = found(
        [daemon("dovecot", "starting"), daemon("postfix", "abnormal", why="It ended.", next="Read its log.")],
        [{"id": "disk-queue", "title": "The volume is full", "text": "Mail waits.", "next": "Free space."}],
        ABSENT,
        stuck=1,
    )
    assert [one["severity"] for one in all_] == ["problem", "problem", "attention", "attention", "note"]
    told = health(all_)
    assert told == {
        "state": "problem",
        "title": "Postfix does not run",
        "text": "It ended.",
        "next": "Read its log.",
    }


def test_each_says_what_to_do_next_and_where() -> None:
    all_ = found(
        [
            daemon("dovecot", "starting", since=NOW - 500),
            daemon("postfix", "abnormal", next="Read its log."),
            daemon("spamd", ends=3),
        ],
        [{"id": "clamd", "title": "ClamAV does not answer", "text": "Mail waits.", "next": "Restart ClamAV."}],
        {**FINE, "state": "old", "version": "1", "definitions_date": 5.0},
        {**ROOM, "free_mb": 400},
        STUCK_MANY,
    )
    assert len(all_) == 7
    assert all(one["next"] for one in all_)
    assert {one["id"]: one["go"] for one in all_} == {
        "daemon-dovecot": "log/dovecot",
        "daemon-postfix": "log/postfix",
        "daemon-spamd": "log/spamd",
        "condition-clamd": "",
        "volume-mail-data": "",
        "definitions": "security/antivirus",
        "queue": "queue",
    }


def test_a_condition_of_a_daemon_leads_to_its_log() -> None:
    (one,) = found([daemon("clamd")], [{"id": "clamd", "title": "ClamAV does not answer"}])
    assert one["go"] == "log/clamd"


def test_definitions_do_not_matter_while_the_engine_is_off() -> None:
    assert found([daemon("clamd", "disabled")], definitions=ABSENT) == []


@pytest.mark.parametrize(
    ("facts", "text", "next_step", "action"),
    [
        ({}, "Only our own test virus", "update now", "definitions.update"),
        ({"updating": NOW}, "Only our own test virus", "being downloaded", ""),
        ({"text": "The mirror does not answer.", "next": "Check."}, "mirror does not answer", "Check.", "definitions"),
        ({"auto": False}, "Only our own test virus", "by themselves", "definitions.update"),
        ({"memory": {"engine_mb": 1200, "total_mb": 1800, "enough": False}}, "1.2 GB", "Update now", "definitions"),
        ({"state": "current", "version": "7"}, "Only our own test virus", "restart the engine", "definitions.update"),
        (
            {"state": "old", "limited": False, "version": "7", "definitions_date": 5.0},
            "version 7",
            "update now",
            "definitions.update",
        ),
    ],
)
def test_missing_definitions_say_what_is_known_and_have_a_button(
    facts: dict[str, Any], text: str, next_step: str, action: str
) -> None:
    """AV02, AV06."""
    (told,) = found(definitions={**ABSENT, **facts})
    assert told["severity"] == "attention" and text in told["text"] and next_step in told["next"]
    assert told["action"].startswith(action) and bool(told["action"]) == bool(action)


def test_an_engine_without_definitions_is_limited_and_no_other_daemon_is() -> None:
    """AV02."""
    known = [daemon("postfix"), daemon("clamd"), daemon("clamd", "abnormal")]
    assert [one["state"] for one in with_limited(known, True)] == ["running", "limited", "abnormal"]
    assert with_limited(known, False) == known


@pytest.mark.parametrize(
    ("free_mb", "total_mb", "severity"),
    [
        (900_000, 1_000_000, None),
        (100_000, 20_000_000, None),  # half a percent of 20 TB is still 100 GB
        (19_000, 1_000_000, "attention"),
        (1_900, 1_000_000, "problem"),
        (9_000, 100_000, "attention"),
        (450, 4_000, "problem"),
    ],
)
def test_room_is_judged_by_share_and_by_size(free_mb: int, total_mb: int, severity: str | None) -> None:
    one = found(room={"holds": ["mail"], "used_mb": total_mb - free_mb, "free_mb": free_mb, "total_mb": total_mb})
    assert [finding["severity"] for finding in one] == ([severity] if severity else [])


def test_a_few_waiting_messages_are_a_note_and_many_are_more() -> None:
    (few,), (many,) = found(stuck=3), found(stuck=STUCK_MANY)
    assert few["title"] == "3 messages wait in the queue" and few["severity"] == "note"
    assert many["severity"] == "attention" and health([few])["state"] == "healthy"


def test_mail_that_waits_for_what_a_domain_announces_is_told_with_the_domain() -> None:
    waits = ("a.example", "Server certificate not verified")
    (one, _) = problems([daemon("postfix")], [], FINE, [ROOM], 1, NOW, announced=waits)
    assert (one["id"], one["severity"], one["go"]) == ("announced", "attention", "mail_delivery/delivery")
    assert "a.example" in one["title"] and "not verified" in one["text"]
