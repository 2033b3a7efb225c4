"""The world's DNS: a zone that tests write, and for every other name a mail server that is the world itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 5
SLOW_S = 10.0
UDP_MAX = 1232
WORLD_MX = "mx.world.example."
CODES = {"servfail": dns.rcode.SERVFAIL, "nxdomain": dns.rcode.NXDOMAIN}


class WorldDns(asyncio.DatagramProtocol):
    """Answers over UDP and TCP.

    The zone file is {name: {type: [text]} | "slow" | "servfail" | "nxdomain"}, read at each question. A name with NS in
    it is a zone: whoever asks for the zone's own word (without recursion) gets it from here, too.
    """

    def __init__(self, zone: Path, here: str) -> None:
        self.zone, self.here = zone, here
        self.transport: asyncio.DatagramTransport | None = None

    async def listen(self, address: str) -> None:
        """Answer at this address."""
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(address, 53))
        await asyncio.start_server(self._tcp, address, 53)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        found = self._answer(data)
        if found is None or self.transport is None:
            return
        answer, wait_s = found
        wire = answer.to_wire()
        if len(wire) > UDP_MAX:
            answer.answer.clear()
            answer.flags |= dns.flags.TC
            wire = answer.to_wire()
        asyncio.get_running_loop().call_later(wait_s, self.transport.sendto, wire, addr)

    async def _tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                found = self._answer(await reader.readexactly(length))
                if found is None:
                    break
                await asyncio.sleep(found[1])
                wire = found[0].to_wire()
                writer.write(len(wire).to_bytes(2, "big") + wire)
                await writer.drain()
        writer.close()

    def _answer(self, wire: bytes) -> tuple[dns.message.Message, float] | None:
        """The answer and after how many seconds to send it; None for what is no question."""
        try:
            question = dns.message.from_wire(wire)
            asked = question.question[0]
        except (dns.exception.DNSException, IndexError):
            return None
        answer = dns.message.make_response(question, recursion_available=True)
        name, kind = asked.name.to_text().lower(), dns.rdatatype.to_text(asked.rdtype)
        zone = json.loads(self.zone.read_text()) if self.zone.exists() else {}
        if not question.flags & dns.flags.RD and _is_held(zone, name.rstrip(".")):
            answer.flags |= dns.flags.AA
        wanted = self._known(zone, name.rstrip("."), kind)
        if isinstance(wanted, str):
            answer.set_rcode(CODES.get(wanted, dns.rcode.NOERROR))
            return answer, SLOW_S if wanted == "slow" else 0.0
        if wanted:
            answer.answer.append(dns.rrset.from_text_list(asked.name, TTL, "IN", kind, wanted))
        return answer, 0.0

    def _known(self, zone: dict[str, Any], name: str, kind: str) -> list[str] | str:
        if name in zone:
            found = zone[name]
            return found if isinstance(found, str) else found.get(kind, [])
        if name.endswith((".invalid", ".arpa")):
            return "nxdomain"
        if name == WORLD_MX.rstrip("."):
            return [self.here] if kind == "A" else []
        return [f"10 {WORLD_MX}"] if kind == "MX" and name.count(".") == 1 else []


def _is_held(zone: dict[str, Any], name: str) -> bool:
    """Whether the name lies in one of the zones."""
    labels = name.split(".")
    above = (zone.get(".".join(labels[start:])) for start in range(len(labels)))
    return any(isinstance(records, dict) and "NS" in records for records in above)
