"""The account story from the host's list to Postfix's maps (rows AC01, AC06, AC07, LI01, LI02, SW12, DL11)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mailroom.accounts.sync import GONE_AFTER_S
from mailroom.core.problems import Invalid, NotFound, Unavailable
from mailroom.flows.account import APPROVAL_S, Accounts
from mailroom.flows.account_maps import HELD_REPLY, MapFiles, texts
from mailroom.store.accounts import Account, AccountStore

NAMES = ("admin", "anna", "bert", "carl", "dora", "emil", "fred")


def user(name: str, **facts: Any) -> dict[str, Any]:
    groups = ["administrators", "users"] if name == "admin" else ["users"]
    return {
        "name": name,
        "uid": 1000 + sum(map(ord, name)),
        "full_name": "",
        "disabled": False,
        "groups": groups,
        **facts,
    }


class Host:
    """The sign-in service's answers."""

    def __init__(self) -> None:
        self.users = [user(name) for name in NAMES]
        self.bans: list[dict[str, Any]] = []
        self.down = False

    def __call__(self, operation: str) -> Any:
        if self.down:
            raise Unavailable("signin does not answer.")
        return self.users if operation == "users" else {"bans": self.bans}


class Events:
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def add(self, kind: str, text: str, **facts: Any) -> int:
        self.told.append((kind, text))
        return len(self.told)


class Settings:
    def __init__(self) -> None:
        self.domain = "example.com"

    def values(self) -> dict[str, Any]:
        return {"mail_delivery.general": {"domain": self.domain}}


class Clock:
    def __init__(self) -> None:
        self.time_s = 1_000_000.0

    def now(self) -> float:
        return self.time_s

    elapsed = now


class House:
    def __init__(self, folder: Path) -> None:
        self.host, self.events, self.settings, self.clock = Host(), Events(), Settings(), Clock()
        self.store, self.refreshed, self.folder = AccountStore(folder / "accounts.sqlite"), 0, folder
        self.accounts = Accounts(
            self.store,
            self.events,  # type: ignore[arg-type]
            self.settings,  # type: ignore[arg-type]
            host=self.host,
            maps=MapFiles(folder, self.postmap),
            refresh=self.refresh,
            clock=self.clock,
        )

    def postmap(self, argv: Sequence[str]) -> None:
        source = Path(argv[-1].removeprefix("lmdb:"))
        source.with_suffix(".lmdb").write_text(source.read_text())

    def refresh(self, settings: Any) -> None:
        assert self.store.synced() and (self.folder / "recipients.lmdb").exists()
        self.refreshed += 1

    def activate(self, *names: str) -> dict[str, Any]:
        return self.accounts.apply(dict.fromkeys(names, "activate"), who="admin")

    def active(self) -> list[str]:
        return [account.key for account in self.store.all() if account.active]

    def map(self, name: str) -> dict[str, str]:
        lines = (self.folder / f"{name}.lmdb").read_text().splitlines()
        return dict(line.split("\t") for line in lines)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def synced(house: House) -> House:
    house.accounts.sync_now()
    return house


def test_nobody_is_unknown_before_the_first_sync(house: House) -> None:
    house.host.down = True
    assert house.accounts.sync_now()["state"] == "unreachable"
    assert not house.store.synced() and not (house.folder / "recipients.lmdb").exists() and house.refreshed == 0


def test_first_sync_makes_the_maps_and_then_says_so(synced: House) -> None:
    assert synced.store.synced() and synced.refreshed == 1
    assert synced.map("recipients") == {} and synced.active() == []
    synced.accounts.sync_now()
    assert synced.refreshed == 1
    assert synced.accounts.state()["state"] == "ok"


def test_a_host_without_users_is_not_a_first_sync(house: House) -> None:
    house.host.users = []
    assert house.accounts.sync_now()["state"] == "refused"
    assert not house.store.synced()


def test_five_get_seats_the_sixth_waits(synced: House) -> None:
    told = synced.activate("anna", "bert", "carl", "dora", "emil", "fred")
    assert told["seats"] == {"total": 5, "used_before": 0, "used_after": 5}
    assert {one["name"]: one["after"] for one in told["users"]}["fred"] == "waiting"
    assert "fred@example.com" not in synced.map("recipients")
    freed = synced.accounts.apply({"bert": "deactivate"})
    assert {one["name"]: (one["before"], one["after"]) for one in freed["users"]} == {
        "bert": ("activated", "not_activated"), "fred": ("waiting", "activated"),
    }  # fmt: skip
    assert synced.map("recipients").keys() == {
        f"{name}@example.com" for name in ("anna", "carl", "dora", "emil", "fred")
    }


def test_a_preview_changes_nothing(synced: House) -> None:
    told = synced.accounts.preview({"anna": "activate"})
    assert told["users"] == [{"name": "anna", "before": "not_activated", "after": "activated", "why": ""}]
    assert synced.active() == []


def test_the_page(synced: House) -> None:
    synced.host.users[2]["disabled"] = True
    synced.host.users.append(user("jürgen"))
    synced.accounts.sync_now()
    synced.activate("anna", "bert")
    page = synced.accounts.page(sort="-name", limit=3)
    assert (page["total"], [one["name"] for one in page["users"]]) == (8, ["jürgen", "fred", "emil"])
    assert page["seats"] == {"total": 5, "used": 1, "unused": 4}
    found = {one["name"]: one for one in synced.accounts.page()["users"]}
    shown = {
        name: (found[name]["status"], found[name]["info"], found[name]["active"]) for name in ("anna", "bert", "jürgen")
    }
    assert shown == {
        "anna": ("normal", "activated", True),
        "bert": ("deactivated", "not_activated", False),
        "jürgen": ("unsupported", "not_activated", False),
    }
    assert found["bert"]["choice"] == "activate" and found["jürgen"]["address"] == "" and found["jürgen"]["why"]
    assert [one["name"] for one in synced.accounts.page(search="ANN")["users"]] == ["anna"]
    with pytest.raises(Invalid):
        synced.accounts.page(sort="password")


def test_licences(synced: House) -> None:
    synced.activate("anna")
    told = synced.accounts.operations()["licences.list"]()
    assert (told["total"], told["used"], told["unused"]) == (5, 1, 4)
    assert told["licences"][0]["key"] == "DEFAULT FREE LICENSE" and told["licences"][0]["status"] == "Validated"


def test_bad_choices_change_nothing(synced: House) -> None:
    with pytest.raises(Invalid) as problem:
        synced.accounts.apply({"anna": "activate", "nobody": "activate", "bert": "maybe"})
    assert problem.value.more["fields"].keys() == {"nobody", "bert"}
    assert synced.active() == []


def test_a_disabled_user_frees_the_seat_at_once_and_waits_when_back(synced: House) -> None:
    synced.activate("anna", "bert", "carl", "dora", "emil", "fred")
    synced.host.users[1]["disabled"] = True
    synced.accounts.sync_now()
    assert synced.active() == ["bert", "carl", "dora", "emil", "fred"]
    synced.host.users[1]["disabled"] = False
    synced.accounts.sync_now()
    (anna,) = synced.accounts.page(search="anna")["users"]
    assert (anna["choice"], anna["info"], anna["active"]) == ("activate", "waiting", False)


def test_a_removed_user_is_held_then_unknown(synced: House) -> None:
    synced.activate("anna", "bert")
    anna = synced.host.users.pop(1)
    synced.accounts.sync_now()
    assert synced.active() == ["bert"]
    assert synced.map("held") == {"anna@example.com": HELD_REPLY} and "anna@example.com" in synced.map("recipients")
    synced.host.users.append(anna)
    synced.accounts.sync_now()
    assert synced.active() == ["anna", "bert"] and synced.map("held") == {}
    synced.host.users.remove(anna)
    synced.accounts.sync_now()
    synced.clock.time_s += GONE_AFTER_S
    synced.accounts.sync_now()
    assert synced.map("held") == {} and synced.map("recipients").keys() == {"bert@example.com"}
    assert synced.store.find("anna") is None


def test_a_sync_that_drops_many_is_refused_until_approved(synced: House) -> None:
    synced.activate("anna", "bert", "carl")
    left, synced.host.users = synced.host.users, synced.host.users[4:]
    told = synced.accounts.sync_now()
    assert told["state"] == "refused" and told["refused"]["would_drop"] == ["admin", "anna", "bert", "carl"]
    assert synced.active() == ["anna", "bert", "carl"], "mail goes on"
    synced.accounts.sync_now()
    assert sum(kind == "sync" and "refused" in text for kind, text in synced.events.told) == 1
    synced.host.users = left
    assert synced.accounts.sync_now()["state"] == "ok"
    synced.host.users = left[4:]
    synced.accounts.sync_now()
    assert synced.accounts.approve(who="admin")["state"] == "ok" and synced.active() == []
    with pytest.raises(NotFound):
        synced.accounts.approve()


def test_an_approval_does_not_last(synced: House) -> None:
    left, synced.host.users = synced.host.users, []
    synced.accounts.sync_now()
    synced.host.users = left
    synced.accounts.approve()
    synced.clock.time_s += APPROVAL_S + 1
    synced.host.users = []
    assert synced.accounts.sync_now()["state"] == "refused"


def test_a_host_that_is_down_changes_nothing(synced: House) -> None:
    synced.activate("anna")
    synced.host.down = True
    assert synced.accounts.sync_now()["state"] == "unreachable"
    assert synced.active() == ["anna"] and synced.accounts.state()["last"] == synced.clock.time_s


def test_another_domain_reaches_the_maps_also_while_the_host_is_down(synced: House) -> None:
    synced.activate("anna")
    synced.host.down = True
    synced.accounts.prepare_domain({"mail_delivery.general": {"domain": "example.org"}})
    assert synced.map("recipients").keys() == {"anna@example.com", "anna@example.org"}
    synced.settings.domain = "example.org"
    synced.accounts.sync_now()
    assert synced.map("recipients").keys() == {"anna@example.org"} and synced.store.fact("domain") == "example.org"


def test_a_lost_map_is_made_again(synced: House) -> None:
    synced.activate("anna")
    (synced.folder / "senders.lmdb").unlink()
    synced.accounts.sync_now()
    assert synced.map("senders") == {
        "anna@example.com": "anna", "abuse@example.com": "anna", "postmaster@example.com": "anna",
    }  # fmt: skip
    assert [path.name for path in synced.folder.iterdir() if path.name.startswith(".new")] == []


def test_postmaster_is_the_first_active_administrator() -> None:
    def seat(name: str, asked: float, admin: bool = False) -> Account:
        return Account(name, name, 1, admin=admin, choice="activate", asked=asked, seat=True)

    people = [seat("anna", 1.0), seat("late", 9.0, True), seat("boss", 5.0, True)]
    assert texts(people, ["d.de"])["aliases"] == "abuse@d.de\tboss@d.de\npostmaster@d.de\tboss@d.de\n"
    assert texts(people[:1], ["d.de"])["aliases"] == "abuse@d.de\tanna@d.de\npostmaster@d.de\tanna@d.de\n"
    own = texts([*people, seat("postmaster", 10.0)], ["d.de"])
    assert own["aliases"] == "abuse@d.de\tboss@d.de\n" and "postmaster@d.de\tpostmaster\n" in own["senders"]
    assert texts([], ["d.de"])["aliases"] == ""


def test_bans_become_events_once(synced: House) -> None:
    synced.host.bans = [{"kind": "account", "value": "anna", "failures": 6, "until": 1.0}]
    for _ in range(2):
        synced.accounts._tell_new_bans()
    assert [text for kind, text in synced.events.told if kind == "signin"] == [
        "Too many failed sign-ins: account anna has to wait."
    ]


def test_roles_follow_the_administrators(synced: House) -> None:
    assert [synced.store.role(name) for name in ("Admin", "anna", "nobody")] == ["admin", "user", None]


def test_a_full_disk_in_a_map_is_made_good_later(synced: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(argv: Sequence[str]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(synced.accounts.maps, "make", full)
    with pytest.raises(OSError):
        synced.activate("anna")
    assert synced.map("recipients") == {}
    monkeypatch.setattr(synced.accounts.maps, "make", synced.postmap)
    synced.accounts.sync_now()
    assert "anna@example.com" in synced.map("recipients")
