"""Trusted networks with strangers in them, and relays that are this machine: said before an Apply."""

from __future__ import annotations

from typing import Any

import pytest

from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues, defaults
from mailroom.flows import relay
from mailroom.flows.trusted_networks import PAGE, advise


def values(**changes: Any) -> AllValues:
    found = defaults()
    found[PAGE].update(changes)
    return found


@pytest.mark.parametrize(
    ("named", "own", "told"),
    [
        (["192.168.1.0/24", "fd00::/8"], [], []),
        (["192.168.1.0/24", "198.51.100.0/24"], [], ["198.51.100.0/24"]),
        (["2001:db8::/64"], [], ["2001:db8::/64"]),
        ([], ["10.0.0.0/24", "203.0.113.0/26"], ["203.0.113.0/26"]),
        (["10.0.0.0/24"], ["203.0.113.0/26"], []),
    ],
)
def test_public_networks_are_told(named: list[str], own: list[str], told: list[str]) -> None:
    after = values(skip_auth_on_lan=True, lan_networks=named)
    found = advise(values(), after, lambda: own)
    assert [one["text"].split()[0] for one in found] == told
    assert advise(after, after, lambda: own) == []
    assert advise(values(), values(lan_networks=named), lambda: own) == []


def test_an_own_address_is_no_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "is_ours", lambda address: address == "192.0.2.1")
    before = defaults()
    after = defaults()
    after[relay.PAGE].update(enabled=True, server="192.0.2.1", always_tls=False)
    with pytest.raises(Invalid) as refused:
        relay.judge(before, after)
    assert refused.value.field == "server"
    after[relay.PAGE].update(server="192.0.2.9", sender_relays=[{"id": "one", "server": "192.0.2.1"}])
    with pytest.raises(Invalid) as refused:
        relay.judge(before, after)
    assert refused.value.field == "sender_relays/one/server"
    after[relay.PAGE].update(sender_relays=[{"id": "one", "server": "relay.example"}])
    relay.judge(before, after)
