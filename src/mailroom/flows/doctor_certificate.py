"""The deliverability check's look at the certificate: its names, its days, and whether services show it (row CL08)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from mailroom.core.clock import day
from mailroom.core.problems import cause
from mailroom.core.settings import AllValues
from mailroom.daemons.shape import LOOPBACK
from mailroom.flows.doctor_shape import ANSWER_LIMIT_S, Item, Outside, item
from mailroom.tls.served import Certificate, Speaks, of_file

DAY_S = 86_400
SOON_DAYS = 21


def look(values: AllValues, outside: Outside) -> Item:
    """The worst thing about the certificate in force."""
    hostname = values["mail_delivery.general"]["hostname"]
    try:
        known = of_file(outside.certificate)
    except (OSError, ValueError) as reason:
        return item("certificate", "cert_unreadable", reason=cause(reason), expected=hostname)
    facts = {
        "date": day(known.ends),
        "issuer": known.issuer,
        "days": str(int((known.ends - outside.clock.now()) // DAY_S)),
        "hostname": hostname,
    }
    code = _in_itself(known, hostname, outside.clock.now())
    if code == "cert_not_yet":
        facts["date"] = day(known.begins)
    if code in ("cert_ended", "cert_not_yet", "cert_other_name"):
        return item("certificate", code, found=known.names, expected=hostname, **facts)
    shown = _as_shown(values, outside, known)
    return shown or item("certificate", code, found=known.names, expected=hostname, **facts)


def _in_itself(known: Certificate, hostname: str, now: float) -> str:
    if known.ends <= now:
        return "cert_ended"
    if known.begins > now:
        return "cert_not_yet"
    if not known.covers(hostname):
        return "cert_other_name"
    if known.ends - now < SOON_DAYS * DAY_S:
        return "cert_soon"
    if known.self_signed:
        return "cert_own"
    return "cert_right" if known.chain else "cert_alone"


def _as_shown(values: AllValues, outside: Outside, known: Certificate) -> Item | None:
    """What is wrong with how services show it: all that are on, each in its own way of speaking."""
    services = list(speaking(values))
    if not services:
        return None
    with ThreadPoolExecutor(len(services)) as pool:
        shown = list(pool.map(lambda one: _shown(outside, *one), services))
    for (_, port), found in zip(services, shown, strict=True):
        if isinstance(found, Certificate) and found.fingerprint != known.fingerprint:
            return item(
                "certificate", "cert_not_served", found=found.names, expected=", ".join(known.names), port=str(port)
            )
    for (_, port), found in zip(services, shown, strict=True):
        if isinstance(found, str):
            return item("certificate", "cert_silent", port=str(port), reason=found)
    return None


def _shown(outside: Outside, speaks: Speaks, port: int) -> Certificate | str:
    try:
        return outside.served(LOOPBACK, port, speaks, ANSWER_LIMIT_S)
    except (OSError, ValueError) as reason:
        return cause(reason)


def speaking(values: AllValues) -> Iterator[tuple[Speaks, int]]:
    """(how it speaks, its port) of each service that is on."""
    protocol = values["service.protocol"]
    services: tuple[tuple[str, Speaks, int], ...] = (
        ("smtp", "smtp", protocol["smtp_port"]),
        ("smtps", "smtps", protocol["smtps_port"]),
        ("submission", "smtp", protocol["submission_port"]),
        ("imap", "imap", 143),
        ("imaps", "imaps", 993),
        ("pop3", "pop3", 110),
        ("pop3s", "pop3s", 995),
        ("managesieve", "sieve", 4190),
    )
    return ((speaks, port) for name, speaks, port in services if protocol[f"{name}_enabled"])
