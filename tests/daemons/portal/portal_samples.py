"""Messages for the portal's tests."""

from __future__ import annotations

import base64

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
HOSTILE_HTML = """<html><head><title>t</title><style>body{background:url(http://evil.example/css)}</style>
<base href="http://evil.example/"><meta http-equiv="refresh" content="0;url=http://evil.example/"></head>
<body onload="alert(1)" background="http://evil.example/bg"><script>alert(2)</script>
<img src="http://evil.example/pixel.gif"><img src="cid:pixel@here"><img src=x onerror="alert(3)">
<a href="javascript:alert(4)">a</a><a href="data:text/html,<script>alert(5)</script>">b</a>
<a href="https://good.example/page">good</a><p style="color:red;position:fixed;background:u\\72l(http://evil.example/s)">
styled</p><iframe src="http://evil.example/f"></iframe><form action="http://evil.example/"><input name="q"></form>
<svg onload="alert(6)"><object data="http://evil.example/o"></object><link rel="stylesheet" href="http://evil.example/l">
<math><mtext><table><mglyph><style><img src=x onerror=alert(7)></style></mglyph></table></mtext></math>
kept words</body></html>"""


def plain(subject: str, text: str = "Some words.\r\n", **headers: str) -> bytes:
    """A small message."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"From: Sender <sender@example.net>\r\nTo: anna@example.com\r\nSubject: {subject}\r\n{more}"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}".encode()


def multipart(subject: str, kind: str, *parts: bytes) -> bytes:
    """A message of several parts, each with its own head."""
    head = (
        f"From: Sender <sender@example.net>\r\nTo: anna@example.com\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/{kind}; boundary="=_edge"\r\n\r\n'
    )
    return head.encode() + b"".join(b"--=_edge\r\n" + part + b"\r\n" for part in parts) + b"--=_edge--\r\n"


def part(content: bytes, kind: str, *headers: str) -> bytes:
    """One part in base64."""
    head = "".join(
        f"{header}\r\n" for header in (f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", *headers)
    )
    return head.encode() + b"\r\n" + base64.encodebytes(content).replace(b"\n", b"\r\n")


def hostile(subject: str) -> bytes:
    """HTML that tries everything, with a picture of its own."""
    text = part(HOSTILE_HTML.encode(), "text/html; charset=utf-8")
    picture = part(PIXEL, "image/gif", "Content-ID: <pixel@here>", 'Content-Disposition: inline; filename="p.gif"')
    return multipart(subject, "related", text, picture)


def nested(subject: str, depth: int) -> bytes:
    """Multiparts inside multiparts."""
    head = f"From: s@example.net\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
    inner = "Content-Type: text/plain\r\n\r\ninnermost\r\n"
    for turn in range(depth):
        inner = f'Content-Type: multipart/mixed; boundary="b{turn}"\r\n\r\n--b{turn}\r\n{inner}\r\n--b{turn}--\r\n'
    return (head + inner).encode()


BROKEN = {
    "unknown charset": b"Subject: unknown charset\r\nContent-Type: text/plain; charset=x-nowhere\r\n\r\ncaf\xe9\r\n",
    "codec that is none": b"Subject: codec that is none\r\nContent-Type: text/plain; charset=rot13\r\n\r\nplain\r\n",
    "idna charset": b"Subject: idna charset\r\nContent-Type: text/plain; charset=idna\r\n\r\nxn--a.\xff\r\n",
    "bad base64": b"Subject: bad base64\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n"
    b"\r\n!!!=Zm9v=\r\n",
    "bad quoted": b"Subject: bad quoted\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    b"\r\n=Z1 =\xff =\r\n",
    "no headers": b"Subject: no headers\r\n\r\n",
    "8 bit": b"Subject: 8 bit \xfc\xe9\r\nFrom: \xc3\xbcx <a@b>\r\n\r\nbody\r\n",
    "bad words": b"Subject: bad words =?utf-8?b?!!!?= =?x-none?q?=FF?= =?utf-8?q?a=0Ab?=\r\n\r\nbody\r\n",
    "no boundary": b"Subject: no boundary\r\nContent-Type: multipart/mixed\r\n\r\nbody\r\n",
    "nul": b"Subject: nul \x00 here\r\nContent-Type: text/html\r\n\r\n<p>a\x00b\r\n",
    "addresses": b'Subject: addresses\r\nFrom: "a\\"b" <x@y>, group: c@d, e;\r\nTo: undisclosed:;\r\n\r\nb\r\n',
    "utf-16": b"Subject: utf-16\r\nContent-Type: text/html; charset=utf-16le\r\n\r\n" + "<p>ü".encode("utf-16le"),
    "long line": b"Subject: long line\r\n\r\n" + b"x" * 200_000 + b"\r\n",
}
