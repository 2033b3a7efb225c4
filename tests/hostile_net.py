"""What is read of the network's others and of files that people bring (see hostile.py)."""

from __future__ import annotations

import json

from hostile import STREAM, parser, text
from mailroom.core import configuration_file, criteria, fragment, surrogates
from mailroom.core.problems import Problem
from mailroom.dns import address, wire
from mailroom.policy import alias_file, bcc_file, text_file
from mailroom.tls import brought, chain, served
from mailroom.tls.brought import Files
from mailroom.web import heads, route, tools
from mailroom.web.clients import addresses, autodiscover

FILE_MAX = 150_000
HEAD_MAX = heads.HEAD_BYTES_MAX
REQUEST = b"GET /mail HTTP/1.1\r\nHost: a\r\n"


@parser("web.heads", before=(REQUEST, REQUEST + b"A: ", b"GET /", b""), bytes_max=HEAD_MAX, refuses=(heads.BadHead,),
        own=(b"A: b\r\n", b"a", b"Content-Length: 1\r\n"))  # fmt: skip
def request_head(content: bytes) -> object:
    return len(heads.passed_on(heads.request(content), "portal", "192.0.2.1"))


@parser("web.heads", before=(b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 200 "), bytes_max=HEAD_MAX, refuses=(heads.BadHead,))
def answer_head(content: bytes) -> object:
    return len(heads.answer(content)[2])


@parser(
    "web.route", before=(b"api/folders/", b"api/folders/a/messages/", b"api/"), bytes_max=HEAD_MAX, own=(b"/7", b"a/")
)
def path(content: bytes) -> object:
    return [route.find(side, "GET", text(content))[2] for side in (route.PORTAL, route.WINDOW)]


@parser("web.tools", before=(b"", b"{", b'{"a":', b'{"a": "'), own=(b'"a":', b'{"a":', b"[[", b'\\u0041', b"1e9,"),
        refuses=(Problem,), bytes_max=900_000)  # fmt: skip
def body(content: bytes) -> object:
    model = next(one.body for one in route.routes(route.PORTAL) if one.body)
    asked = tools.Asking(route.PORTAL, "POST", "api/send", "", {}, STREAM(content), len(content))
    return tools._body(model, asked)


@parser("web.clients.autodiscover", refuses=(autodiscover.NotAsked,), bytes_max=100_000,
        before=(b"", b"<Autodiscover><Request>", b"<!DOCTYPE a [", b"<a "),
        own=(b"<a>", b'a="b" ', b"<!-- ", b"&#65;", b"<![CDATA["))  # fmt: skip
def autodiscover_request(content: bytes) -> object:
    return autodiscover.request(content)


@parser("web.clients.addresses", before=(b"", b"/autodiscover/autodiscover.json/v1.0/", b"mta-sts."),
        bytes_max=HEAD_MAX, own=(b"a@a.", b"a-."))  # fmt: skip
def client_address(content: bytes) -> object:
    return [addresses.inside(text(content), text(content)), addresses.ADDRESS.fullmatch(text(content)) is None]


def file_text(content: bytes) -> str:
    """The text of a file that an administrator brings; "" where it is refused."""
    try:
        return text_file.text_of(content)
    except text_file.NoText:
        return ""


@parser("policy.alias_file", before=(b"", b"a: ", b'"', b'a: "'), after=(b"", b"\n"), bytes_max=text_file.BYTES_MAX,
        own=(b"a: b\n", b" b,\n", b'"\\" ', b"<a", b"# Mailroom group: a"), grows=60)  # fmt: skip
def aliases(content: bytes) -> object:
    return len(alias_file.read(file_text(content), ["example.com"]).lines)


@parser("policy.bcc_file", before=(b"", b"/", b"/a/ "), after=(b"", b"\n"), own=(b"/a/ b@c.example\n", b"\\/", b"[a]"))
def bcc_rules(content: bytes) -> object:
    return len(bcc_file.read(file_text(content)))


@parser("policy.text_file", refuses=(text_file.NoText,), before=(b"", b"\xff\xfe"), own=(b"a\n b\n", b"#\n"))
def lines(content: bytes) -> object:
    return sum(1 for _ in text_file.logical_lines(text_file.text_of(content)))


@parser(
    "core.configuration_file", refuses=(Problem,), before=(b"", b"{", b'{"a":'), own=(b'"a":1,', b"[", b'{"a":', b"1")
)
def configuration(content: bytes) -> object:
    return configuration_file.read(content).digest()


@parser("core.surrogates", before=(b"",), own=(b"[", b'["\\ud800"],'))
def halves(content: bytes) -> object:
    return surrogates.place_of_half([text(content)] * 3)


@parser("core.criteria", refuses=(ValueError,), before=(b"", b"*@"), own=(b"a-.", b"*a"), bytes_max=64_000)
def list_criteria(content: bytes) -> object:
    for read in (criteria.ip, criteria.ip_mask, criteria.address, criteria.domain):
        try:
            read(text(content))
        except ValueError:
            continue
    return None


@parser("core.fragment", bytes_max=10_000, own=(b"<b>", b"<p>x", b"<div></x>", b"<!--"))
def disclaimer(content: bytes) -> object:
    return fragment.clean(content.decode("latin-1"))


PEM = b"-----BEGIN CERTIFICATE-----\n"


@parser("tls.brought", refuses=(Problem,), bytes_max=FILE_MAX, before=(b"", PEM, b"-----BEGIN RSA PRIVATE KEY-----\n"),
        own=(PEM, b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN A PRIVATE KEY-----\n", b"MIIB\n"))  # fmt: skip
def certificate(content: bytes) -> object:
    return len(brought.read(Files(content, content, content, "x"))[1])


@parser("tls.chain", refuses=(ValueError,), bytes_max=FILE_MAX, before=(b"", PEM), own=(PEM,))
def steps(content: bytes) -> object:
    return chain.steps(content)


@parser("tls.served", refuses=(ValueError,), bytes_max=FILE_MAX, before=(b"", PEM), own=(PEM,))
def of_pem(content: bytes) -> object:
    return served.of_pem(content)


@parser("dns.address", bytes_max=65_536, own=(b"192-0-2-1.", b"0", b"2.0.", b"dyn-"))
def reverse_name(content: bytes) -> object:
    return [address.looks_dynamic(text(content)), address.carries_address(text(content), "192.0.2.1")]


QUESTION = wire._question("a.example", "TXT", True)
HEADER = QUESTION.to_wire()[:2] + bytes.fromhex("8180000100ff00ff00ff")


@parser("dns.wire", bytes_max=65_535, before=(b"", HEADER, HEADER + QUESTION.to_wire()[12:]),
        own=(b"\xc0\x0c", b"\x3f", b"\1a"), refuses=(Exception,), grows=40)  # fmt: skip
def dns_answer(content: bytes) -> object:
    found = wire._belonging(QUESTION, content)
    return found and wire.read(QUESTION, found, True)


@parser("core.line_socket", bytes_max=1024 * 1024, refuses=(ValueError, RecursionError), own=(b"[", b'{"a":'))
def line(content: bytes) -> object:
    return json.loads(content)
