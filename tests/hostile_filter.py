"""What the mail filter reads of strangers (see hostile.py)."""

from __future__ import annotations

from hostile import parser, text
from mailroom.core import address, idn, mailbox, sts_policy, tls_reports
from mailroom.dns import announced, spf_macros
from mailroom.filtering import long_lines, milter, policy, received, wildcard
from mailroom.filtering.actions import strip_forged
from mailroom.filtering.body import Body
from mailroom.filtering.footer import charsets, fields, html, plain, put, transfer, tree
from mailroom.filtering.footer.fields import Broken, Field
from mailroom.filtering.message import Client, Message
from mailroom.filtering.patterns import Patterns
from mailroom.filtering.srs import Srs, Void
from mailroom.tls import sts_fetch

LIMIT = 100 * 1024 * 1024
HEADER_MAX = 110 * 1024
FOOTER = put.Footer("<p>Footer of ours, and long enough to be one</p>", "Footer of ours, and long enough to be one")
PATTERNS = Patterns([(f"*{n}a*b*", n) for n in range(300)] + [("a*a*a*a*b", 1), ("*@*.example", 2)])
SRS = Srs(b"k" * 32, lambda: 1_000_000.0)


def message(headers: list[tuple[bytes, bytes]], content: bytes = b"") -> Message:
    body = Body(LIMIT)
    body.add(content)
    found = Message("A" * 26, 0.0, Client("192.0.2.1", "a.example", "a.example"), body)
    for name, value in headers:
        found.add_header(name, value)
    return found


TYPES = (b" text/plain; x=(", b' text/plain; x="', b' text/plain; x=( "', b" multipart/mixed; boundary=", b"")


@parser("filtering.footer.fields", before=TYPES, refuses=(Broken,), own=(b"; a=b", b"/a", b" a = b ;"))
def content_type(content: bytes) -> object:
    return fields.content_type(Field(b"content-type", content)).main


@parser("filtering.footer.fields", before=(b"", b'"', b"("), refuses=(Broken,))
def word(content: bytes) -> object:
    return fields.word(Field(b"content-disposition", content))


@parser(
    "filtering.footer.fields",
    before=(b"A: b\r\n", b"A: "),
    after=(b"", b"\r\n"),
    refuses=(Broken,),
    bytes_max=256 * 1024,
)
def header_block(content: bytes) -> object:
    return len(fields.read_block(content, 0))


MULTIPART = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"


@parser(
    "filtering.footer.tree",
    before=(b"", b"--b\r\n", MULTIPART),
    after=(b"", b"\r\n--b--\r\n"),
    own=(b"--b", b"--b\r\n", b"\r\n--b\r\n\r\n", b"\r\n--b ", b"--b--", MULTIPART, b"\r\n--c\r\n", b"--bb\r\n"),
    refuses=(Broken,),
)
def mime_tree(content: bytes) -> object:
    return sum(1 for _ in tree.read([(b"Content-Type", b" multipart/mixed; boundary=b")], content).each())


@parser(
    "filtering.footer.html",
    # Beyond, footer.put leaves the message alone.
    bytes_max=300_000,
    before=(b"", b"<body>", b"<!--"),
    own=(b"<!--", b"<!-- -->", b"<script>", b"<style >", b"</body ", b"</body>", b"<", b"<a", b"<textarea></textarea>"),
)
def end_of_body(content: bytes) -> object:
    return html.end_of_body(content)


@parser("filtering.footer.html", bytes_max=300_000)
def seen(content: bytes) -> object:
    return html.seen(content.decode("latin-1"))


@parser("filtering.footer.plain", own=(b"-----BEGIN PGP MESSAGE-----", b"-----BEGIN PGP MESSAGE-----\n", b"-----\n"))
def pgp(content: bytes) -> object:
    return plain.is_pgp(content)


@parser("filtering.footer.transfer", refuses=(Broken,), own=(b"=\r\n", b"==", b"=20\r\n"), bytes_max=300_000)
def decode(content: bytes) -> object:
    return [len(transfer.decode(content, "quoted-printable")), _base64(content)]


def _base64(content: bytes) -> int:
    try:
        return len(transfer.decode(content, "base64"))
    except Broken:
        return 0


@parser("filtering.footer.transfer", refuses=(Broken,), own=(b"=\r\n", b"==", b"=20\r\n"), bytes_max=200_000)
def put_in(content: bytes) -> object:
    decoded = transfer.decode(content, "quoted-printable")
    return len(transfer.put_in(content, decoded, len(decoded) // 2, b"x", "quoted-printable"))


@parser("filtering.footer.charsets", bytes_max=8_192)
def charset(content: bytes) -> object:
    return charsets.named(content.decode("latin-1"))


KINDS = [b" text/plain; charset=utf-8", b" text/html; charset=utf-8", b" text/html; charset=iso-2022-jp"]


@parser("filtering.footer.put")
def footer(content: bytes) -> object:
    kind = KINDS[len(content) % len(KINDS)]
    return type(put.put([(b"Content-Type", kind)], content.replace(b"\n", b"\r\n"), FOOTER)).__name__


@parser("filtering.long_lines", bytes_max=HEADER_MAX, own=(b"a" * 999 + b" ", b" " * 999 + b"a", b"\n "))
def folded(content: bytes) -> object:
    return long_lines.folded(b"Subject", content)


@parser("filtering.long_lines", own=(b"a" * 999 + b"\r\n",))
def long_line(content: bytes) -> object:
    found = long_lines.shorten([(b"Content-Type", b" text/plain")], content)
    return sum(map(len, found.pieces(content)))


@parser("filtering.actions.strip_forged", before=(b" ", b" (", b' "'), bytes_max=HEADER_MAX)
def results(content: bytes) -> object:
    return strip_forged._claims_to_be(content[: strip_forged.RESULTS_BYTES_MAX], "mail.example.com")


@parser("filtering.milter", refuses=(milter.Nonsense,), own=(b"a\0", b"{a}\0b\0"), bytes_max=HEADER_MAX)
def packets(content: bytes) -> object:
    return [len(milter.strings(content)), len(milter.macros(b"M" + content)), milter.header(content + b"\0\0")[0][:1]]


@parser("filtering.message", own=(b"\r\n", b"\n"))
def headers(content: bytes) -> object:
    found = message([(b"Subject", content)] * 3)
    return [found.count(b"subject"), len(found.first(b"subject")), found.whole_size]


@parser("filtering.policy", bytes_max=policy.REQUEST_BYTES_MAX, own=(b"a=b\n", b"\n=", b"a\n"))
def policy_request(content: bytes) -> object:
    return len(policy.attributes(content))


@parser("filtering.srs", before=(b"", b"SRS0=", b"SRS1=a=", b'"SRS0='), after=(b"", b"@example.com"), bytes_max=4_096,
        refuses=(Void,), own=(b"=", b"+", b"=a"))  # fmt: skip
def return_path(content: bytes) -> object:
    sender = text(content)
    return SRS.original(SRS.forward(sender, "example.com", set()) or sender)


@parser("filtering.received", bytes_max=64 * 1024)
def received_line(content: bytes) -> object:
    client = Client("192.0.2.1", "", text(content))
    return received.received(Message("A" * 26, 0.0, client, Body(1)), "mail.example.com")


@parser("filtering.wildcard", own=(b"0a", b"ab"))
def wildcards(content: bytes) -> object:
    return [wildcard.fits("a*a*a*a*a*b", text(content)), wildcard.fits("*" * 50 + "b", text(content))]


@parser("filtering.patterns", bytes_max=4_096, own=(b"0a", b"7ab"))
def patterns(content: bytes) -> object:
    return len(list(PATTERNS.of(text(content))))


@parser("core.address", before=(b"", b"a@", b'"'), after=(b"", b"@example.com"), own=(b"a-", b"-a.", b"a_."))
def mail_address(content: bytes) -> object:
    return [address.is_address(text(content)), address.local_part_fault(text(content)) != ""]


@parser("core.mailbox", before=(b"", b'"', b"(", b"a <", b"mailto:"), after=(b"", b"@b.example", b"@b.example>"),
        own=(b"a@b.", b"a-.", b"()", b'"a" '), bytes_max=mailbox.TEXT_LETTERS_MAX)  # fmt: skip
def recipient(content: bytes) -> object:
    return str(mailbox.mailbox(text(content)))


@parser("core.idn", before=(b"", "ü".encode()), after=(b"", b".example"),
        own=("ü".encode(), "ü.".encode(), "ß".encode(), "é。".encode()), refuses=(ValueError,))  # fmt: skip
def domain(content: bytes) -> object:
    return idn.a_labels(text(content))


@parser("core.idn", before=(b"", b"xn--", b"xn--bcher-kva.xn--"), after=(b"", b".example", b".xn--p1ai"),
        own=(b"xn--a.", b"xn--bcher-kva.", b"9", b"z", "ü".encode()))  # fmt: skip
def shown_domain(content: bytes) -> object:
    return idn.in_letters(text(content))


POLICY = b"version: STSv1\nmode: enforce\nmax_age: 1\n"


@parser(
    "core.sts_policy",
    before=(POLICY + b"mx: x", POLICY, b"", b"a"),
    after=(b"", b"y\n"),
    own=(b"mx: a.example\n", b"mx: ", b"a: b\n", b"a-."),
    refuses=(sts_policy.BadPolicy,),
    bytes_max=sts_policy.BYTES_MAX,
)
def sts(content: bytes) -> object:
    return len(sts_policy.parse(text(content)).mx)


@parser("core.sts_policy", before=(b"", b"v=STSv1; "), bytes_max=65_536, own=(b"; id=a", b"id="))
def sts_record(content: bytes) -> object:
    return sts_policy.id_of(text(content))


@parser("core.tls_reports", before=(b"", b"v=TLSRPTv1; rua=", b"v=TLSRPTv1;rua=mailto:a@b"), bytes_max=65_536,
        own=(b"mailto:", b"mailto:a@", b"https://", b"a-.", b"!"))  # fmt: skip
def reports(content: bytes) -> object:
    return [tls_reports.is_reports_record(text(content)), tls_reports.report_places(text(content))]


@parser("dns.announced", before=(b"v=STSv1;", b"v=STSv1; id"), bytes_max=65_536, own=(b"id=", b"id =a;", b"; "))
def announced_id(content: bytes) -> object:
    return announced._id_of(text(content))


@parser("dns.spf_macros", bytes_max=65_536, own=(b"%{s}", b"%{", b"%{d1r.-+}", b"%%"), refuses=(ValueError,), grows=400)
def macros(content: bytes) -> object:
    return spf_macros.expand(text(content), "192.0.2.1", "a.example", "b.example", "c.example")


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain"


@parser(
    "tls.sts_fetch",
    before=(ANSWER + b"\r\n\r\n", ANSWER + b"; x=", ANSWER + b"\r\nA: ", b"HTTP/1.1 200 ", b""),
    own=(b'; a="', b"A: b\r\n", b"a;"),
    bytes_max=sts_fetch.HEAD_BYTES_MAX + sts_policy.BYTES_MAX,
    refuses=(Exception,),
)
def policy_answer(content: bytes) -> object:
    return sts_fetch._text(content)
