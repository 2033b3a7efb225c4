"""The account story: from the host's list to Postfix's maps (rows AC01, DL11)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from account_house import House

from mailroom.accounts.sync import GONE_AFTER_S
from mailroom.core.problems import NotFound
from mailroom.flows.account import APPROVAL_S
from mailroom.flows.account_maps import HELD_REPLY


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
    usual = synced.settings.values()
    coming = {**usual, "mail_delivery.general": {**usual["mail_delivery.general"], "domain": "example.org"}}
    synced.accounts.prepare(coming)
    assert synced.map("recipients").keys() == {"anna@example.com", "anna@example.org"}
    synced.settings.domain = "example.org"
    synced.accounts.sync_now()
    assert synced.map("recipients").keys() == {"anna@example.org"} and synced.store.fact("domain") == "example.org"


def test_every_user_is_there_at_every_domain(synced: House) -> None:
    """Rows DL02, DL03, DL04."""
    synced.activate("anna")
    synced.settings.more = [{"id": "1", "domain": "example.net"}, {"id": "2", "domain": "example.org"}]
    synced.accounts.sync_now()
    assert synced.map("recipients").keys() == {"anna@example.com", "anna@example.net", "anna@example.org"}
    assert synced.map("recipients", local=True).keys() == {"anna@localhost.example.com"}
    assert synced.map("senders")["anna@example.net"] == "anna" and "abuse@example.org" in synced.map("aliases")
    domains = ["example.com", "example.net", "example.org", "localhost.example.com"]
    assert (synced.store.fact("domain"), synced.store.fact("domains")) == ("example.com", domains)
    synced.settings.more.pop()
    synced.accounts.sync_now()
    assert synced.map("recipients").keys() == {"anna@example.com", "anna@example.net"}


def test_a_lost_map_is_made_again(synced: House) -> None:
    synced.activate("anna")
    (synced.folder / "senders.lmdb").unlink()
    synced.accounts.sync_now()
    assert synced.map("senders") == {
        "anna@example.com": "anna", "abuse@example.com": "anna", "postmaster@example.com": "anna",
    }  # fmt: skip
    assert [path.name for path in synced.folder.iterdir() if path.name.startswith(".new")] == []


def test_bans_become_events_once(synced: House) -> None:
    synced.host.bans = [{"kind": "account", "value": "anna", "failures": 6, "until": 1.0}]
    for _ in range(2):
        synced.accounts._tell_new_bans()
    assert [text for kind, text in synced.events.told if kind == "signin"] == [
        "Too many failed sign-ins: account anna has to wait."
    ]


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
