"""X06-08: which policy is given away, that it is taken back as long as others may know it, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from authority import Authority, Made
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues, defaults
from mailroom.core.sts_policy import Policy, parse
from mailroom.flows import acme, own_policy
from mailroom.flows.own_policy import OwnPolicy
from mailroom.tls import self_signed

DAY_S = 86_400.0
MAIN, OTHER = "example.com", "other.example"


class Clock:
    time = 1_800_000_000.0

    def now(self) -> float:
        return self.time

    elapsed = now


class House:
    """The story with its settings, a clock that tests turn, and a note on a real disk."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.note, self.certificate = Clock(), folder / "mta-sts.json", folder / "cert.pem"
        self.roots, self.authority = folder / "roots.pem", Authority()
        self.roots.write_bytes(self.authority.root.pem)
        self.values = defaults()
        self.values["mail_delivery.general"].update(
            domain=MAIN, hostname=f"mail.{MAIN}", additional_domains=[{"id": "a", "domain": OTHER}]
        )
        self.story = OwnPolicy(lambda: self.values, self.note, self.certificate, self.roots, self.clock)

    def set(self, mode: str, **more: Any) -> AllValues:
        self.values = {**self.values, own_policy.PAGE: {**self.values[own_policy.PAGE], "mta_sts_mode": mode, **more}}
        return self.values

    def given(self) -> Policy | None:
        """The policy of all domains, as somebody fetches it now."""
        found = self.story.policies()
        assert len(set(found.values())) <= 1 and set(found) in (set(), {MAIN, OTHER})
        return parse(found[MAIN]) if found else None

    def shows(self, made: Made) -> None:
        self.certificate.write_bytes(made.pem + self.authority.middle.pem)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_nothing_is_announced_before_somebody_wants_it(house: House) -> None:
    assert house.given() is None and not house.note.exists()
    assert house.story.read() == {"mode": "off", "policy": "", "id": "", "until": 0.0, "domains": []}


def test_every_domain_has_the_policy_that_is_set(house: House) -> None:
    house.set("testing", mta_sts_max_age_days=10, mta_sts_servers=["mx.example.net", f"mail.{MAIN}"])
    assert house.given() == Policy("testing", 10 * 86_400, (f"mail.{MAIN}", "mx.example.net"))
    told = house.story.read()
    assert told["mode"] == "testing" and [one["domain"] for one in told["domains"]] == [MAIN, OTHER]
    assert told["domains"][1]["url"] == f"https://mta-sts.{OTHER}/.well-known/mta-sts.txt"
    assert told["domains"][1]["records"] == [
        {"type": "TXT", "name": f"_mta-sts.{OTHER}", "value": f"v=STSv1; id={told['id']}"},
        {"type": "CNAME", "name": f"mta-sts.{OTHER}", "value": f"mail.{MAIN}"},
    ]


def test_switched_off_it_is_taken_back_as_long_as_somebody_may_know_it(house: House) -> None:
    """RFC 8461 8.3: "none" until the last one that was given away has ended, and not a moment less."""
    house.set("enforce", mta_sts_max_age_days=30)
    assert house.given()
    house.clock.time += 5 * DAY_S
    fetched_last = house.clock.time
    assert house.given()
    house.set("off")
    none = Policy("none", 86_400)
    assert house.given() == none
    assert house.story.read()["mode"] == "none" and house.story.read()["until"] >= fetched_last + 30 * DAY_S
    house.clock.time = fetched_last + 30 * DAY_S
    assert house.given() == none
    house.clock.time += 2 * 3_600 + 120
    assert house.given() is None and house.story.read()["mode"] == "off"


def test_what_was_never_fetched_needs_no_taking_back(house: House) -> None:
    house.set("enforce")
    house.set("off")
    assert house.given() is None


def test_a_shorter_time_afterwards_forgets_no_longer_one(house: House) -> None:
    house.set("enforce", mta_sts_max_age_days=300)
    house.given()
    house.set("testing", mta_sts_max_age_days=1)
    house.given()
    house.set("off")
    house.clock.time += 299 * DAY_S
    found = house.given()
    assert found and found.mode == "none"


def test_strangers_who_ask_all_the_time_have_it_noted_once_an_hour(house: House) -> None:
    house.set("testing")
    house.given()
    before = house.note.stat().st_mtime_ns, house.note.read_text()
    for _ in range(50):
        house.clock.time += 60
        house.given()
    assert (house.note.stat().st_mtime_ns, house.note.read_text()) == before
    house.clock.time += 3_600
    house.given()
    assert house.note.read_text() != before[1]


def test_a_domain_that_is_ours_no_longer_is_taken_back_as_well(house: House) -> None:
    """It may go to another server, where nobody knows of our policy: it must not be demanded there."""
    house.set("enforce", mta_sts_max_age_days=30)
    house.given()
    before = house.values
    general = {**house.values["mail_delivery.general"], "additional_domains": []}
    house.values = {**house.values, "mail_delivery.general": general}
    (told,) = house.story.advise(before, house.values)
    none = Policy("none", 86_400)
    assert f"policy of {OTHER} until" in told["text"] and none.id in told["text"]
    found = {domain: parse(text) for domain, text in house.story.policies().items()}
    assert found[OTHER] == none and found[MAIN].mode == "enforce"
    house.clock.time += 31 * DAY_S
    assert set(house.story.policies()) == {MAIN}


def test_a_note_that_cannot_be_read_counts_as_the_longest(house: House) -> None:
    house.note.write_text("{")
    assert house.given() == Policy("none", 86_400)
    house.clock.time += 366 * DAY_S
    assert house.given() is None


def test_a_policy_that_cannot_be_noted_is_not_given_away(house: House) -> None:
    house.set("enforce")
    house.story.note = house.note.parent / "no such folder" / "note.json"
    with pytest.raises(OSError):
        house.story.policies()


def test_a_server_that_is_not_set_up_announces_nothing(house: House) -> None:
    house.values = defaults()
    house.set("testing")
    assert house.story.policies() == {}


@pytest.mark.parametrize(
    ("names", "how", "told"),
    [
        ((f"imap.{MAIN}",), {}, "is not for mail.example.com"),
        ((f"mail.{MAIN}",), {"days": -1, "begins_days": -9}, "has ended"),
    ],
)
def test_enforce_is_refused_while_the_certificate_would_keep_mail_away(
    house: House, names: tuple[str, ...], how: dict[str, Any], told: str
) -> None:
    import time

    house.clock.time = time.time()
    before = house.values
    house.shows(house.authority.give(*names, **how))
    with pytest.raises(Invalid, match=told) as refused:
        house.story.judge(before, house.set("enforce"))
    assert refused.value.field == "mta_sts_mode" and refused.value.next


def test_enforce_needs_a_certificate_that_others_trust(house: House) -> None:
    import time

    house.clock.time = time.time()
    before = house.values
    after = house.set("enforce")
    with pytest.raises(Invalid, match="cannot be read"):
        house.story.judge(before, after)
    house.certificate.write_bytes(self_signed.make(f"mail.{MAIN}")[1])
    with pytest.raises(Invalid, match="not trusted"):
        house.story.judge(before, after)
    house.shows(house.authority.give(f"mail.{MAIN}"))
    house.story.judge(before, after)
    # Testing does no harm, and whoever enforces already can still change everything else.
    house.certificate.unlink()
    house.story.judge(after, after)
    house.story.judge(after, house.set("testing"))
    house.story.judge(before, house.set("testing"))


def test_what_a_change_means_for_dns_is_told(house: House) -> None:
    off = house.values
    testing = house.set("testing")
    (told,) = house.story.advise(off, testing)
    assert told["field"] == "mta_sts_mode" and "no effect before" in told["text"]
    house.given()
    longer = house.set("testing", mta_sts_max_age_days=100)
    (told,) = house.story.advise(testing, longer)
    assert Policy("testing", 100 * 86_400, (f"mail.{MAIN}",)).id in told["text"]
    assert house.story.advise(longer, longer) == []
    moved = {**longer, "mail_delivery.general": {**longer["mail_delivery.general"], "hostname": "mx.example.com"}}
    assert len(house.story.advise(longer, moved)) == 1
    first, second = house.story.advise(longer, house.set("off"))
    assert "may know the former policy until" in first["text"] and Policy("none", 86_400).id in second["text"]


def test_the_hosts_are_in_the_certificate_when_that_is_wished(house: House) -> None:
    names = [f"mail.{MAIN}", f"mta-sts.{MAIN}", f"mta-sts.{OTHER}"]
    house.values["service.acme"]["mta_sts"] = True
    assert acme.names_of(house.values) == names[:1]
    house.set("testing")
    assert acme.names_of(house.values) == names
    house.values["service.acme"]["mta_sts"] = False
    assert acme.names_of(house.values) == names[:1]
