"""What a blocklist's answers mean: listed or not, refused, lied about, dead."""

from __future__ import annotations

import asyncio

import pytest

from mailroom.dns.blocklist import judge, look, question
from mailroom.dns.shape import Reply

NO, YES = Reply("no_name"), Reply("answer", ("127.0.0.2",))


def test_the_name_that_is_asked() -> None:
    assert question("203.0.113.25", "zen.example") == "25.113.0.203.zen.example"
    assert question("2001:db8::1", "zen.example").startswith("1.0.0.0.") and "ip6" not in question("::1", "x.example")


@pytest.mark.parametrize(
    ("own", "listed", "free", "outcome"),
    [
        (NO, YES, NO, "free"),
        (Reply("nothing"), YES, Reply("nothing"), "free"),
        (YES, YES, NO, "listed"),
        (Reply("answer", ("127.0.0.4", "127.0.0.11")), YES, NO, "listed"),
        (Reply("answer", ("127.0.0.11",)), YES, NO, "policy"),
        # Spamhaus to a public resolver, to one that asks too much, to a misspelt name.
        (Reply("answer", ("127.255.255.254",)), Reply("answer", ("127.255.255.254",)), NO, "refused"),
        (NO, Reply("answer", ("127.255.255.255",)), NO, "refused"),
        (Reply("answer", ("127.255.255.252",)), YES, NO, "refused"),
        (Reply("refused"), Reply("refused"), Reply("refused"), "refused"),
        # A provider that sends all that does not exist to its search page.
        (Reply("answer", ("198.51.100.9",)), Reply("answer", ("198.51.100.9",)), YES, "lying"),
        (NO, YES, YES, "lying"),
        (YES, YES, YES, "lying"),
        (NO, NO, NO, "dead"),
        (YES, NO, NO, "dead"),
        (Reply("answer", ("127.0.2.3",)), YES, NO, "strange"),
        (Reply("slow"), YES, NO, "silent"),
        (YES, Reply("slow"), NO, "silent"),
    ],
)
def test_what_answers_mean(own: Reply, listed: Reply, free: Reply, outcome: str) -> None:
    assert judge(own, listed, free).outcome == outcome


def test_the_reason_is_asked_for_only_when_listed() -> None:
    asked: list[tuple[str, str]] = []

    async def ask(name: str, kind: str) -> Reply:
        asked.append((name, kind))
        if kind == "TXT":
            return Reply("answer", ("see https://list.example/203.0.113.25",))
        return NO if name.startswith("1.0.0.127.") or name.startswith("9.") else YES

    assert asyncio.run(look(ask, "l.example", "203.0.113.25")).reason == "see https://list.example/203.0.113.25"
    asked.clear()
    assert asyncio.run(look(ask, "l.example", "203.0.113.9")).outcome == "free"
    assert {kind for _, kind in asked} == {"A"}
