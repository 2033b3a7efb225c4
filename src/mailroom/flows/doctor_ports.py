"""The deliverability check's look at port 25: outwards by trying it, inwards as far as one server can know (CL08)."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import re
from concurrent.futures import ThreadPoolExecutor

from mailroom.core.net import kind
from mailroom.core.settings import AllValues
from mailroom.daemons.listening import ANY
from mailroom.dns.authority import Authority
from mailroom.flows.doctor_shape import Item, Outside, item, relayed

SMTP = 25
STEP_S = 5.0
HOSTS_MAX = 3
NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}
READY = re.compile(r"220[ -]")


def outward(values: AllValues, outside: Outside) -> Item:
    """Whether a mail server of the chosen domain answers on port 25."""
    domain = values["server_management.check_options"]["outward_domain"]
    if relayed(values):
        return item("port_out", "port_out_relay")
    if not domain:
        return item("port_out", "port_out_off")
    hosts = asyncio.run(_mail_servers(outside, domain))
    if not hosts:
        return item("port_out", "port_out_no_name", domain=domain)
    with ThreadPoolExecutor(len(hosts)) as pool:
        heard = list(pool.map(lambda host: _heard(outside, host[1]), hosts))
    for (name, _), said in zip(hosts, heard, strict=True):
        if isinstance(said, str) and READY.match(said):
            return item("port_out", "port_out_open", found=(said,), host=name)
    for (name, _), said in zip(hosts, heard, strict=True):
        if isinstance(said, str):
            return item("port_out", "port_out_refuses", found=(said,), host=name)
    if all(said in NO_WAY for said in heard):
        return item("port_out", "port_out_no_way")
    return item("port_out", "port_out_closed", found=[name for name, _ in hosts], domain=domain)


def _heard(outside: Outside, address: str) -> str | int:
    """What a mail server says first; the error's number when it says nothing."""
    try:
        return outside.greeting(address, SMTP) or errno.ECONNRESET
    except OSError as reason:
        return reason.errno or errno.ETIMEDOUT


async def _mail_servers(outside: Outside, domain: str) -> list[tuple[str, str]]:
    """(name, address) of some of a domain's mail servers, the preferred ones first."""
    authority = outside.authority(STEP_S)
    told = await authority.resolve(domain, "MX")
    exchanges = sorted((int(value.partition(" ")[0]), value.partition(" ")[2]) for value in told.values)
    names = [name for _, name in exchanges[:HOSTS_MAX]]
    found = await asyncio.gather(*(_addresses(authority, name) for name in names))
    return [(name, address) for name, addresses in zip(names, found, strict=True) for address in addresses[:1]]


async def _addresses(authority: Authority, name: str) -> tuple[str, ...]:
    # IPv4 first: every mail server has it.
    return (await authority.resolve(name, "A")).values or (await authority.resolve(name, "AAAA")).values


def inward(values: AllValues, outside: Outside, hostname: str, address: str) -> Item:
    """Whether port 25 leads here, as far as that can be told from inside."""
    protocol = values["service.protocol"]
    port = protocol["smtp_port"]
    if not protocol["smtp_enabled"]:
        return item("port_in", "port_in_off")
    doors = outside.doors()
    if not any(number == port and (at == ANY or not ipaddress.ip_address(at).is_loopback) for at, number in doors):
        return item("port_in", "port_in_silent", port=str(port))
    if not address or kind(address) != "public":
        return item("port_in", "port_in_no_address", port=str(port))
    said = _heard(outside, address)
    if isinstance(said, int):
        return item("port_in", "port_in_unknown", port=str(port))
    if not READY.match(said) or said[4:].split(" ")[0].lower() != hostname:
        return item(
            "port_in", "port_in_other", found=(said,), expected=f"220 {hostname}", address=address, port=str(port)
        )
    own = address in outside.dns.own_addresses()
    return item("port_in", "port_in_own" if own else "port_in_answers", found=(said,), address=address)
