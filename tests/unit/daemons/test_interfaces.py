"""The NAS's interfaces as DSM names them, and where the daemons listen when one was chosen (row PR08)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mailroom.core.settings import clean, defaults
from mailroom.daemons import interfaces
from mailroom.daemons.dovecot.daemon import DAEMON as DOVECOT
from mailroom.daemons.dovecot.daemon import doors_in as dovecot_doors_in
from mailroom.daemons.interfaces import Interface
from mailroom.daemons.postfix.daemon import DAEMON as POSTFIX
from mailroom.daemons.postfix.daemon import doors_in
from mailroom.daemons.shape import Facts, HostFacts


def link(name: str, *addresses: str, **more: Any) -> dict[str, Any]:
    entries = [{"family": "inet6" if ":" in one else "inet", "local": one, "prefixlen": 24} for one in addresses]
    return {"ifname": name, "flags": ["UP"], "operstate": "UP", "addr_info": entries, **more}


def seen(monkeypatch: pytest.MonkeyPatch, scripts: Path, *links: dict[str, Any]) -> tuple[Interface, ...]:
    told = subprocess.CompletedProcess((), 0, json.dumps(links), "")
    monkeypatch.setattr(interfaces.subprocess, "run", lambda *_, **__: told)
    return interfaces.interfaces(scripts)


def test_interfaces_have_the_names_of_control_panel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ifcfg-eth0").write_text('DEVICE=eth0\nBOOTPROTO="dhcp"\n')
    (tmp_path / "ifcfg-bond0").write_text("BOOTPROTO=static\n")
    leased = link("wlan0", "192.0.2.7")
    leased["addr_info"][0]["dynamic"] = True
    found = seen(
        monkeypatch,
        tmp_path,
        link("lo", "127.0.0.1"),
        link("docker0", "172.17.0.1"),
        link("ppp0", "198.51.100.9"),
        link("bond0", "192.0.2.5"),
        link("eth2", master="bond0"),
        link("eth1", "fe80::1", operstate="DOWN"),
        link("eth0", "192.0.2.2", "2001:db8::2", "fe80::2"),
        leased,
        link("lan9", "192.0.2.99"),
    )
    assert [(one.id, one.title) for one in found] == [
        ("eth0", "LAN 1"),
        ("eth1", "LAN 2"),
        ("bond0", "Bond 1"),
        ("wlan0", "Wi-Fi 1"),
        ("ppp0", "PPPoE"),
        ("lan9", "lan9"),
    ]
    by_id = {one.id: one for one in found}
    assert by_id["eth0"].addresses == ("192.0.2.2", "2001:db8::2") and by_id["eth1"].addresses == ()
    assert by_id["eth0"].up and not by_id["eth1"].up
    told = {one.id: one.dynamic for one in found}
    assert told == {"eth0": True, "eth1": None, "bond0": False, "wlan0": True, "ppp0": True, "lan9": None}


def test_a_port_under_open_vswitch_is_the_same_lan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = seen(monkeypatch, tmp_path, link("eth0", master="ovs-system"), link("ovs_eth0", "192.0.2.2"))
    assert [(one.id, one.title) for one in found] == [("ovs_eth0", "LAN 1")]
    assert interfaces.listening(found) == {"ovs_eth0": ("192.0.2.2",), "eth0": ("192.0.2.2",)}


def facts(chosen: str, **known: tuple[str, ...]) -> Facts:
    settings = defaults()
    settings["service.interface"]["interface"] = chosen
    return Facts(settings, HostFacts(interfaces=known))


# The portal's, and where forwarded mail comes round again.
OWN = {("127.0.0.1", 5587), ("127.0.0.1", 5589)}


@pytest.mark.parametrize(
    ("told", "ports", "dovecot"),
    [
        (facts("all", eth0=("192.0.2.2",)), {("*", 25), ("*", 465), ("*", 587)}, "*, ::"),
        (
            facts("eth0", eth0=("192.0.2.2", "2001:db8::2"), eth1=("192.0.2.3",)),
            {(where, port) for where in ("127.0.0.1", "192.0.2.2", "2001:db8::2") for port in (25, 465, 587)},
            "127.0.0.1, 192.0.2.2, 2001:db8::2",
        ),
        (facts("eth0", eth1=("192.0.2.3",)), {("127.0.0.1", port) for port in (25, 465, 587)}, "127.0.0.1"),
    ],
    ids=["all", "one", "gone"],
)
def test_daemons_listen_where_it_was_chosen_and_nowhere_else(
    told: Facts, ports: set[tuple[str, int]], dovecot: str
) -> None:
    assert doors_in(POSTFIX.files(told)["master.cf"]) == POSTFIX.doors(told) == {*OWN, *ports}
    assert dovecot_doors_in(DOVECOT.files(told)["dovecot.conf"]) == DOVECOT.doors(told)
    assert {address for address, _ in DOVECOT.doors(told)} == {"127.0.0.1", *(address for address, _ in ports)}
    assert f"\nlisten = {dovecot}\n" in DOVECOT.files(told)["dovecot.conf"]


def test_without_the_volume_with_the_mail_nothing_takes_mail() -> None:
    there, gone = Facts(defaults()), Facts(defaults(), HostFacts(mail_missing="/volume2"))
    assert POSTFIX.wanted(there) and DOVECOT.wanted(there)
    assert not POSTFIX.wanted(gone) and not DOVECOT.wanted(gone)


@pytest.mark.parametrize("text", ["192.0.2.300", "mail.example.com", "127.0.0.1", "0.0.0.0", "fe80::1"])
def test_a_public_address_is_one(text: str) -> None:
    with pytest.raises(Exception) as refused:
        clean("service.interface", {"public_address": text})
    assert refused.value.field == "public_address"  # type: ignore[attr-defined]
