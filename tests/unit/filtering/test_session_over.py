"""Mail over a connection whose sign-in holds no longer: at MAIL FROM, and when it came in between."""

from __future__ import annotations

from typing import Any

from test_session import Nobody, Wire, mail

from mailroom.filtering.checks.session_over import REPLY
from mailroom.filtering.milter import packet

LOGIN = packet(b"D", b"M{auth_authen}\0ben\0")


class Told(Nobody):
    """What the job process tells: from the given question on, it is over."""

    def __init__(self, over_from: int) -> None:
        self.asked, self.over_from = 0, over_from

    def is_over(self, login: str, connected_s: float) -> bool:  # type: ignore[override]
        assert login == "ben" and connected_s > 0
        self.asked += 1
        return self.asked >= self.over_from


def talked(over_from: int) -> tuple[list[bytes], Any]:
    wire = Wire()
    wire.accounts = Told(over_from)
    packets = mail()
    at = next(place for place, one in enumerate(packets) if one[4:5] == b"M")
    return wire.talk(*packets[:at], LOGIN, *packets[at:]), wire.records


def test_the_next_command_ends_the_connection() -> None:
    replies, records = talked(1)
    assert f"y{REPLY}\0".encode() in replies
    assert records[0][2] == "tempfail" and records[0][1][0].check == "session_over"


def test_a_message_that_was_on_its_way_is_not_taken() -> None:
    replies, records = talked(2)
    assert replies[-1] == f"y{REPLY}\0".encode() and records[-1][2] == "tempfail"


def test_else_it_is_not_among_the_checks() -> None:
    replies, records = talked(99)
    assert "session_over" not in [one.check for one in records[-1][1]]
    assert not any(REPLY.encode() in one for one in replies)
