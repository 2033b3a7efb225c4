"""Questions over UDP, and over TCP when the answer is too long (RFC 1035, 6891, 7766)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype

from mailroom.dns.shape import Outcome, Referral, Reply

PORT = 53
UDP_BYTES_MAX = 1232
# A lost packet costs this long. The second sending is plain: some firewalls drop what has EDNS in it.
RESEND_S = 1.0
WITHOUT_EDNS = {dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS}


class FalseAnswers(Exception):
    """Only answers came that do not belong to the question."""


class Wire:
    """The port's real form. port: only tests have their name servers elsewhere than at 53."""

    def __init__(self, port: int = PORT) -> None:
        self.port = port

    async def ask(
        self, server: str, name: str, kind: str, limit_s: float, recurse: bool = False, signatures: bool = False
    ) -> Reply:
        try:
            question = _question(name, kind, recurse)
        except (dns.exception.DNSException, UnicodeError):
            return Reply("no_name")
        if signatures:
            question.use_edns(0, dns.flags.DO, UDP_BYTES_MAX)
        try:
            async with asyncio.timeout(limit_s):
                return await self._ask(server, question, recurse)
        except TimeoutError:
            return Reply("slow")
        except FalseAnswers:
            return Reply("false")
        except (OSError, ValueError):
            return Reply("unreachable")

    async def _ask(self, server: str, question: dns.message.Message, recurse: bool) -> Reply:
        answer = await self._udp(server, question)
        if answer.rcode() in WITHOUT_EDNS:
            question.use_edns(False)
            answer = await self._udp(server, question)
        if answer.flags & dns.flags.TC:
            try:
                answer = await self._tcp(server, question)
            except (OSError, EOFError):
                return Reply("truncated")
        return read(question, answer, recurse)

    async def _udp(self, server: str, question: dns.message.Message) -> dns.message.Message:
        """Raises OSError when there is no way there, FalseAnswers when the time is over and only such came."""
        loop = asyncio.get_running_loop()
        # Connected: the kernel drops what comes from elsewhere, and tells when nobody listens there.
        transport, waiting = await loop.create_datagram_endpoint(
            lambda: _Waiting(question, loop.create_future()), remote_addr=(server, self.port)
        )
        try:
            sent = question.to_wire()
            while True:
                transport.sendto(sent)
                with contextlib.suppress(TimeoutError):
                    return await asyncio.wait_for(asyncio.shield(waiting.answer), RESEND_S)
                sent = _plain(question)
        except asyncio.CancelledError:
            if waiting.false_answers:
                raise FalseAnswers from None
            raise
        finally:
            waiting.answer.cancel()
            transport.close()

    async def _tcp(self, server: str, question: dns.message.Message) -> dns.message.Message:
        """Raises OSError or EOFError when it does not work."""
        reader, writer = await asyncio.open_connection(server, self.port)
        try:
            wire = question.to_wire()
            writer.write(len(wire).to_bytes(2, "big") + wire)
            await writer.drain()
            length = int.from_bytes(await reader.readexactly(2), "big")
            answer = _belonging(question, await reader.readexactly(length))
        finally:
            writer.close()
        if answer is None:
            raise FalseAnswers
        return answer


class _Waiting(asyncio.DatagramProtocol):
    """Waits for the one answer that belongs to the question; others are counted, and end nothing (RFC 5452)."""

    def __init__(self, question: dns.message.Message, answer: asyncio.Future[dns.message.Message]) -> None:
        self.question, self.answer = question, answer
        self.false_answers = 0

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self.answer.done():
            return
        found = _belonging(self.question, data)
        if found is None:
            self.false_answers += 1
        else:
            self.answer.set_result(found)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


def _question(name: str, kind: str, recurse: bool) -> dns.message.Message:
    made = dns.message.make_query(dns.name.from_text(name), kind, use_edns=0, payload=UDP_BYTES_MAX)
    # In a question: whether the resolver has checked the signatures is of interest (RFC 6840 5.7).
    made.flags = made.flags | dns.flags.AD if recurse else made.flags & ~dns.flags.RD
    return made


def _plain(question: dns.message.Message) -> bytes:
    made = dns.message.make_query(
        question.question[0].name, question.question[0].rdtype, id=question.id, flags=question.flags
    )
    return made.to_wire()


def _belonging(question: dns.message.Message, wire: bytes) -> dns.message.Message | None:
    try:
        answer = dns.message.from_wire(wire, ignore_trailing=True, raise_on_truncation=False)
    except (dns.exception.DNSException, ValueError):
        return None
    return answer if question.is_response(answer) else None


def read(question: dns.message.Message, answer: dns.message.Message, recurse: bool) -> Reply:
    """An answer that belongs to its question, as a Reply. recurse: whether it may come from elsewhere."""
    name, kind = question.question[0].name, question.question[0].rdtype
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Reply("refused" if answer.rcode() == dns.rcode.REFUSED else "failed")
    if not recurse and not answer.flags & dns.flags.AA:
        referral = _referral(answer, name) if answer.rcode() == dns.rcode.NOERROR and not answer.answer else None
        return Reply("referral", referral=referral) if referral else Reply("lame")
    secure = bool(answer.flags & dns.flags.AD)
    signed = any(rrset.rdtype == dns.rdatatype.RRSIG and rrset.covers == kind for rrset in answer.answer)
    for rrset in answer.answer:
        if rrset.name == name and rrset.rdtype == kind:
            texts = tuple(sorted(_text(rdata) for rdata in rrset))
            return Reply("answer", texts, rrset.ttl, signed=signed, secure=secure)
        if rrset.name == name and rrset.rdtype == dns.rdatatype.CNAME:
            return Reply("answer", (), rrset.ttl, alias=plain_name(rrset[0].target), secure=secure)
    nothing: Outcome = "no_name" if answer.rcode() == dns.rcode.NXDOMAIN else "nothing"
    return Reply(nothing, secure=secure)


def _referral(answer: dns.message.Message, name: dns.name.Name) -> Referral | None:
    for rrset in answer.authority:
        if rrset.rdtype == dns.rdatatype.NS and name.is_subdomain(rrset.name):
            servers = tuple(sorted(plain_name(rdata.target) for rdata in rrset))
            told: dict[str, tuple[str, ...]] = {}
            for extra in answer.additional:
                # Addresses of other names than those below the zone are not the parent's to tell.
                if extra.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA) and extra.name.is_subdomain(rrset.name):
                    owner = plain_name(extra.name)
                    told[owner] = (*told.get(owner, ()), *(rdata.address for rdata in extra))
            return Referral(plain_name(rrset.name), servers, told)
    return None


def plain_name(name: dns.name.Name) -> str:
    """A name in lower case without its last dot; the root is "."."""
    return name.to_text(omit_final_dot=True).lower()


def _text(rdata: Any) -> str:
    kind = rdata.rdtype
    if kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        return str(rdata.address)
    if kind == dns.rdatatype.MX:
        return f"{rdata.preference} {plain_name(rdata.exchange)}"
    if kind == dns.rdatatype.SRV:
        return f"{rdata.priority} {rdata.weight} {rdata.port} {plain_name(rdata.target)}"
    if kind == dns.rdatatype.TLSA:
        return f"{rdata.usage} {rdata.selector} {rdata.mtype} {rdata.cert.hex()}"
    if kind == dns.rdatatype.TXT:
        return b"".join(rdata.strings).decode("utf-8", "replace")
    if kind == dns.rdatatype.DNSKEY:
        return str(rdata.to_text())
    return plain_name(rdata.target)
