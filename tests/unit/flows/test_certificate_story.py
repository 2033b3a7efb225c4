"""The story of a certificate: brought, judged, put in force, seen served, put back; and told before it ends."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pretend import ANNA, fake

from authority import Authority, Made, certificate
from mailroom.core.problems import ApplyFailed, Invalid, NotFound
from mailroom.flows.certificate import Certificates
from mailroom.flows.certificate_watch import Watch
from mailroom.flows.setting import Settings
from mailroom.tls import chain, self_signed
from mailroom.tls.kept import Kept
from mailroom.tls.served import Certificate, of_file

DAY_S = 86_400.0
WHO = {"who": "anna", "where": "192.0.2.1"}
CA = Authority()


class Clock:
    """A clock that tests turn. It begins now, and goes on by a pause."""

    def __init__(self) -> None:
        self.time = datetime.datetime.now(datetime.UTC).timestamp()

    def now(self) -> float:
        return self.time

    elapsed = now

    def pass_(self, seconds: float) -> None:
        self.time += seconds


class Services:
    """What the services show: what is in force at each reload, unless they are stuck."""

    def __init__(self, kept: Kept) -> None:
        self.kept, self.stuck, self.silent = kept, False, False
        self.shown = of_file(kept.link / "cert.pem")

    def look(self, host: str, port: int, speaks: str, limit_s: float) -> Certificate:
        if self.silent:
            raise OSError("nobody there")
        if not self.stuck:
            self.shown = of_file(self.kept.link / "cert.pem")
        return self.shown


class House:
    def __init__(self, settings: Settings, folder: Path) -> None:
        self.kept, self.clock, self.settings = Kept(folder), Clock(), settings
        folder.mkdir()
        named = {"domain": "example.com", "hostname": "mail.example.com"}
        settings.apply(settings.current().number, {"mail_delivery.general": named}, ANNA)
        fake(settings).reloaded.clear()
        self_signed.settle(self.kept, self.hostname, self.clock.now())
        self.services = Services(self.kept)
        self.story = Certificates(
            settings, settings.events, self.kept, self.clock, self.services.look, self.clock.pass_
        )

    @property
    def hostname(self) -> str:
        return str(self.settings.values()["mail_delivery.general"]["hostname"])

    def put(self, made: Made, **files: str) -> dict[str, Any]:
        return self.story.put(**brought(made), **WHO, **files)

    def names(self) -> tuple[str, ...]:
        return of_file(self.kept.link / "cert.pem").names

    def told(self) -> list[str]:
        return [one["text"] for one in self.settings.events.newest(kind="certificate")]


def brought(made: Made) -> dict[str, str]:
    files = {"certificate": made.pem, "key": made.key_pem(), "chain": CA.middle.pem}
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


@pytest.fixture
def house(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    roots = tmp_path / "roots.pem"
    roots.write_bytes(CA.root.pem)
    monkeypatch.setattr(chain, "ROOTS", roots)
    yield House(settings, tmp_path / "tls")


def test_judging_changes_nothing(house: House) -> None:
    found = house.story.check(**brought(CA.give("mail.other.example")))
    assert [one["name"] for one in found["chain"]] == ["mail.other.example", "Test Intermediate"]
    assert len(found["warnings"]) == 1 and house.hostname in found["warnings"][0]
    assert len(house.kept.all()) == 1 and fake(house.settings).reloaded == [] and house.told() == []


def test_what_others_insist_on_is_said_before_a_certificate_keeps_mail_away(house: House) -> None:
    """X06-08: enforced, a name that is not ours is more than a warning of programs."""
    number = house.settings.current().number
    house.settings.apply(number, {"mail_delivery.security": {"mta_sts_mode": "enforce"}}, ANNA)
    other = house.story.check(**brought(CA.give("mail.other.example")))
    assert "Other servers deliver nothing" in other["warnings"][0]
    assert house.story.check(**brought(CA.give(house.hostname)))["warnings"] == []


def test_put_in_force_and_back(house: House) -> None:
    known = house.put(CA.give(house.hostname))
    assert known["current"]["state"] == "valid" and known["current"]["who"] == "anna"
    assert known["current"]["source"] == "uploaded" and [one["state"] for one in known["earlier"]] == ["own"]
    assert fake(house.settings).reloaded == [["dovecot", "postfix"]]
    back = house.story.use(known["earlier"][0]["id"], **WHO)
    assert back["current"]["state"] == "own" and [one["state"] for one in back["earlier"]] == ["valid"]
    assert len(house.told()) == 2 and "Test Intermediate" in house.told()[1]


def test_what_is_told_has_no_key(house: House) -> None:
    made = CA.give(house.hostname)
    told = json.dumps([house.put(made), house.story.read(), house.settings.events.newest()])
    assert "PRIVATE" not in told and made.key_pem().splitlines()[1].decode() not in told


@pytest.mark.parametrize("trouble", ["stuck", "silent", "reload"])
def test_a_certificate_that_is_not_served_is_taken_back(house: House, trouble: str) -> None:
    before = house.kept.current()
    house.services.stuck, house.services.silent = trouble == "stuck", trouble == "silent"
    fake(house.settings).breaks = "reload" if trouble == "reload" else ""
    with pytest.raises(ApplyFailed) as failed:
        house.put(CA.give(house.hostname))
    assert failed.value.more["daemon"] == "postfix" and failed.value.next
    assert house.kept.current() == before and house.kept.all() == [before]
    assert fake(house.settings).reloaded == [["dovecot", "postfix"]] * 2
    assert house.told()[0].startswith("The certificate was not put in force")


@pytest.mark.parametrize(("field", "content"), [("certificate", "no base64!"), ("key", "aGVsbG8="), ("chain", "aGk=")])
def test_what_cannot_be_read_changes_nothing(house: House, field: str, content: str) -> None:
    with pytest.raises(Invalid) as refused:
        house.story.put(**{**brought(CA.give(house.hostname)), field: content}, **WHO)
    assert refused.value.field == field and len(house.kept.all()) == 1 and house.told() == []


def test_one_that_has_ended_is_not_used_again(house: House) -> None:
    known = house.put(CA.give(house.hostname, days=1))
    house.story.use(known["earlier"][0]["id"], **WHO)
    house.clock.pass_(2 * DAY_S)
    assert house.story.read()["earlier"][0]["state"] == "ended"
    with pytest.raises(Invalid):
        house.story.use(known["current"]["id"], **WHO)
    with pytest.raises(NotFound):
        house.story.use("99", **WHO)


@pytest.mark.parametrize(
    ("names", "days", "state"),
    [
        (("mail.example.com",), 90, "valid"),
        (("*.example.com",), 90, "valid"),
        (("example.com",), 90, "other_name"),
        (("mail.example.com",), 20, "soon"),
    ],
)
def test_states(house: House, names: tuple[str, ...], days: float, state: str) -> None:
    assert house.put(CA.give(*names, days=days, begins_days=-90))["current"]["state"] == state


class Shown:
    """What Server List shows."""

    def __init__(self) -> None:
        self.now: tuple[str, str] | None = None

    def report(self, id: str, title: str, text: str, next_step: str, **more: str) -> None:
        assert self.now is None, "the former one was not cleared"
        self.now = (title, more["severity"])

    def clear(self, id: str) -> None:
        self.now = None


@pytest.mark.parametrize(
    ("life_days", "told_at"), [(90, [30, 14, 7, 1, -1]), (47, [14, 7, 1, -1]), (6, [1, -1])], ids=str
)
def test_told_before_it_ends_once_each(house: House, life_days: float, told_at: list[int]) -> None:
    entry = house.kept.add(b"", certificate("mail.example.com", begins_days=0, days=life_days).pem, {})
    house.kept.use(entry)
    shown, found = Shown(), []
    for hour in range(int(life_days + 3) * 24):
        before = len(house.told())
        # As another process each day: what was told before is remembered.
        if hour % 24 == 0:
            shown.now = None
            watch = Watch(house.kept, house.settings.events, house.clock, shown.report, shown.clear)
        watch.look()
        if len(house.told()) > before:
            left = (of_file(entry.chain).ends - house.clock.now()) // DAY_S
            found.append(int(left))
            severe = "problem" if left <= 7 else "attention"
            title = "The certificate has ended" if left < 0 else "The certificate ends soon"
            assert shown.now == (title, severe)
        house.clock.pass_(3600)
    assert found == told_at
    house.kept.use(house.kept.add(b"", certificate("mail.example.com", days=400).pem, {}))
    watch.look()
    assert shown.now is None
