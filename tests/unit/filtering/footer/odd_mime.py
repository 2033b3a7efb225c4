"""Odd mail, written for the footer's tests: each with what is to be changed in it, or why nothing is.

`SAMPLES`: name → Sample. `edited` counts the parts that are no multiparts, in their order, from 0.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from mailroom.filtering.footer import put

PDF = base64.encodebytes(bytes(range(256)) * 9).replace(b"\n", b"\r\n")
HTML = b"<html><head><style>p{margin:0}</style></head><body><p>Hello</p></body></html>\r\n"


@dataclass(frozen=True)
class Sample:
    """message: as it arrives, CRLF. edited: the parts that get the footer. why: of a message that is left alone."""

    message: bytes
    edited: tuple[int, ...] = ()
    why: str = ""


def part(kind: str, content: bytes = b"Hello\r\n", *more: str) -> bytes:
    """A part, or a whole message's own text."""
    head = "".join(f"{line}\r\n" for line in (*([f"Content-Type: {kind}"] if kind else []), *more))
    return head.encode("latin-1") + b"\r\n" + content


def multi(kind: str, *parts: bytes, boundary: str = "b1", before: bytes = b"", after: bytes = b"") -> bytes:
    """A multipart of these parts; kind may bring parameters along."""
    mark = boundary.encode()
    inner = b"".join(b"--" + mark + b"\r\n" + one + b"\r\n" for one in parts)
    return part(f'multipart/{kind}; boundary="{boundary}"', before + inner + b"--" + mark + b"--\r\n" + after)


def mail(content: bytes, *headers: str) -> bytes:
    """A whole message."""
    known = ("From: bob@example.com", "To: carol@out.example", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", *headers)
    mime = [] if any(line.lower().startswith("x-no-mime") for line in headers) else ["MIME-Version: 1.0"]
    return "".join(f"{line}\r\n" for line in (*known, *mime)).encode("latin-1") + content


def b64(content: bytes, width: int = 76) -> bytes:
    flat = base64.b64encode(content)
    return b"".join(flat[n : n + width] + b"\r\n" for n in range(0, len(flat), width))


def qp(content: bytes) -> bytes:
    return binascii.b2a_qp(content, istext=True)


ATTACHED = part(
    'application/pdf; name="a.pdf"', PDF, "Content-Transfer-Encoding: base64", "Content-Disposition: attachment"
)
FILE = part("text/plain", b"a file\r\n", 'Content-Disposition: attachment; filename="notes.txt"')
FORWARDED = part("message/rfc822", mail(part("text/plain", b"what was forwarded\r\n")))
PLAIN, RICH = part("text/plain"), part("text/html", HTML)
CALENDAR = part("text/calendar; method=REQUEST; charset=utf-8", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
PICTURE = part("image/png", PDF, "Content-Transfer-Encoding: base64", "Content-ID: <pic@x>")
UTF_8 = "text/plain; charset=utf-8"
Q, B, EIGHT = (f"Content-Transfer-Encoding: {name}" for name in ("quoted-printable", "base64", "8bit"))
GERMAN, JAPANESE, CHINESE = "Grüße aus Köln\r\n", "こんにちは、田中です。\r\n", "您好 请查收。\r\n"
PGP = b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nHi\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\nx\r\n"
BOTH = multi("alternative", PLAIN, RICH, boundary="b2")

TEXTS = {
    "no MIME at all": Sample(b"From: bob@example.com\r\nTo: a@out.example\r\n\r\nHello\r\n", (0,)),
    "plain": Sample(mail(PLAIN), (0,)),
    "plain, empty": Sample(mail(part("text/plain", b"")), (0,)),
    "plain, one line end": Sample(mail(part("text/plain", b"\r\n")), (0,)),
    "plain, without a last line end": Sample(mail(part("text/plain", b"Hello")), (0,)),
    "plain, upper case everywhere": Sample(mail(part("TEXT/PLAIN; CHARSET=US-ASCII")), (0,)),
    "plain, a comment in the type": Sample(mail(part("text/plain; charset=us-ascii (Plain; charset=x)")), (0,)),
    "plain, a semicolon last": Sample(mail(part("text/plain; charset=us-ascii;")), (0,)),
    "plain, folded parameters": Sample(mail(part('text/plain;\r\n\tcharset="us-ascii";\r\n format=fixed')), (0,)),
    "plain, a signature": Sample(mail(part("text/plain", b"Hi\r\n-- \r\nBob\r\n")), (0,)),
    "plain, dots and From": Sample(mail(part("text/plain", b".\r\n..\r\nFrom here\r\n")), (0,)),
    "plain, iso-8859-1 8bit": Sample(
        mail(part("text/plain; charset=iso-8859-1", GERMAN.encode("latin-1"), EIGHT)), (0,)
    ),
    "plain, windows quotes as iso-8859-1": Sample(
        mail(part("text/plain; charset=iso-8859-1", b"\x93Hi\x94\r\n", EIGHT)), (0,)
    ),
    "plain, utf-8 8bit": Sample(mail(part(UTF_8, GERMAN.encode(), EIGHT)), (0,)),
    "plain, utf-8 declared 7bit": Sample(mail(part(UTF_8, b"Hello = 1\r\n", "Content-Transfer-Encoding: 7bit")), (0,)),
    "plain, binary": Sample(mail(part(UTF_8, GERMAN.encode(), "Content-Transfer-Encoding: binary")), (0,)),
    "plain, quoted-printable": Sample(mail(part(UTF_8, qp((GERMAN * 9).encode()), Q)), (0,)),
    "plain, quoted-printable, long lines": Sample(mail(part(UTF_8, qp(b"word " * 99 + b"\r\n"), Q)), (0,)),
    "plain, quoted-printable, soft break last": Sample(mail(part(UTF_8, b"Hello=\r\n", Q)), (0,)),
    "plain, quoted-printable, only =": Sample(mail(part(UTF_8, b"Hello=", Q)), (0,)),
    "plain, quoted-printable, encoded line ends": Sample(mail(part(UTF_8, b"one=0Atwo=0A", Q)), (0,)),
    "plain, base64": Sample(mail(part(UTF_8, b64((CHINESE * 9).encode()), B)), (0,)),
    "plain, base64, lines of 60": Sample(mail(part(UTF_8, b64((CHINESE * 9).encode(), 60), B)), (0,)),
    "plain, base64, Unix line ends inside": Sample(mail(part(UTF_8, b64(b"one\ntwo\n"), B)), (0,)),
    "plain, iso-2022-jp": Sample(mail(part("text/plain; charset=ISO-2022-JP", JAPANESE.encode("iso2022_jp"))), (0,)),
    "plain, shift_jis base64": Sample(
        mail(part("text/plain; charset=Shift_JIS", b64(JAPANESE.encode("cp932")), B)), (0,)
    ),
    "plain, gb2312 8bit": Sample(mail(part("text/plain; charset=gb2312", CHINESE.encode("gbk"), EIGHT)), (0,)),
    "plain, big5 quoted": Sample(mail(part("text/plain; charset=big5", qp("您好\r\n".encode("big5")), Q)), (0,)),
    "plain, koi8-r": Sample(mail(part("text/plain; charset=koi8-r", "Привет\r\n".encode("koi8_r"), EIGHT)), (0,)),
    "plain, iso-8859-8-i": Sample(
        mail(part("text/plain; charset=iso-8859-8-i", "שלום\r\n".encode("iso8859_8"), EIGHT)), (0,)
    ),
    "plain, utf-7": Sample(mail(part("text/plain; charset=utf-7", GERMAN.encode("utf-7"))), (0,)),
    "plain, utf-16 base64": Sample(mail(part("text/plain; charset=utf-16", b64(GERMAN.encode("utf-16")), B)), (0,)),
    "plain, utf-16le base64": Sample(
        mail(part("text/plain; charset=utf-16le", b64(GERMAN.encode("utf-16-le")), B)), (0,)
    ),
    "flowed": Sample(mail(part("text/plain; format=flowed", b"A line that goes \r\non here.\r\n")), (0,)),
    "flowed, delsp": Sample(mail(part("text/plain; format=flowed; delsp=yes", b"in  \r\none\r\n")), (0,)),
    "flowed, ends with a space": Sample(mail(part("text/plain; Format=Flowed", b"it goes on \r\n")), (0,)),
    "html": Sample(mail(RICH), (0,)),
    "html, no body tag": Sample(mail(part("text/html", b"<p>Hello\r\n")), (0,)),
    "html, only text": Sample(mail(part("text/html", b"Hello")), (0,)),
    "html, upper case": Sample(mail(part("text/html", b"<HTML><BODY BGCOLOR=#FFF>Hi</BODY ></HTML>\r\n")), (0,)),
    "html, no html end": Sample(mail(part("text/html", b"<body>Hi</body>")), (0,)),
    "html, html end alone": Sample(mail(part("text/html", b"<html><p>Hi</p></html>\r\n")), (0,)),
    "html, two bodies": Sample(mail(part("text/html", b"<body><div><body>old</body></div>Hi</body>\r\n")), (0,)),
    "html, body end in a comment": Sample(mail(part("text/html", b"<body>Hi</body><!-- </body> --></html>\r\n")), (0,)),
    "html, body end in a script": Sample(mail(part("text/html", b"<p>Hi<script>'</body>'</script></p>\r\n")), (0,)),
    "html, a comment without an end": Sample(mail(part("text/html", b"<p>Hi</p><!-- and then\r\n")), (0,)),
    "html, a style without an end": Sample(mail(part("text/html", b"<p>Hi</p><STYLE>p{}\r\n")), (0,)),
    "html, a tag without an end": Sample(mail(part("text/html", b'<p>Hi</p><a href="x\r\n')), (0,)),
    "html, Outlook's comments": Sample(
        mail(part("text/html", b"<body><!--[if mso]><p></body><![endif]-->Hi</body>\r\n")), (0,)
    ),
    "html, quoted-printable": Sample(
        mail(part("text/html; charset=utf-8", qp(HTML.replace(b"Hello", GERMAN.encode() * 9)), Q)), (0,)
    ),
    "html, body end over a soft break": Sample(
        mail(part("text/html", b"<body>Hi =3D =\r\n</bo=\r\ndy></html>\r\n", Q)), (0,)
    ),
    "html, body end encoded": Sample(mail(part("text/html", b"<body>Hi=20=3C/body=3E=\r\n</html>\r\n", Q)), (0,)),
    "html, base64 utf-8": Sample(mail(part("text/html; charset=utf-8", b64(HTML), B)), (0,)),
    "html, iso-2022-jp": Sample(
        mail(part("text/html; charset=iso-2022-jp", f"<body>{JAPANESE}</body>\r\n".encode("iso2022_jp"))), (0,)
    ),
    "html, utf-16 base64": Sample(
        mail(part("text/html; charset=utf-16", b64("<body>Hü</body>".encode("utf-16")), B)), (0,)
    ),
    "html, ascii bytes beyond": Sample(mail(part("text/html; charset=us-ascii", b"<p>H\xfc</p>\r\n", EIGHT)), (0,)),
    "text without MIME-Version": Sample(mail(PLAIN, "X-No-MIME: yes"), (0,)),
}
TREES = {
    "alternative": Sample(mail(BOTH), (0, 1)),
    "alternative, html alone": Sample(mail(multi("alternative", RICH)), (0,)),
    "mixed": Sample(mail(multi("mixed", PLAIN, ATTACHED)), (0,)),
    "mixed, attachment first": Sample(mail(multi("mixed", ATTACHED, PLAIN)), (1,)),
    "mixed, alternative": Sample(mail(multi("mixed", BOTH, ATTACHED)), (0, 1)),
    "mixed, related, alternative": Sample(
        mail(multi("mixed", multi("related", BOTH, PICTURE, boundary="b3"), ATTACHED)), (0, 1)
    ),
    "alternative, related": Sample(
        mail(multi("alternative", PLAIN, multi("related", RICH, PICTURE, boundary="b3"))), (0, 1)
    ),
    "related, the root comes last": Sample(
        mail(multi('related; start="<r@x>"', PICTURE, part("text/html", HTML, "Content-ID: <r@x>"))), (1,)
    ),
    "alternative, mixed (Apple Mail)": Sample(
        mail(multi("alternative", PLAIN, multi("mixed", RICH, ATTACHED, RICH, boundary="b3"))), (0, 3)
    ),
    "mixed, several texts": Sample(mail(multi("mixed", PLAIN, PICTURE, PLAIN)), (2,)),
    "mixed, text file attached": Sample(mail(multi("mixed", PLAIN, FILE)), (0,)),
    "mixed, text file inline": Sample(
        mail(multi("mixed", PLAIN, part("text/plain; name=n.txt", b"file\r\n", "Content-Disposition: inline"))), (0,)
    ),
    "mixed, html file with a name in pieces": Sample(
        mail(multi("mixed", PLAIN, part("text/html", HTML, "Content-Disposition: inline; filename*0*=utf-8''a"))), (0,)
    ),
    "mixed, a message attached": Sample(mail(multi("mixed", PLAIN, FORWARDED)), (0,)),
    "mixed, invitation": Sample(
        mail(multi("mixed", multi("alternative", PLAIN, RICH, CALENDAR, boundary="b2"), ATTACHED)), (0, 1)
    ),
    "alternative with invitation": Sample(mail(multi("alternative", PLAIN, CALENDAR)), (0,)),
    "report": Sample(
        mail(
            multi(
                "report; report-type=disposition-notification",
                PLAIN,
                part("message/disposition-notification", b"Disposition: manual; displayed\r\n"),
                part("text/rfc822-headers", b"Subject: x\r\n"),
            )
        ),
        (0,),
    ),
    "unknown multipart": Sample(mail(multi("x-own", PLAIN, ATTACHED)), (0,)),
    "parallel": Sample(mail(multi("parallel", PLAIN, PICTURE)), (0,)),
    "preamble and epilogue": Sample(
        mail(multi("mixed", PLAIN, before=b"This is MIME\r\n", after=b"and this\r\n--b1\r\n")), (0,)
    ),
    "boundary with space after it": Sample(
        mail(multi("mixed", PLAIN, ATTACHED).replace(b"--b1\r\n", b"--b1 \t\r\n")), (0,)
    ),
    "boundary that begins like the other": Sample(
        mail(multi("mixed", multi("alternative", PLAIN, RICH, boundary="b12"), ATTACHED)), (0, 1)
    ),
    "boundary with odd letters": Sample(mail(multi("mixed", PLAIN, boundary="=_(+)'?:/. x")), (0,)),
    "part without headers": Sample(mail(multi("mixed", b"\r\nHello", ATTACHED)), (0,)),
    "part without headers and text": Sample(mail(multi("alternative", b"", RICH)), (0, 1)),
    "part with headers alone": Sample(mail(multi("mixed", b"Content-Type: text/plain\r\n", ATTACHED)), (0,)),
    "part with an empty line alone": Sample(mail(multi("mixed", b"\r\n", ATTACHED)), (0,)),
    "quoted-printable in a tree": Sample(
        mail(multi("mixed", part(UTF_8, qp(GERMAN.encode()).strip(), Q), ATTACHED)), (0,)
    ),
    "base64 in a tree": Sample(
        mail(multi("alternative", part(UTF_8, b64(GERMAN.encode()), B), part("text/html", b64(HTML), B))), (0, 1)
    ),
    "an unreadable version": Sample(mail(multi("alternative", part("text/plain; charset=x-martian"), RICH)), (1,)),
}
LEFT = {
    "signed": Sample(mail(multi("signed; protocol=x", PLAIN, part("application/pgp-signature"))), why=put.PROTECTED),
    "signed inside of mixed": Sample(
        mail(multi("mixed", multi("signed", PLAIN, part("application/pkcs7-signature"), boundary="b2"), PLAIN)),
        why=put.PROTECTED,
    ),
    "encrypted": Sample(mail(multi("encrypted", part("application/pgp-encrypted"), ATTACHED)), why=put.PROTECTED),
    "encrypted, mangled by Exchange": Sample(
        mail(multi("mixed", PLAIN, part("application/pgp-encrypted"), ATTACHED)), why=put.PROTECTED
    ),
    "S/MIME": Sample(mail(part("application/pkcs7-mime; smime-type=signed-data", PDF, B)), why=put.PROTECTED),
    "S/MIME, old name": Sample(mail(part("application/x-pkcs7-mime; name=smime.p7m", PDF, B)), why=put.PROTECTED),
    "inline PGP": Sample(mail(part("text/plain", PGP)), why=put.PROTECTED),
    "inline PGP in base64": Sample(mail(part("text/plain", b64(PGP), B)), why=put.PROTECTED),
    "inline PGP in one version": Sample(mail(multi("alternative", part("text/plain", PGP), RICH)), why=put.PROTECTED),
    "invitation alone": Sample(mail(CALENDAR), why=put.NO_TEXT),
    "attachment alone": Sample(mail(ATTACHED), why=put.NO_TEXT),
    "mixed, attachments alone": Sample(mail(multi("mixed", ATTACHED, FILE)), why=put.NO_TEXT),
    "digest": Sample(mail(multi("digest", mail(PLAIN))), why=put.NO_TEXT),
    "forwarded alone": Sample(mail(FORWARDED), why=put.NO_TEXT),
    "text of another kind": Sample(mail(part("text/enriched")), why=put.NO_TEXT),
    "unknown charset": Sample(mail(part("text/plain; charset=x-martian")), why=put.UNREADABLE),
    "a codec that is no charset": Sample(mail(part("text/plain; charset=rot13")), why=put.UNREADABLE),
    "with a sum over it": Sample(mail(part("text/plain", b"Hi\r\n", "Content-MD5: xyz==")), why=put.UNREADABLE),
    "no boundary": Sample(mail(part("multipart/mixed")), why=put.BROKEN),
    "boundary that never comes": Sample(mail(part("multipart/mixed; boundary=b9")), why=put.BROKEN),
    "no end": Sample(mail(multi("mixed", PLAIN).replace(b"--b1--", b"--b1")), why=put.BROKEN),
    "end alone": Sample(mail(part("multipart/mixed; boundary=b1", b"--b1--\r\n")), why=put.BROKEN),
    "the same boundary inside": Sample(mail(multi("mixed", multi("mixed", PLAIN), ATTACHED)), why=put.BROKEN),
    "two boundaries in a row": Sample(
        mail(part("multipart/mixed; boundary=b1", b"--b1\r\n--b1--\r\n")), why=put.BROKEN
    ),
    "base64 over a multipart": Sample(mail(part("multipart/mixed; boundary=b1", b64(PDF), B)), why=put.BROKEN),
    "two Content-Types": Sample(mail(PLAIN, "Content-Type: text/html"), why=put.BROKEN),
    "two encodings": Sample(mail(part("text/plain", b"Hi\r\n", Q, B)), why=put.BROKEN),
    "a Content-Type without a type": Sample(mail(part("text")), why=put.BROKEN),
    "a Content-Type gone wrong": Sample(mail(part('text/plain; charset="us-ascii')), why=put.BROKEN),
    "a charset in pieces": Sample(mail(part("text/plain; charset*0=us; charset*1=-ascii")), why=put.BROKEN),
    "two charsets": Sample(mail(part("text/plain; charset=utf-8; charset=big5")), why=put.BROKEN),
    "bad base64": Sample(mail(part("text/plain", b"!!!\r\n", B)), why=put.BROKEN),
    "uuencode": Sample(
        mail(part("text/plain", b"begin 644 x\r\n", "Content-Transfer-Encoding: x-uuencode")), why=put.BROKEN
    ),
    "a part whose headers do not end": Sample(mail(multi("mixed", b"Content-Type: text/plain")), why=put.BROKEN),
    "a line among a part's headers": Sample(mail(multi("mixed", b"no header\r\n\r\nHi")), why=put.BROKEN),
}
SAMPLES = {**TEXTS, **TREES, **LEFT}


def nested(levels: int) -> bytes:
    """Multiparts in each other."""
    inner = PLAIN
    for level in range(levels):
        inner = multi("mixed", inner, boundary=f"n{level}.")
    return mail(inner)
