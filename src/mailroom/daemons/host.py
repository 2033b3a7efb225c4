"""What the machine beneath is like, read afresh for each rendering."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import subprocess
from pathlib import Path

from mailroom.core import paths
from mailroom.core.lines import lines
from mailroom.daemons import interfaces, mail_place
from mailroom.daemons.places import RESOLVER
from mailroom.daemons.shape import HostFacts

DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
HOST_RESOLV_CONF = paths.RUN / "outside" / "root" / "etc" / "resolv.conf"


def lan_networks() -> tuple[str, ...]:
    """The networks of the NAS's own interfaces, without loopback and without global addresses' link-local ones."""
    asked = subprocess.run(("ip", "-j", "addr", "show", "up"), capture_output=True, text=True, timeout=5, check=False)
    found = []
    for interface in json.loads(asked.stdout or "[]"):
        for entry in interface.get("addr_info", []):
            address = ipaddress.ip_interface(f"{entry['local']}/{entry['prefixlen']}")
            if not address.is_loopback and not address.is_link_local:
                found.append(str(address.network))
    return tuple(sorted(set(found)))


def dns_servers(file: Path = HOST_RESOLV_CONF) -> tuple[str, ...]:
    """The DNS servers that the NAS itself uses (resolv.conf(5)), without our own resolver."""
    try:
        known = lines(file.read_text())
    except OSError:
        return ()
    named = [line.split()[1] for line in known if line.startswith("nameserver") and len(line.split()) > 1]
    return tuple(server.partition("%")[0] for server in named if server != RESOLVER)


def dns_search(file: Path = HOST_RESOLV_CONF) -> tuple[str, ...]:
    """The domains in which the NAS looks for short names (resolv.conf(5), search and domain): the office's own."""
    try:
        known = [line.lower().split() for line in lines(file.read_text())]
    except OSError:
        return ()
    named = [name.strip(".") for line in known if line and line[0] in ("search", "domain") for name in line[1:]]
    return tuple(dict.fromkeys(name for name in named if len(name) < 254 and DOMAIN.fullmatch(name)))


def read(accounts_synced: bool) -> HostFacts:
    """All facts of this machine."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1024 * 1024)
    return HostFacts(
        lan_networks=lan_networks(),
        dns_servers=dns_servers(),
        dns_search=dns_search(),
        accounts_synced=accounts_synced,
        processors=os.cpu_count() or 1,
        memory_mb=memory_mb,
        interfaces=interfaces.listening(interfaces.interfaces()),
        mail_missing=mail_place.missing(),
    )
