"""A small Internet for the deliverability check: name servers, blocklists, and everything else as if all were well."""

from __future__ import annotations

import errno
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from authority import Authority
from mailroom.core.settings import AllValues, defaults
from mailroom.core.sts_policy import Policy
from mailroom.dns.wire import Wire
from mailroom.flows import own_policy
from mailroom.flows.dns_records import World
from mailroom.flows.doctor import examine
from mailroom.flows.doctor_shape import Outside
from mailroom.tls import self_signed
from mailroom.tls.served import of_file
from name_servers import NameServer, NameServers

RESOLVER, ONE, PROVIDER, OTHER = "127.0.54.1", "127.0.54.11", "127.0.54.21", "127.0.54.31"
ADDRESS, IPV6 = "203.0.113.25", "2001:db8::25"
RANGE, REVERSE = "113.0.203.in-addr.arpa", "25.113.0.203.in-addr.arpa"
LIST, REFUSING, LYING, DEAD = "good.list.example", "refusing.list.example", "lying.list.example", "dead.list.example"
OURS = "25.113.0.203"
GREETINGS = {ADDRESS: "220 mail.example.com ESMTP", "198.51.100.9": "220 mx.big.example ready"}


class Net:
    """A small Internet: a resolver with blocklists, the domain's server, the provider's, and one of somebody else."""

    def __init__(self, servers: NameServers, folder: Path) -> None:
        self.servers = servers
        self.domain: dict[str, dict[str, list[str]]] = {
            "example.com": {"NS": ["ns1.example.com."], "MX": ["0 mail.example.com."], "TXT": ['"v=spf1 mx -all"']},
            "ns1.example.com": {"A": [ONE]},
            "mail.example.com": {"A": [ADDRESS]},
            "_dmarc.example.com": {"TXT": ['"v=DMARC1; p=none"']},
            "_smtp._tls.example.com": {"TXT": ['"v=TLSRPTv1; rua=mailto:postmaster@example.com"']},
        }
        self.back: dict[str, dict[str, list[str]]] = {
            RANGE: {"NS": ["ns.isp.example."]},
            REVERSE: {"PTR": ["mail.example.com."]},
        }
        self.other: dict[str, dict[str, list[str]]] = {
            "other.example": {"NS": ["ns.other.example."], "TXT": ['"v=spf1 ip4:198.51.100.0/24 -all"']},
            "ns.other.example": {"A": [OTHER]},
        }
        self.list: dict[str, dict[str, list[str]]] = {f"2.0.0.127.{LIST}": {"A": ["127.0.0.2"]}}
        lying = {f"{name}.{LYING}": {"A": ["198.51.100.9"]} for name in (OURS, "2.0.0.127", "1.0.0.127")}
        known = {
            "example.com": self.domain,
            "other.example": self.other,
            RANGE: {RANGE: self.back[RANGE]},
            "isp.example": {"isp.example": {"NS": ["ns.isp.example."]}, "ns.isp.example": {"A": [PROVIDER]}},
            LIST: self.list,
            REFUSING: {f"2.0.0.127.{REFUSING}": {"A": ["127.255.255.254"]}},
            LYING: lying,
            DEAD: {},
            "big.example": {"big.example": {"MX": ["5 mx.big.example."]}, "mx.big.example": {"A": ["198.51.100.9"]}},
        }
        self.resolver = servers.add(RESOLVER, NameServer(known, resolver=True))
        self.one = servers.add(ONE, NameServer({"example.com": self.domain}))
        self.provider = servers.add(PROVIDER, NameServer({RANGE: self.back}))
        self.third = servers.add(OTHER, NameServer({"other.example": self.other}))
        self.own: dict[str, bool | None] = {}
        # {address: what its web server gives as the policy, or how it fails}; until when a former policy may be known.
        self.web: dict[str, tuple[int, str] | OSError] = {}
        self.known_until = 0.0
        self.values = settings()
        certificate = folder / "cert.pem"
        certificate.write_bytes(self_signed.make("mail.example.com")[1])
        self.outside = Outside(
            dns=World(
                lambda: Wire(servers.port),
                lambda: (RESOLVER,),
                lambda: self.own,
                lambda values: own_policy.policy(values, self.known_until, time.time()),
                lambda domain: self.known_until,
            ),
            greeting=lambda address, port: heard(address),
            doors=lambda: {("*", 25)},
            certificate=certificate,
            served=lambda host, port, speaks, limit_s: of_file(certificate),
            host_time_server=lambda: "192.0.2.123",
            offset_s=lambda address, limit_s: 0.2,
            bans=list,
            policy=self.policy,
            roots=folder / "roots.pem",
        )

    def check(self, **outside: Any) -> dict[str, dict[str, Any]]:
        _, found = examine(self.values, replace(self.outside, **outside))
        return {one.id: one.as_dict() for one in found}

    def policy(self, address: str, host: str, limit_s: float) -> tuple[int, str]:
        """What the web server at this address gives as the policy of this host."""
        given = self.web.get(address, OSError(errno.ECONNREFUSED, "refused"))
        if isinstance(given, OSError):
            raise given
        return given

    def announce(self, mode: str, **more: Any) -> Policy:
        """Announce this, with everything as it should be; the policy."""
        self.values["mail_delivery.security"] |= {"mta_sts_mode": mode, **more}
        policy = self.outside.dns.policy(self.values)
        assert policy
        self.domain["_mta-sts.example.com"] = {"TXT": [f'"{policy.record}"']}
        self.domain["mta-sts.example.com"] = {"CNAME": ["mail.example.com."]}
        self.web[ADDRESS] = (200, policy.text)
        authority = Authority()
        self.outside.roots.write_bytes(authority.root.pem)
        self.outside.certificate.write_bytes(authority.give("mail.example.com").pem + authority.middle.pem)
        return policy

    def option(self, **values: Any) -> None:
        self.values["server_management.check_options"].update(values)


def heard(address: str) -> str:
    if address not in GREETINGS:
        raise OSError(errno.ECONNREFUSED, "refused")
    return GREETINGS[address]


def settings() -> AllValues:
    values = defaults()
    values["mail_delivery.general"].update(domain="example.com", hostname="mail.example.com")
    values["service.interface"]["public_address"] = ADDRESS
    values["server_management.check_options"].update(outward_domain="big.example", blocklists=[LIST])
    return values
