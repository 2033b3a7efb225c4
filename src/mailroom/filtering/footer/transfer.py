"""Content-Transfer-Encoding: reading a text, and writing it again with something put in (RFC 2045 6).

Quoted-printable and unencoded text stays as it was written outside of what is put in; base64 is written anew.
"""

from __future__ import annotations

import base64
import binascii
import re

from mailroom.filtering.footer.fields import Broken

QP, BASE64 = "quoted-printable", "base64"
ENCODINGS = ("", "7bit", "8bit", "binary", QP, BASE64)
LINE_BYTES = 57
LINE_CHARS_MAX = 990
QP_CHARS_MAX = 75
QP_TOKEN = re.compile(rb"=[0-9A-Fa-f]{2}|[^\r\n]")


def decode(raw: bytes, encoding: str) -> bytes:
    """The text as it was before it was encoded. Raises Broken."""
    if encoding not in ENCODINGS:
        raise Broken(f"an unknown encoding {encoding}")
    if encoding == QP:
        return binascii.a2b_qp(raw)
    if encoding == BASE64:
        try:
            return base64.b64decode(b"".join(raw.split()), validate=True)
        except binascii.Error:
            raise Broken("bad base64") from None
    return raw


def encode(content: bytes, encoding: str) -> bytes:
    """A whole text, encoded; ends with a line end."""
    if encoding == BASE64:
        lines = [binascii.b2a_base64(content[n : n + LINE_BYTES], newline=False) for n in range(0, len(content), 57)]
        return b"\r\n".join([*lines, b""])
    return quoted(content) if encoding == QP else content


def quoted(content: bytes) -> bytes:
    """Quoted-printable with CRLF line ends; `content` has the same."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", binascii.b2a_qp(content, istext=True))


def fits(content: bytes, encoding: str) -> bool:
    """Whether what is put in can be sent like this: line lengths (RFC 5321 4.5.3.1.6), and 8 bit only where it was."""
    if encoding in (QP, BASE64):
        return True
    return (encoding in ("8bit", "binary") or content.isascii()) and all(
        len(line) <= LINE_CHARS_MAX for line in content.split(b"\r\n")
    )


def put_in(raw: bytes, content: bytes, at: int, what: bytes, encoding: str) -> bytes:
    """`raw`, which holds `content`, with `what` at byte `at` of the content. Raises Broken rather than damage it."""
    new = content[:at] + what + content[at:]
    written = _quoted_put_in(raw, content, at, what) if encoding == QP else encode(new, encoding)
    if decode(written, encoding) != new:
        raise Broken("a text that changes when it is written again")
    return written


def _quoted_put_in(raw: bytes, content: bytes, at: int, what: bytes) -> bytes:
    place = len(raw) if at == len(content) else _place(raw, len(content) - at)
    before, after = raw[:place], raw[place:]
    if before.endswith(b"="):
        # A last line that promised to go on.
        before += b"\r\n"
    elif before and not before.endswith(b"\r\n") and not what.startswith(b"\r\n"):
        before += b"=\r\n"
    added = quoted(what)
    if after and not added.endswith(b"\r\n"):
        added += b"=\r\n"
    return before + added + after


def _place(raw: bytes, left: int) -> int:
    """Where in `raw` the last `left` bytes of its content begin. Lines are decoded one by one, from the last."""
    end = len(raw)
    while end > 0:
        start = raw.rfind(b"\n", 0, end - 1) + 1
        held = len(binascii.a2b_qp(raw[start:end]))
        if held >= left:
            return start + _skipped(raw[start:end], held - left)
        left, end = left - held, start
    return 0


def _skipped(line: bytes, count: int) -> int:
    """How many characters of a quoted-printable line stand for its first `count` bytes."""
    place = 0
    for token in QP_TOKEN.finditer(line):
        if count == 0:
            break
        count, place = count - 1, token.end()
    return place
