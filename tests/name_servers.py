"""Name servers of the tests: each at an address of its own on this machine, right or in any way wrong.

Every server holds zones by itself; the first one can be asked to find the others, as a resolver is.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 300
Zones = dict[str, dict[str, dict[str, list[str]]]]


@dataclass
class NameServer:
    """One server. zones: {zone: {name: {type: [text]}}}.

    manner: right | silent | refused | servfail | lame | false_id | false_question | truncated | no_edns | no_tcp;
    a resolver answers from `knows`, whatever zone a name is in. asked: the questions that came.
    """

    zones: Zones = field(default_factory=dict)
    manner: str = "right"
    resolver: bool = False
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def answers(self, wire: bytes, over: str) -> list[bytes]:
        """What to send back, in this order."""
        try:
            question = dns.message.from_wire(wire)
            asked = question.question[0]
        except (dns.exception.DNSException, IndexError):
            return []
        self.asked.append((asked.name.to_text().rstrip("."), dns.rdatatype.to_text(asked.rdtype), over))
        if self.manner == "silent":
            return []
        if self.manner == "no_edns" and question.edns >= 0:
            return [_with_code(question, dns.rcode.FORMERR)]
        if self.manner in ("refused", "servfail"):
            return [_with_code(question, dns.rcode.from_text(self.manner.upper()))]
        right = self._answer(question)
        if self.manner in ("truncated", "no_tcp") and over == "udp":
            right.answer.clear()
            right.flags |= dns.flags.TC
        if self.manner == "lame":
            right.flags &= ~dns.flags.AA
        if self.manner == "false_id":
            return [_false(right, id=right.id ^ 1)]
        if self.manner == "false_question":
            return [_false(right, name="other.example.")]
        if self.manner == "false_first":
            return [_false(right, id=right.id ^ 1), _false(right, name="other.example."), b"\0", right.to_wire()]
        return [right.to_wire(max_size=65535)]

    def _answer(self, question: dns.message.Message) -> dns.message.Message:
        asked = question.question[0]
        name, kind = asked.name.to_text().lower().rstrip("."), dns.rdatatype.to_text(asked.rdtype)
        answer = dns.message.make_response(question, recursion_available=self.resolver)
        held = [zone for zone in self.zones if name == zone or name.endswith(f".{zone}")]
        if not held:
            answer.set_rcode(dns.rcode.NXDOMAIN if self.resolver else dns.rcode.REFUSED)
            return answer
        zone = max(held, key=len)
        names = self.zones[zone]
        cut = next((one for one in names if one != zone and _is_cut(names[one], name, one)), None)
        if cut and not self.resolver:
            answer.authority.append(dns.rrset.from_text_list(f"{cut}.", TTL, "IN", "NS", names[cut]["NS"]))
            for server in names[cut]["NS"]:
                for family, addresses in names.get(server.rstrip("."), {}).items():
                    answer.additional.append(dns.rrset.from_text_list(server, TTL, "IN", family, addresses))
            return answer
        answer.flags |= 0 if self.resolver else dns.flags.AA
        known = names.get(name, {})
        if kind in known:
            answer.answer.append(dns.rrset.from_text_list(asked.name, TTL, "IN", kind, known[kind]))
        elif "CNAME" in known:
            answer.answer.append(dns.rrset.from_text_list(asked.name, TTL, "IN", "CNAME", known["CNAME"]))
        elif not any(one == name or one.endswith(f".{name}") for one in (*names, zone)):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


def _is_cut(records: dict[str, list[str]], name: str, cut: str) -> bool:
    return "NS" in records and (name == cut or name.endswith(f".{cut}"))


def _with_code(question: dns.message.Message, code: dns.rcode.Rcode) -> bytes:
    answer = dns.message.make_response(question)
    answer.set_rcode(code)
    return answer.to_wire()


def _false(right: dns.message.Message, id: int | None = None, name: str = "") -> bytes:
    made = dns.message.from_wire(right.to_wire())
    made.id = made.id if id is None else id
    for section in (made.question, made.answer):
        for rrset in section:
            rrset.name = dns.name.from_text(name) if name else rrset.name
    return made.to_wire()


class NameServers:
    """Servers at addresses of this machine (127.0.0.0/8 or ::1), all at one port."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.servers: dict[str, NameServer] = {}
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self._open: list[Any] = []

    def add(self, address: str, server: NameServer) -> NameServer:
        """Let this server answer at this address."""
        self.servers[address] = server
        asyncio.run_coroutine_threadsafe(self._listen(address, server), self.loop).result(5)
        return server

    async def _listen(self, address: str, server: NameServer) -> None:
        class Udp(asyncio.DatagramProtocol):
            def connection_made(self, transport: Any) -> None:
                self.transport = transport

            def datagram_received(self, data: bytes, addr: Any) -> None:
                for answer in server.answers(data, "udp"):
                    self.transport.sendto(answer, addr)

        async def tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, EOFError):
                length = int.from_bytes(await reader.readexactly(2), "big")
                for answer in server.answers(await reader.readexactly(length), "tcp"):
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                    await writer.drain()
            writer.close()

        self._open.append((await self.loop.create_datagram_endpoint(Udp, local_addr=(address, self.port)))[0])
        if server.manner != "no_tcp":
            self._open.append(await asyncio.start_server(tcp, address, self.port))

    def close(self) -> None:
        """Leave nothing."""

        async def end() -> None:
            for one in self._open:
                one.close()

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        return int(udp.getsockname()[1])


@contextlib.contextmanager
def name_servers() -> Iterator[NameServers]:
    """Name servers for a while."""
    made = NameServers()
    try:
        yield made
    finally:
        made.close()
