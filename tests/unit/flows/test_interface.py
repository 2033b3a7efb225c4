"""Following the addresses of the network interface that was chosen (row PR08)."""

from __future__ import annotations

from typing import Any

import pytest
from pretend import ANNA

from mailroom.core.problems import ApplyFailed, Invalid
from mailroom.daemons.interfaces import Interface
from mailroom.flows import interface, setting_history
from mailroom.flows.interface import CONDITION, PAGE, Watch
from mailroom.flows.setting import Settings


class World:
    """Interfaces that come and go. again: how often the daemons were rendered."""

    def __init__(self, settings: Settings) -> None:
        self.known = [Interface("eth0", "LAN 1", ("192.0.2.2",), True, True)]
        self.lasting: dict[str, str] = {}
        self.again, self.breaks = 0, False
        self.watch = Watch(settings, lambda: self.known, self._again, self._report, self._clear)

    def _again(self, settings: Settings) -> None:
        if self.breaks:
            raise ApplyFailed("no")
        self.again += 1

    def _report(self, id: str, title: str, text: str, next_step: str) -> None:
        self.lasting[id] = title

    def _clear(self, id: str) -> None:
        self.lasting.pop(id, None)


@pytest.fixture
def world(settings: Settings) -> World:
    return World(settings)


def test_a_new_address_is_followed_once(world: World) -> None:
    world.watch.look()
    world.watch.look()
    assert world.again == 1
    world.known = [Interface("eth0", "LAN 1", ("192.0.2.77",), True, True)]
    world.watch.look()
    world.watch.look()
    assert world.again == 2 and world.lasting == {}


def test_what_cannot_be_followed_is_tried_again(world: World) -> None:
    world.breaks = True
    world.watch.look()
    world.breaks = False
    world.watch.look()
    assert world.again == 1


def test_an_interface_without_address_is_told_until_it_is_back(settings: Settings, world: World) -> None:
    settings.apply(1, {PAGE: {"interface": "eth0"}}, ANNA)
    world.watch.look()
    assert world.lasting == {}
    there, world.known = world.known, [Interface("eth0", "LAN 1", (), True, False)]
    world.watch.look()
    assert "eth0" in world.lasting[CONDITION] and world.again == 2
    world.known = there
    world.watch.look()
    assert world.lasting == {} and world.again == 3


@pytest.mark.parametrize(("chosen", "word"), [("eth1", "no address"), ("eth9", "no network interface")])
def test_nobody_shuts_the_server_off_by_choosing(settings: Settings, chosen: str, word: str) -> None:
    known = [Interface("eth0", "LAN 1", ("192.0.2.2",), None, True), Interface("eth1", "LAN 2", (), None, False)]
    settings.judges.append(lambda before, after: interface.refuse_unreachable(before, after, lambda: known))
    for ask in (
        lambda wanted: settings.apply(1, wanted, ANNA),
        lambda wanted: setting_history.preview(settings, wanted, 1),
    ):
        with pytest.raises(Invalid, match=word) as refused:
            ask({PAGE: {"interface": chosen}})
        assert refused.value.field == "interface" and "eth0 (LAN 1)" in (refused.value.next or "")
    assert settings.current().number == 1
    settings.apply(1, {PAGE: {"interface": "eth0"}}, ANNA)
    known.clear()
    # What was chosen before stays, also when something else changes.
    settings.apply(2, {PAGE: {"public_address": "192.0.2.9"}}, ANNA)
    settings.apply(3, {PAGE: {"interface": "all"}}, ANNA)


def test_the_page_offers_what_is_there(settings: Settings) -> None:
    known = [Interface("ovs_eth0", "LAN 1", ("192.0.2.2",), None, True), Interface("eth1", "LAN 2", (), None, False)]
    page: dict[str, Any] = interface.with_choices(setting_history.read(settings, PAGE), lambda: known)
    field = page["schema"]["properties"]["interface"]
    assert field["enum"] == ["all", "ovs_eth0", "eth1"] and page["values"]["interface"] == "all"
    assert field["x-ui"]["labels"]["ovs_eth0"] == "LAN 1 (192.0.2.2)"
    assert "no address" in field["x-ui"]["labels"]["eth1"]
    first, *others = interface.choices(lambda: known)
    assert (first["id"], first["addresses"]) == ("", ["192.0.2.2"]) and [one["id"] for one in others] == [
        "ovs_eth0",
        "eth1",
    ]


@pytest.mark.parametrize(
    ("chosen", "told"), [("ppp0", ["PPPoE"]), ("wlan0", ["Wi-Fi"]), ("bond0", []), ("ovs_eth1", []), ("all", [])]
)
def test_what_cannot_be_in_a_cluster_is_told(chosen: str, told: list[str]) -> None:
    """PR09: one server may bind it, two may not."""
    before, after = ({PAGE: {"interface": name}} for name in ("eth0", chosen))
    found = interface.advise(before, after)
    assert [one["text"].split()[0] for one in found] == told and interface.advise(after, after) == []
