"""The deliverability check's look at additional domains: the records that each domain has for itself (rows CL08, DL02).

Host name, address, ports and certificate are the server's, and looked at once. Several domains are looked at beside
each other, and none is begun when the time is over: so a hundred domains, or slow servers, hold nothing up.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from mailroom.core.settings import AllValues
from mailroom.flows import dns_records, doctor_dns, doctor_sts
from mailroom.flows.doctor_shape import Item, Outside, item
from mailroom.flows.own_policy import domains

LOG = logging.getLogger("mailroom.doctor")
RECORDS = ("mx", "spf", "dmarc", "mta_sts", "mta_sts_host", "tls_rpt")
AT_ONCE = 6
# None is begun later; how long its records and then the rest may take: 18 s in all.
BEGIN_WITHIN_S, RECORDS_S, STEP_S = 6.0, 5.0, 7.0


def look(values: AllValues, outside: Outside) -> list[Item]:
    """What there is to say of each additional domain, in the order of the settings."""
    further = domains(values)[1:]
    until = outside.clock.elapsed() + BEGIN_WITHIN_S
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda domain: _one(values, outside, domain, until), further))
    return [replace(one, domain=domain) for domain, items in zip(further, found, strict=True) for one in items]


def _one(values: AllValues, outside: Outside, domain: str, until: float) -> list[Item]:
    """The items of a domain; what fails inside is told, and takes nothing from the others."""
    if outside.clock.elapsed() > until:
        return [item("mx", "domain_not_looked", domain=domain)]
    try:
        checked = dns_records.check(values, {"domain": domain}, outside.dns, RECORDS, RECORDS_S)
        return [*_records(values, outside, checked), *_announced(values, outside, checked)]
    except Exception:
        LOG.exception("%s could not be looked at", domain)
        return [item("mx", "broken")]


def _records(values: AllValues, outside: Outside, checked: dict[str, Any]) -> list[Item]:
    records = {one["id"]: one for one in checked["records"]}
    told = [doctor_dns.as_item(one) for id, one in records.items() if id != "spf"]
    return [*told, doctor_dns.sender_policy(values, outside, checked, records["spf"], STEP_S)]


def _announced(values: AllValues, outside: Outside, checked: dict[str, Any]) -> list[Item]:
    """As of the main domain; that it is switched off is said once, there."""
    return [one for one in doctor_sts.look(values, outside, checked) if one.code != "sts_off"]
