"""The records that a mail domain should have, with real values (guide ch. 2, rows SW09, SW10)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from mailroom.core import sts_policy, tls_reports
from mailroom.core.sts_policy import Policy
from mailroom.dns.address import reverse_name
from mailroom.flows.dns_words import say

TTL_S = 3600
MX_PRIORITY = 0
SPF, DMARC = "v=spf1 mx ~all", "v=DMARC1; p=none"
Type = Literal["A", "AAAA", "MX", "PTR", "TXT", "SRV", "CNAME"]
Needed = Literal["required", "recommended", "optional"]


@dataclass(frozen=True)
class Names:
    """Whose records: the mail domain, the host's name, and its public address, "" when that is not known.

    assumed: the address is only what the host's name leads to now.
    """

    domain: str
    hostname: str
    address: str
    assumed: bool = False

    @property
    def family(self) -> Literal["A", "AAAA"]:
        """The type of record that the address needs."""
        return "AAAA" if self.address and ipaddress.ip_address(self.address).version == 6 else "A"


@dataclass(frozen=True)
class Wanted:
    """One record that should be. value is "" when the address is not known; of a SRV it is weight, port and target."""

    id: str
    type: Type
    name: str
    value: str
    needed: Needed
    why: str
    priority: int | None = None

    def as_dict(self, names: Names) -> dict[str, Any]:
        """The form that the API gives; text and next say why and where it is entered."""
        said = say(self.why, domain=names.domain, hostname=names.hostname, address=names.address)
        told = {name: getattr(self, name) for name in ("id", "type", "name", "value", "priority")}
        words = {"text": said["text"], "next": said["next"], "values": said["values"]}
        return {**told, "ttl_s": TTL_S, "needed": self.needed, "why": self.why, **words}


def wanted(names: Names, services: Iterable[dict[str, Any]], policy: Policy | None = None) -> list[Wanted]:
    """Every record, the needed ones first. services: SRV records as flows/clients.py makes them.

    policy: what is announced by MTA-STS, if anything is.
    """
    domain, hostname, address = names.domain, names.hostname, names.address
    reports = f"{tls_reports.REPORTS_RECORD}.{domain}"
    made = [
        Wanted(names.family.lower(), names.family, hostname, address, "required", "why_a"),
        Wanted("mx", "MX", domain, hostname, "required", "why_mx", MX_PRIORITY),
    ]
    if address:
        made.append(Wanted("ptr", "PTR", reverse_name(address), hostname, "required", "why_ptr"))
    made += [
        Wanted("spf", "TXT", domain, SPF, "recommended", "why_spf"),
        Wanted("dmarc", "TXT", f"_dmarc.{domain}", DMARC, "recommended", "why_dmarc"),
        *(_announcing(names, policy) if policy else ()),
        Wanted("tls_rpt", "TXT", reports, tls_reports.reports_record(domain), "optional", "why_tls_rpt"),
        Wanted("autoconfig", "CNAME", f"autoconfig.{domain}", hostname, "optional", "why_autoconfig"),
        Wanted("autodiscover", "CNAME", f"autodiscover.{domain}", hostname, "optional", "why_autodiscover"),
    ]
    # The host's own name may be one of these: it cannot be its own alias.
    return [one for one in made if one.type != "CNAME" or one.name != hostname] + [_service(one) for one in services]


def _announcing(names: Names, policy: Policy) -> list[Wanted]:
    record, host = f"{sts_policy.RECORD}.{names.domain}", f"{sts_policy.HOST}.{names.domain}"
    why = "why_mta_sts_off" if policy.mode == "none" else "why_mta_sts"
    return [
        Wanted("mta_sts", "TXT", record, policy.record, "recommended", why),
        Wanted("mta_sts_host", "CNAME", host, names.hostname, "recommended", "why_mta_sts_host"),
    ]


def _service(srv: dict[str, Any]) -> Wanted:
    id = "srv" + srv["name"].partition("._tcp")[0]
    value = f"{srv['weight']} {srv['port']} {srv['target']}"
    return Wanted(id, "SRV", srv["name"], value, "optional", "why_service", srv["priority"])
