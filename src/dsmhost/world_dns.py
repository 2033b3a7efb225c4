"""The world's DNS: a zone that tests write, and for every other name a mail server that is the world itself."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 5
SLOW_S = 10.0
WORLD_MX = "mx.world.example."


class WorldDns(asyncio.DatagramProtocol):
    """Answers over UDP.

    The zone file is {name: {type: [text] | "slow" | "servfail" | "nxdomain"}}, read at each question.
    """

    def __init__(self, zone: Path, here: str) -> None:
        self.zone, self.here = zone, here
        self.transport: asyncio.DatagramTransport | None = None

    async def listen(self, address: str) -> None:
        """Answer at this address."""
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(address, 53))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            question = dns.message.from_wire(data)
        except Exception:
            return
        answer, wait_s = self._answer(question)
        assert self.transport is not None
        asyncio.get_running_loop().call_later(wait_s, self.transport.sendto, answer.to_wire(), addr)

    def _answer(self, question: dns.message.Message) -> tuple[dns.message.Message, float]:
        answer = dns.message.make_response(question, recursion_available=True)
        asked = question.question[0]
        name, kind = asked.name.to_text().lower(), dns.rdatatype.to_text(asked.rdtype)
        wanted = self._known(name.rstrip("."), kind)
        if isinstance(wanted, str):
            answer.set_rcode({"servfail": dns.rcode.SERVFAIL, "nxdomain": dns.rcode.NXDOMAIN}.get(wanted, dns.rcode.NOERROR))
            return answer, SLOW_S if wanted == "slow" else 0.0
        if wanted:
            answer.answer.append(dns.rrset.from_text_list(asked.name, TTL, "IN", kind, wanted))
        return answer, 0.0

    def _known(self, name: str, kind: str) -> list[str] | str:
        zone = json.loads(self.zone.read_text()) if self.zone.exists() else {}
        if name in zone:
            found = zone[name]
            return found if isinstance(found, str) else found.get(kind, [])
        if name.endswith(".invalid") or name.endswith(".arpa"):
            return "nxdomain"
        if name == WORLD_MX.rstrip("."):
            return [self.here] if kind == "A" else []
        return [f"10 {WORLD_MX}"] if kind == "MX" and name.count(".") == 1 else []
