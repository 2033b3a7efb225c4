"""The story of a certificate that is got by itself, against a real small authority, with a clock that tests turn."""

from __future__ import annotations

import datetime
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pretend import ANNA, fake

from acme_server import AcmeServer, fetched
from mailroom.core.problems import ApplyFailed, Invalid, Problem
from mailroom.core.settings import AllValues
from mailroom.flows.acme import Renewal
from mailroom.flows.certificate import Certificates
from mailroom.flows.setting import Settings
from mailroom.tls import account, self_signed
from mailroom.tls.acme import Acme, AcmeFailed
from mailroom.tls.challenge import Listener
from mailroom.tls.kept import Kept
from mailroom.tls.served import Certificate, of_file

HOUR_S, DAY_S = 3_600.0, 86_400.0
NAME = "mail.example.com"


class Clock:
    def __init__(self) -> None:
        self.time = datetime.datetime.now(datetime.UTC).timestamp() + 60

    def now(self) -> float:
        return self.time

    elapsed = now

    def pass_(self, seconds: float) -> None:
        self.time += seconds


class House:
    """Settings, certificates and renewal, with an authority on loopback."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.clock, self.folder = settings, Clock(), folder
        self.kept, self.shown, self.listener = Kept(folder / "tls"), [], Listener(("127.0.0.1",), 0)
        self.kept.folder.mkdir()
        self.apply("mail_delivery.general", domain="example.com", hostname=NAME)
        self_signed.settle(self.kept, NAME, self.clock.now())
        self.stories = Certificates(settings, settings.events, self.kept, self.clock, self.look, self.clock.pass_)
        self.server = AcmeServer(folder, self.reached)
        self.renewal = self.again()

    def again(self) -> Renewal:
        """As the next process has it."""
        return Renewal(
            self.settings,
            self.stories,
            self.kept.folder / "acme.json",
            self.clock,
            self.ask,
            self.listen,
            lambda id, title, *_, **__: self.shown.append(title),
            lambda id: self.shown.clear(),
        )

    def reached(self, name: str, path: str) -> bytes:
        return fetched(f"http://127.0.0.1:{self.listener.port}{path}")

    def look(self, *_: Any) -> Certificate:
        return of_file(self.kept.link / "cert.pem")

    def listen(self, addresses: Any, port: int) -> Listener:
        self.listener = Listener(("127.0.0.1",), 0)
        return self.listener

    def ask(self, directory: str, publish: Callable[[dict[str, str]], None], names: list[str], email: str) -> Any:
        key = account.key(self.folder / "account.pem")
        return Acme(directory, key, publish, roots=self.server.roots).obtain(names, email)

    def apply(self, page: str, **values: Any) -> None:
        self.settings.apply(self.settings.current().number, {page: values}, ANNA)

    def enable(self, **more: Any) -> None:
        self.apply("service.acme", enabled=True, directory=self.server.directory, **more)

    def values(self) -> AllValues:
        return self.settings.values()

    def due_in(self) -> float:
        due = self.renewal.due(self.values())
        assert due is not None
        return due - self.clock.now()

    def told(self) -> list[str]:
        return [one["text"] for one in self.settings.events.newest(kind="certificate")]

    def source(self) -> str:
        current = self.kept.current()
        return str(current and current.note["source"])


@pytest.fixture
def house(settings: Settings, tmp_path: Path) -> Iterator[House]:
    made = House(settings, tmp_path)
    with made.server:
        yield made


def test_the_hosts_of_mta_sts_are_asked_for_as_well(house: House) -> None:
    """X06-08: as long as something is announced; another certificate is due when that begins."""
    house.enable(mta_sts=True)
    house.renewal.get()
    assert of_file(house.kept.link / "cert.pem").names == (NAME,)
    house.apply("mail_delivery.security", mta_sts_mode="testing")
    assert house.due_in() <= 0
    house.renewal.get()
    found = of_file(house.kept.link / "cert.pem")
    assert found.names == (NAME, "mta-sts.example.com") and house.due_in() > DAY_S


def test_switched_off_nothing_is_asked(house: House) -> None:
    house.renewal.look()
    assert house.renewal.due(house.values()) is None and not house.server.posts
    with pytest.raises(Invalid):
        house.renewal.get()


def test_switched_on_one_is_got_and_put_in_force(house: House) -> None:
    house.enable(names=["Autodiscover.example.com"], email="anna@example.com")
    house.renewal.look()
    assert of_file(house.kept.link / "cert.pem").names == (NAME, "autodiscover.example.com")
    known = house.renewal.read()
    assert house.source() == "acme" and (known["ok"], known["failures"], known["text"]) == (True, 0, "")
    assert fake(house.settings).reloaded[-1] == ["dovecot", "postfix"]
    assert "is in force" in house.told()[0] and not house.shown
    assert stat.S_IMODE((house.folder / "account.pem").stat().st_mode) == 0o600


def test_renewed_when_a_third_of_its_life_is_left_and_not_before(house: House) -> None:
    house.enable()
    house.renewal.look()
    assert house.server.issued() == 1 and house.due_in() == pytest.approx(60 * DAY_S, abs=HOUR_S)
    house.clock.pass_(house.due_in() - 60)
    house.renewal.look()
    assert house.server.issued() == 1
    house.clock.pass_(120)
    house.renewal.look()
    assert house.server.issued() == 2


@pytest.mark.parametrize("days", [6.0, 47.0])
def test_short_lives_are_renewed_in_time(house: House, days: float) -> None:
    house.server.days = days
    house.enable()
    house.renewal.look()
    assert house.due_in() == pytest.approx(days * 2 / 3 * DAY_S, rel=0.01)


@pytest.mark.parametrize("change", ["name", "hostname"])
def test_another_name_needs_another_certificate(house: House, change: str) -> None:
    house.enable()
    house.renewal.look()
    if change == "name":
        house.apply("service.acme", names=["mta-sts.example.com"])
    else:
        house.apply("mail_delivery.general", hostname="mx.example.com")
    assert house.due_in() <= 0
    house.renewal.look()
    assert house.server.issued() == 2 and house.due_in() > DAY_S


def test_who_is_refused_asks_again_later_and_later(house: House) -> None:
    house.server.refuses = "no such name"
    house.enable()
    waits = []
    for _ in range(7):
        house.renewal.look()
        waits.append(round(house.due_in() / HOUR_S))
        # Another process knows, too, and does not ask before its time.
        house.renewal = house.again()
        posts = len(house.server.posts)
        house.renewal.look()
        assert len(house.server.posts) == posts
        house.clock.pass_(house.due_in() + 1)
    assert waits == [1, 2, 4, 8, 16, 24, 24] and len(house.told()) == 7
    known = house.renewal.read()
    assert known["failures"] == 7 and "no such name" in known["text"] and "to port 5281 of this NAS" in known["next"]
    assert house.shown == ["No certificate could be got"] and house.source() == "self_signed"
    house.server.refuses = ""
    house.renewal.look()
    assert house.source() == "acme" and house.renewal.read()["failures"] == 0 and not house.shown


def test_changed_settings_are_tried_at_once(house: House) -> None:
    house.server.refuses = "no such name"
    house.enable(names=["wrong.example.com"])
    house.renewal.look()
    assert house.due_in() > 0
    house.server.refuses = ""
    house.apply("service.acme", names=[])
    house.renewal.look()
    assert house.source() == "acme"


@pytest.mark.parametrize(("wish", "hours"), [("7200", 24), (str(3 * 86_400), 72)])
def test_a_rate_limit_is_kept_to(house: House, wish: str, hours: int) -> None:
    house.server.rate_limited = wish
    house.enable()
    house.renewal.look()
    assert round(house.due_in() / HOUR_S) == hours and "gives out no more for now" in house.told()[0]


def test_an_authority_that_is_down(house: House) -> None:
    house.enable()
    house.server.__exit__()
    house.renewal.look()
    assert "localhost does not answer" in house.told()[0] and house.source() == "self_signed"


def test_a_port_that_is_taken(house: House) -> None:
    def taken(*_: Any) -> Any:
        raise OSError(98, "Address already in use")

    house.enable()
    house.renewal.listen = taken
    with pytest.raises(AcmeFailed) as failed:
        house.renewal.get()
    assert failed.value.message == "Port 5281 cannot be listened on (Address already in use)."


def test_a_clock_that_is_behind_is_told(house: House) -> None:
    """The new certificate begins later than now: nobody would take it, and the message says where to look."""
    house.enable()
    house.clock.pass_(-2 * DAY_S)
    with pytest.raises(Problem) as failed:
        house.renewal.get()
    assert "begins only on" in failed.value.message and "clock" in house.renewal.read()["next"]
    assert house.source() == "self_signed"


def test_one_that_is_not_served_is_taken_back_and_told(house: House) -> None:
    house.enable()
    fake(house.settings).breaks = "reload"
    with pytest.raises(ApplyFailed):
        house.renewal.get()
    assert house.source() == "self_signed" and house.renewal.read()["failures"] == 1


def test_by_hand_is_refused_meanwhile(house: House) -> None:
    house.enable()
    house.renewal.look()
    for act in (
        lambda: house.stories.put("aGk=", "anna", "here"),
        lambda: house.stories.use("1", "anna", "here"),
    ):
        with pytest.raises(Invalid) as refused:
            act()
        assert refused.value.code == "acme_enabled"
    house.apply("service.acme", enabled=False)
    house.stories.use("1", "anna", "here")
    assert house.source() == "self_signed"


def test_a_note_that_is_damaged_costs_nothing(house: House) -> None:
    house.enable()
    (house.kept.folder / "acme.json").write_text("{")
    house.renewal.look()
    assert house.source() == "acme"
