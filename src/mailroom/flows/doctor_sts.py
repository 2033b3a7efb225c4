"""The deliverability check's look at MTA-STS: whether others get our policy, whether it keeps mail away (X06-08).

What its DNS records are is told with the other records (doctor_dns.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from mailroom.core import sts_policy
from mailroom.core.clock import day
from mailroom.core.problems import cause
from mailroom.core.settings import AllValues
from mailroom.core.sts_policy import HOST, RECORD, BadPolicy, Policy
from mailroom.daemons.shape import LOOPBACK
from mailroom.flows.doctor_shape import Item, Outside, item
from mailroom.monitor.policy_host import NotTrusted
from mailroom.tls.chain import is_known
from mailroom.tls.served import of_pem

STEP_S, FETCH_S = 2.5, 2.0


def look(values: AllValues, outside: Outside, checked: dict[str, Any]) -> list[Item]:
    """What there is to say of a domain. checked: what dns_records.check has found. Takes STEP_S and twice FETCH_S."""
    domain, found = checked["domain"], outside.dns.policy(values)
    if found is None:
        return asyncio.run(_off(outside, domain))
    told = [_policy(values, outside, domain, found)]
    return told if found.mode == "none" else [*told, _servers(values, outside, checked, found)]


async def _off(outside: Outside, domain: str) -> list[Item]:
    """Nothing is announced: so nothing should be said to be."""
    name = f"{RECORD}.{domain}"
    left = [one for one in await _asked(outside, name, "TXT") if sts_policy.is_record(one)]
    if left:
        return [item("mta_sts", "sts_left", found=left, name=name)]
    return [item("mta_sts", "sts_off", domain=domain)]


async def _asked(outside: Outside, name: str, *kinds: str) -> tuple[str, ...]:
    """All records of these kinds, as far as they come in time."""
    authority = outside.authority(STEP_S)
    asked = asyncio.gather(*(authority.ask(name, kind) for kind in kinds))
    try:
        return tuple(value for told in await asyncio.wait_for(asked, authority.left_s()) for value in told.values)
    except TimeoutError:
        return ()


def _policy(values: AllValues, outside: Outside, domain: str, ours: Policy) -> Item:
    """Whether others get our policy."""
    host, hostname = f"{HOST}.{domain}", values["mail_delivery.general"]["hostname"]
    addresses = asyncio.run(_asked(outside, host, "A", "AAAA"))
    if not addresses:
        return item("mta_sts_policy", "sts_policy_no_host", host=host)
    try:
        status, text, reached = _fetched(outside, addresses[0], host)
    except NotTrusted as reason:
        return item("mta_sts_policy", "sts_policy_certificate", expected=host, host=host, reason=cause(reason))
    except OSError as reason:
        return item("mta_sts_policy", "sts_policy_silent", host=host, reason=cause(reason))
    code, given = _read(status, text, ours, hostname)
    if code == "sts_policy_right":
        date = day(outside.dns.known_until(domain))
        code = "sts_policy_ends" if ours.mode == "none" else code if reached else "sts_policy_inside"
        return item("mta_sts_policy", code, host=host, date=date)
    expected = _line(ours) if given else ""
    told = {"host": host, "hostname": hostname, "status": str(status)}
    return item("mta_sts_policy", code, found=given, expected=expected, **told)


def _fetched(outside: Outside, address: str, host: str) -> tuple[int, str, bool]:
    """(HTTP status, text, whether it came from where the name leads). Raises NotTrusted, OSError."""
    try:
        return *outside.policy(address, host, FETCH_S), True
    except NotTrusted:
        raise
    except OSError as reason:
        # Many routers lead nobody from inside to their own public address.
        try:
            return *outside.policy(LOOPBACK, host, FETCH_S), False
        except NotTrusted:
            raise
        except OSError:
            raise reason from None


def _read(status: int, text: str, ours: Policy, hostname: str) -> tuple[str, tuple[str, ...]]:
    """(code, what was given) of what a sender was given."""
    try:
        theirs = sts_policy.parse(text) if status == 200 else None
    except BadPolicy:
        theirs = None
    if theirs is None:
        return "sts_policy_none", ()
    if theirs == ours:
        return "sts_policy_right", ()
    harmful = theirs.mode == "enforce" and not theirs.names(hostname)
    return ("sts_policy_harmful" if harmful else "sts_policy_other"), (_line(theirs),)


def _line(policy: Policy) -> str:
    return " · ".join(policy.text.split("\r\n")[1:-1])


def _servers(values: AllValues, outside: Outside, checked: dict[str, Any], policy: Policy) -> Item:
    """Whether mail would still come when others insist: each MX is named, and ours proves its name."""
    domain, hostname = checked["domain"], values["mail_delivery.general"]["hostname"]
    how = "refused" if policy.mode == "enforce" else "reported"
    servers = _exchanges(checked["records"])
    others = [one for one in servers if not policy.names(one)]
    if others:
        expected = ", ".join(policy.mx)
        return item("mta_sts_mx", f"sts_mx_{how}", found=others, expected=expected, domain=domain)
    if not _proves(outside, hostname):
        return item("mta_sts_mx", f"sts_mail_certificate_{how}", hostname=hostname)
    if not servers:
        return item("mta_sts_mx", "sts_mx_unknown", domain=domain)
    return item("mta_sts_mx", "sts_mx_right", domain=domain, hostname=hostname)


def _exchanges(records: Iterable[dict[str, Any]]) -> list[str]:
    """Where the MX records lead; nowhere when they are not known."""
    found: list[str] = next((one["found"] for one in records if one["id"] == "mx"), [])
    return [one.partition(" ")[2] for one in found if not one.endswith(" .")]


def _proves(outside: Outside, hostname: str) -> bool:
    """Whether the certificate of the mail services would do for servers that insist (RFC 8461 4.2)."""
    try:
        content = outside.certificate.read_bytes()
        known = of_pem(content)
        trusted = is_known(content, outside.roots)
    except (OSError, ValueError):
        return False
    return trusted and known.covers(hostname) and known.begins <= outside.clock.now() < known.ends
