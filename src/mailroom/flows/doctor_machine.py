"""The deliverability check's look at the server itself: clock, protocols, who must wait to sign in (row CL08)."""

from __future__ import annotations

import asyncio
import ipaddress

from mailroom.core.problems import Problem
from mailroom.core.settings import AllValues
from mailroom.flows.doctor_shape import Item, Outside, item
from mailroom.monitor.time_server import NoTime

STEP_S = 5.0
# More than a network's delay explains; and what makes signatures and one-time codes fail.
OFF_S, WRONG_S = 5.0, 60.0
WAITING_MAX = 5
READING = (("imaps", "IMAP SSL/TLS"), ("imap", "IMAP"), ("pop3s", "POP3 SSL/TLS"), ("pop3", "POP3"))


def clock(values: AllValues, outside: Outside) -> Item:
    """The clock against the NTP server of the NAS, or the one that was chosen."""
    server = values["server_management.check_options"]["time_server"] or outside.host_time_server()
    if not server:
        return item("clock", "clock_no_server")
    address = asyncio.run(_address(outside, server))
    if not address:
        return item("clock", "clock_silent", server=server)
    try:
        off_s = outside.offset_s(address, STEP_S)
    except NoTime:
        return item("clock", "clock_no_time", server=server)
    except OSError:
        return item("clock", "clock_silent", server=server)
    code = "clock_right" if abs(off_s) <= OFF_S else "clock_off" if abs(off_s) <= WRONG_S else "clock_wrong"
    return item("clock", code, server=server, seconds=str(round(abs(off_s))))


async def _address(outside: Outside, server: str) -> str:
    try:
        return str(ipaddress.ip_address(server))
    except ValueError:
        authority = outside.authority(STEP_S)
        found = (await authority.resolve(server, "A")).values or (await authority.resolve(server, "AAAA")).values
        return found[0] if found else ""


def protocols(values: AllValues, outside: Outside) -> Item:
    """Whether mail programs can read and send at all."""
    protocol = values["service.protocol"]
    reading = [title for name, title in READING if protocol[f"{name}_enabled"]]
    if not reading:
        return item("protocols", "protocols_off", expected="IMAP SSL/TLS")
    sends = protocol["smtps_enabled"] or protocol["submission_enabled"]
    return item("protocols", "protocols_on" if sends else "protocols_no_sending", found=reading)


def sign_in(values: AllValues, outside: Outside) -> Item:
    """Whether somebody has to wait because of wrong passwords."""
    try:
        waiting = outside.bans()
    except Problem:
        return item("sign_in", "sign_in_silent")
    names = [str(one["value"]) for one in waiting[:WAITING_MAX]]
    return item("sign_in", "sign_in_waits", found=names) if names else item("sign_in", "sign_in_free")
