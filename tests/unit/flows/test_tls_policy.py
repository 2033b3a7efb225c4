"""What Postfix is to demand of a domain's servers, and that nothing here ever stops other mail (X06-06, X06-07)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailroom.core.sts_policy import Policy
from mailroom.dns.announced import Unanswered
from mailroom.dns.shape import Reply
from mailroom.flows import announced
from mailroom.flows.tls_policy import AGAIN_S, DANE_ONLY, RENEW_S, TlsPolicies, demand
from mailroom.store.sts_policies import StsPolicyStore
from mailroom.tls.sts_fetch import NoPolicy

DOMAIN = "a.example"
ENFORCE = Policy("enforce", 10 * 86_400, ("mx.a.example", "*.b.example"))
DEMAND = "secure match=mx.a.example:.b.example servername=hostname"


class Outside:
    """DNS and the website of one domain. id: None is no answer; policy: None is nothing to be had."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "sts.sqlite"
        self.id: str | None = "1"
        self.policy: Policy | None = ENFORCE
        self.uses_dane: Any = "none"
        self.now, self.got = 1_800_000_000.0, 0
        self.slow = asyncio.Event()
        self.slow.set()
        self.made = self.fresh()

    def fresh(self, **how: Any) -> TlsPolicies:
        """As after a restart."""
        parts: dict[str, Any] = {"open": lambda: StsPolicyStore(self.file), "announced": lambda: self}
        return TlsPolicies(**{**parts, "get": self.get, "now": lambda: self.now, **how})

    async def sts_id(self, domain: str) -> str:
        if self.id is None:
            raise Unanswered
        return self.id

    async def dane(self, domain: str) -> Any:
        return self.uses_dane

    async def get(self, domain: str) -> Policy:
        self.got += 1
        await self.slow.wait()
        if self.policy is None:
            raise NoPolicy("nobody there")
        return self.policy

    def answer(self, after_dane: bool = False) -> str:
        return asyncio.run(self.made.answer(DOMAIN, after_dane))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    yield Outside(tmp_path)


def test_a_policy_is_demanded_and_got_once(outside: Outside) -> None:
    assert [outside.answer() for _ in range(3)] == [DEMAND] * 3 and outside.got == 1


@pytest.mark.parametrize("policy", [Policy("testing", 60, ("mx.a.example",)), Policy("none", 60, ()), None])
def test_what_demands_nothing(outside: Outside, policy: Policy | None) -> None:
    outside.policy = policy
    assert outside.answer() == ""


def test_who_announces_nothing_is_not_asked(outside: Outside) -> None:
    outside.id = ""
    assert outside.answer() == "" and outside.got == 0
    outside.id = None
    assert outside.answer() == "" and outside.got == 0


@pytest.mark.parametrize("id", ["2", "", None])
def test_what_cannot_be_got_leaves_the_former_in_force_to_its_end(outside: Outside, id: str | None) -> None:
    """Also after a restart."""
    outside.answer()
    outside.id, outside.policy = id, None
    outside.made = outside.fresh()
    assert outside.answer() == DEMAND
    outside.now += ENFORCE.max_age_s
    assert outside.answer() == ""


def test_a_new_id_has_it_got_again(outside: Outside) -> None:
    outside.answer()
    outside.policy = Policy("none", 86_400, ())
    assert outside.answer() == DEMAND
    outside.id = "2"
    assert outside.answer() == "" and outside.got == 2


def test_a_day_later_it_is_got_again_so_that_nobody_can_wait_for_its_end(outside: Outside) -> None:
    outside.answer()
    outside.now += RENEW_S
    outside.answer()
    outside.now += ENFORCE.max_age_s - 1
    outside.policy = None
    assert outside.answer() == DEMAND and outside.got == 3


def test_what_fails_is_not_tried_at_each_message(outside: Outside) -> None:
    outside.policy = None
    for _ in range(3):
        assert outside.answer() == ""
    assert outside.got == 1
    outside.now += AGAIN_S
    outside.policy = ENFORCE
    assert outside.answer() == DEMAND and outside.got == 2


@pytest.mark.parametrize(
    ("uses", "after_dane", "told"),
    [("usable", True, DANE_ONLY), ("unknown", True, DANE_ONLY), ("none", True, DEMAND), ("usable", False, DEMAND)],
)
def test_dane_goes_before(outside: Outside, uses: str, after_dane: bool, told: str) -> None:
    """RFC 8461 2."""
    outside.uses_dane = uses
    assert outside.answer(after_dane) == told


def test_without_a_policy_dane_is_postfixs_own_affair(outside: Outside) -> None:
    outside.uses_dane, outside.id = "usable", ""
    assert outside.answer(after_dane=True) == ""


def test_a_slow_website_keeps_one_message_for_a_moment_and_serves_the_next(outside: Outside) -> None:
    async def run() -> tuple[str, str]:
        made = outside.fresh(limit_s=0.05)
        outside.slow.clear()
        first = await asyncio.gather(made.answer(DOMAIN, False), made.answer(DOMAIN, False))
        assert first == ["", ""] and outside.got == 1
        outside.slow.set()
        await asyncio.gather(*made.under_way.values())
        return first[0], await made.answer(DOMAIN, False)

    assert asyncio.run(run()) == ("", DEMAND) and outside.got == 1


def test_a_slow_website_does_not_unmake_what_is_known(outside: Outside) -> None:
    outside.answer()

    async def run() -> tuple[str, str]:
        made = outside.fresh(limit_s=0.05)
        outside.id = "2"
        outside.slow.clear()
        return await made.answer(DOMAIN, False), await made.answer(DOMAIN, True)

    assert asyncio.run(run()) == (DEMAND, DANE_ONLY)


def test_a_store_that_cannot_be_used_stops_no_mail(outside: Outside) -> None:
    outside.file.write_text("this is no database, but long enough to be taken for one" * 100)
    assert outside.answer() == DEMAND
    outside.id = ""
    assert outside.answer() == ""


def test_a_fault_of_ours_stops_no_mail(outside: Outside) -> None:
    async def broken(domain: str) -> str:
        raise RuntimeError("a fault")

    outside.answer()
    outside.sts_id = broken  # type: ignore[method-assign]
    assert outside.answer() == DEMAND
    outside.now += ENFORCE.max_age_s
    assert outside.answer() == ""


def test_a_policy_as_postfix_has_it() -> None:
    assert demand(ENFORCE) == DEMAND


class Told:
    """Conditions as the window would show them."""

    def __init__(self, values: dict[str, Any], signatures: bool | None) -> None:
        self.values, self.arrive, self.lasting = values, signatures, {"dnssec"} if signatures is None else set[str]()

    async def signatures(self) -> bool:
        if self.arrive is None:
            raise Unanswered
        return self.arrive

    def look(self, times: int) -> set[str]:
        watch = announced.Watch(
            lambda: {announced.PAGE: self.values},
            lambda: self,  # type: ignore[arg-type, return-value]
            self.report,
            self.lasting.discard,
        )
        for _ in range(times):
            watch.look()
        return self.lasting

    def report(self, id: str, *words: str, **more: str) -> None:
        self.lasting.add(id)


ON = {"enabled": False, "dane": True, "mta_sts": False}


@pytest.mark.parametrize(
    ("values", "signatures", "lasts"),
    [
        (ON, False, True),
        (ON, True, False),
        (ON, None, True),
        ({**ON, "dane": False}, False, False),
        ({**ON, "enabled": True}, False, False),
    ],
)
def test_dns_servers_without_signatures_are_told_while_they_matter(
    values: dict[str, Any], signatures: bool | None, lasts: bool
) -> None:
    assert ("dnssec" in Told(values, signatures).look(announced.LOOKS_IN_A_ROW)) is lasts


def test_an_outage_is_no_lack_of_signatures() -> None:
    assert Told(ON, False).look(announced.LOOKS_IN_A_ROW - 1) == set()


WAITING = [("x@b.example", "connection refused"), ("y@a.example", "Server certificate not verified")]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (ON, ("a.example", "Server certificate not verified")),
        ({**ON, "dane": False, "mta_sts": True}, ("a.example", "Server certificate not verified")),
        ({**ON, "dane": False}, ("", "")),
        ({**ON, "enabled": True}, ("", "")),
    ],
)
def test_for_whom_mail_waits_and_why(values: dict[str, Any], told: tuple[str, str]) -> None:
    assert announced.waits_for_security({announced.PAGE: values}, WAITING) == told
    assert announced.waits_for_security({announced.PAGE: values}, WAITING[:1]) == ("", "")


@pytest.mark.parametrize(
    ("was", "now", "signed", "told"),
    [
        ({}, ON, {"192.0.2.1": False}, True),
        ({}, ON, {"192.0.2.1": False, "192.0.2.2": None}, True),
        ({}, ON, {"192.0.2.1": False, "192.0.2.2": True}, False),
        ({}, ON, {"192.0.2.1": None}, False),
        ({}, ON, {}, False),
        (ON, ON, {"192.0.2.1": False}, False),
        ({}, {**ON, "enabled": True}, {"192.0.2.1": False}, False),
        (ON, {**ON, "dane": False}, {"192.0.2.1": False}, False),
    ],
)
def test_who_switches_it_on_is_told_that_it_checks_nothing(
    was: dict[str, Any], now: dict[str, Any], signed: dict[str, bool | None], told: bool
) -> None:
    class Dns:
        async def ask(self, server: str, name: str, kind: str, limit_s: float, **how: bool) -> Reply:
            assert (name, kind, how) == (".", "DNSKEY", {"recurse": True, "signatures": True})
            says = signed[server]
            return Reply("slow") if says is None else Reply("answer" if says else "refused", signed=says)

    before, after = ({announced.PAGE: {**ON, "dane": False, **values}} for values in (was, now))
    advice = announced.advise(before, after, lambda: tuple(signed), Dns)
    assert [one["field"] for one in advice] == ["dane"] * told
