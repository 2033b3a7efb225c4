"""The NAS's network interfaces, with the names that DSM's Control Panel gives them (row PR08)."""

from __future__ import annotations

import ipaddress
import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailroom.core import paths

SCRIPTS = paths.RUN / "outside" / "root" / "etc" / "sysconfig" / "network-scripts"
# Open vSwitch takes a port's addresses to a twin of it; Control Panel goes on calling it "LAN 1".
TWIN = "ovs_"
NUMBERED = (("eth", "LAN"), ("bond", "Bond"), ("wlan", "Wi-Fi"))
SINGLE = {"ppp0": "PPPoE", "pppoe": "PPPoE"}
# Of containers, virtual machines, tunnels and switches: nobody plugs a cable in there.
NOT_OURS = re.compile(r"lo|docker|veth|br-|virbr|vnet|sit|ip6tnl|gre|tun|tap|ovs-|dummy|ifb|teql|wg")


@dataclass(frozen=True)
class Interface:
    """One interface. dynamic: whether its address comes from somebody else (DHCP, PPP); None when nobody says."""

    id: str
    title: str
    addresses: tuple[str, ...]
    dynamic: bool | None
    up: bool


def interfaces(scripts: Path = SCRIPTS) -> tuple[Interface, ...]:
    """The interfaces on which one could listen, in DSM's order."""
    asked = subprocess.run(("ip", "-j", "addr", "show"), capture_output=True, text=True, timeout=5, check=False)
    found = (_interface(facts, scripts) for facts in json.loads(asked.stdout or "[]"))
    return tuple(sorted((one for one in found if one is not None), key=lambda one: _place(one.id)))


def _interface(facts: dict[str, Any], scripts: Path) -> Interface | None:
    name = str(facts.get("ifname", ""))
    entries = facts.get("addr_info", [])
    addresses = tuple(str(entry["local"]) for entry in entries if _reaches_far(entry["local"]))
    if not name or NOT_OURS.match(name) or (facts.get("master") and not addresses):
        return None
    if not addresses and title(name) == name:
        return None
    dynamic = _dynamic(name, scripts)
    if dynamic is None and any(entry.get("dynamic") and entry.get("family") == "inet" for entry in entries):
        # The kernel was told when the address runs out: a lease (ip-address(8)).
        dynamic = True
    return Interface(name, title(name), addresses, dynamic, "UP" in facts.get("flags", []) and _has_cable(facts))


def _reaches_far(address: str) -> bool:
    known = ipaddress.ip_address(address)
    return not (known.is_loopback or known.is_link_local)


def _has_cable(facts: dict[str, Any]) -> bool:
    return facts.get("operstate") != "DOWN" and "NO-CARRIER" not in facts.get("flags", [])


def serves_cluster(name: str) -> bool:
    """Whether a high-availability cluster can bind it: a local network or a bond, with a fixed address (row PR09)."""
    return title(name).startswith(("LAN ", "Bond "))


def title(name: str) -> str:
    """What Control Panel calls it; its own name when Control Panel does not know it.

    >>> title("ovs_eth1"), title("bond0"), title("eth0.5"), title("ppp0")
    ('LAN 2', 'Bond 1', 'eth0.5', 'PPPoE')
    """
    known = name.removeprefix(TWIN)
    if known in SINGLE:
        return SINGLE[known]
    for stem, word in NUMBERED:
        number = known.removeprefix(stem)
        if number != known and number.isdigit():
            return f"{word} {int(number) + 1}"
    return name


def _place(name: str) -> tuple[int, str]:
    shown = title(name)
    first = next((turn for turn, (_, word) in enumerate(NUMBERED) if shown.startswith(f"{word} ")), len(NUMBERED))
    return first, shown


def _dynamic(name: str, scripts: Path) -> bool | None:
    """What DSM's own file says (ifcfg-NAME, BOOTPROTO): True for dhcp and PPPoE, False for a fixed address."""
    if title(name) == "PPPoE":
        return True
    try:
        text = (scripts / f"ifcfg-{name}").read_text(errors="replace")
    except OSError:
        return None
    told = re.search(r"^[ \t]*BOOTPROTO[ \t]*=[ \t]*[\"']?(\w+)", text, re.MULTILINE)
    return {"dhcp": True, "static": False, "none": False}.get(told[1].lower()) if told else None


def listening(known: Iterable[Interface]) -> dict[str, tuple[str, ...]]:
    """{name that may have been chosen: where to listen then}, twins under both their names."""
    found = {one.id: one.addresses for one in known if one.addresses}
    for name, addresses in list(found.items()):
        found.setdefault(name.removeprefix(TWIN) if name.startswith(TWIN) else TWIN + name, addresses)
    return found
