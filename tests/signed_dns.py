"""A DNS server of the tests that hands DNSSEC on: a signed root, and below it zones that are signed or not.

It answers as the DNS server of an office does, for every name there is. The root's key is its own, made for the test;
whoever trusts it finds it in `anchor`.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.dnskeybase
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

TTL = 5
LIFE_S = 7 * 86_400
NAME_SERVER = "ns.servers.example."
PROOFS = {dns.rdatatype.RRSIG, dns.rdatatype.NSEC}
ROOT = dns.name.root
# {name: {type: [text]}}; the zone's own name among them or not.
Records = dict[str, dict[str, list[str]]]


class Signed:
    """A zone with its key. The key's flags make it good for zone and key (RFC 4034 2.1.1)."""

    def __init__(self, name: str, signed: bool = True) -> None:
        self.name = dns.name.from_text(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        flags = dns.rdtypes.dnskeybase.Flag.ZONE | dns.rdtypes.dnskeybase.Flag.SEP
        algorithm = dns.dnssec.Algorithm.ECDSAP256SHA256
        self.public = dns.dnssec.make_dnskey(self.key.public_key(), algorithm, flags=flags)
        self.signed = signed
        self.zone = dns.zone.Zone(self.name, relativize=False)

    @property
    def ds(self) -> str:
        return dns.dnssec.make_ds(self.name, self.public, "SHA256").to_text()

    def fill(self, records: Records) -> None:
        """Have exactly these records, and sign them."""
        self.zone = dns.zone.Zone(self.name, relativize=False)
        soa = f"{NAME_SERVER} hostmaster.servers.example. 1 7200 3600 86400 {TTL}"
        own = {self.name.to_text(): {"SOA": [soa], "NS": [NAME_SERVER]}}
        with self.zone.writer() as writer:
            for known in (own, {dns.name.from_text(one).to_text(): held for one, held in records.items()}):
                for name, kinds in known.items():
                    for kind, texts in kinds.items():
                        writer.add(dns.name.from_text(name), dns.rdataset.from_text_list("IN", kind, TTL, texts))
        if self.signed:
            dns.dnssec.sign_zone(self.zone, keys=[(self.key, self.public)], lifetime=LIFE_S, dnskey_ttl=TTL)

    def held(self, name: dns.name.Name, kind: int) -> list[dns.rrset.RRset]:
        """The records of this kind with their signatures."""
        found = []
        for wanted, covers in ((kind, 0), (dns.rdatatype.RRSIG, kind)):
            rdataset = self.zone.get_rdataset(name, wanted, covers)
            if rdataset:
                rrset = dns.rrset.RRset(name, dns.rdataclass.IN, wanted, covers)
                rrset.update(rdataset)
                found.append(rrset)
        return found

    def is_there(self, name: dns.name.Name) -> bool:
        """Whether the name exists, be it only above others."""
        return any(one.is_subdomain(name) for one in self.zone.nodes)

    def proof(self, name: dns.name.Name) -> list[dns.rrset.RRset]:
        """The NSEC of the name, or the one that covers it."""
        if not self.signed:
            return []
        owners = [one for one in self.zone.nodes if self.zone.get_rdataset(one, dns.rdatatype.NSEC)]
        return self.held(max(one for one in owners if one <= name), dns.rdatatype.NSEC)


class SignedDns:
    """Answers on two sockets. anchor: the root's DS, as a trust anchor has it.

    manner: "right" | "stripped" (without DNSSEC, as some routers) | "refused" (asked for it, it refuses).
    spoiled: names and kinds whose signatures are not right. asked: the questions that came.
    """

    def __init__(self, udp: socket.socket, tcp: socket.socket, signed: dict[str, Records], plain: Records) -> None:
        self.root, self.plain = Signed("."), Signed("plain.", signed=False)
        self.zones: dict[dns.name.Name, Signed] = {ROOT: self.root}
        self.manner = "right"
        self.spoiled: set[tuple[str, str]] = set()
        self.asked: list[tuple[str, str]] = []
        delegations: Records = {}
        for name, records in signed.items():
            made = self.zones[dns.name.from_text(name)] = Signed(name)
            made.fill(records)
            delegations[name] = {"NS": [NAME_SERVER], "DS": [made.ds]}
        for name in plain:
            zone = ".".join(name.split(".")[-2:])
            made = self.zones.setdefault(dns.name.from_text(zone), Signed(zone, signed=False))
            delegations[zone] = {"NS": [NAME_SERVER]}
            made.fill({one: held for one, held in plain.items() if one == zone or one.endswith(f".{zone}")})
        self.root.fill(delegations)
        self.anchor = f". IN DS {self.root.ds}"
        self._open = (udp, tcp)
        threads = (
            threading.Thread(target=self._over_udp, daemon=True),
            threading.Thread(target=self._over_tcp, daemon=True),
        )
        for thread in threads:
            thread.start()

    def close(self) -> None:
        for link in self._open:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()

    def _over_udp(self) -> None:
        while True:
            try:
                wire, asker = self._open[0].recvfrom(4096)
            except OSError:
                return
            if answer := self.answer(wire):
                self._open[0].sendto(answer, asker)

    def _over_tcp(self) -> None:
        while True:
            try:
                link, _ = self._open[1].accept()
            except OSError:
                return
            with link, contextlib.suppress(OSError):
                link.settimeout(5)
                count = int.from_bytes(link.recv(2, socket.MSG_WAITALL), "big")
                answer = self.answer(link.recv(count, socket.MSG_WAITALL)) or b""
                link.sendall(len(answer).to_bytes(2, "big") + answer)

    def answer(self, wire: bytes) -> bytes | None:
        """The answer to one question."""
        try:
            question = dns.message.from_wire(wire)
            name, kind = question.question[0].name.canonicalize(), question.question[0].rdtype
        except (dns.exception.DNSException, IndexError):
            return None
        self.asked.append((name.to_text(omit_final_dot=True), dns.rdatatype.to_text(kind)))
        made = dns.message.make_response(question, recursion_available=True)
        if self.manner == "refused" and kind in (dns.rdatatype.DNSKEY, dns.rdatatype.DS):
            made.set_rcode(dns.rcode.REFUSED)
            return made.to_wire()
        self._fill(made, name, kind)
        if self.manner == "stripped" or not question.ednsflags & dns.flags.DO:
            for section in (made.answer, made.authority):
                section[:] = [rrset for rrset in section if rrset.rdtype not in PROOFS]
        self._spoil(made)
        return made.to_wire(max_size=65535)

    def _fill(self, made: dns.message.Message, name: dns.name.Name, kind: int) -> None:
        zone = self._zone_of(name.parent() if kind == dns.rdatatype.DS and name != ROOT else name)
        if found := zone.held(name, kind):
            made.answer += found
            return
        made.authority += zone.held(zone.name, dns.rdatatype.SOA) + zone.proof(name)
        if not zone.is_there(name):
            made.set_rcode(dns.rcode.NXDOMAIN)
            above = name.parent()
            while not zone.is_there(above):
                above = above.parent()
            made.authority += [one for one in zone.proof(dns.name.Name(("*", *above.labels)))]

    def _zone_of(self, name: dns.name.Name) -> Signed:
        return self.zones[max((one for one in self.zones if name.is_subdomain(one)), key=len)]

    def _spoil(self, made: dns.message.Message) -> None:
        for at, rrset in enumerate(made.answer):
            named = rrset.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rrset.covers)
            if rrset.rdtype == dns.rdatatype.RRSIG and named in self.spoiled:
                wrong: list[Any] = [one.replace(signature=bytes(len(one.signature))) for one in rrset]
                made.answer[at] = dns.rrset.from_rdata_list(rrset.name, rrset.ttl, wrong)
