"""Content without its transfer encoding (RFC 2045 6), piece by piece. What is wrong in it is left out, never an error.

Also uuencode, which no standard of mail names, but which old programs send as x-uuencode.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterable, Iterator

LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
NOT_BASE64 = bytes(set(range(256)) - set(LETTERS + b"="))
PADDING = re.compile(b"=+")
UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\n]{0,1000}\n", re.MULTILINE)
UU_BEGIN_MAX = 64 * 1024
UU_LINE_MAX = 100
UU_NAMES = {"x-uuencode", "uuencode", "x-uue", "uue"}


class Identity:
    """7bit, 8bit, binary, and whatever is unknown: as it is."""

    def feed(self, raw: bytes) -> bytes:
        """What more bytes mean."""
        return raw

    def end(self) -> bytes:
        """What is left when nothing more comes."""
        return b""


class Base64(Identity):
    """Foreign bytes are passed over. "=" ends a piece: in some mail padded ones stand behind each other."""

    def __init__(self) -> None:
        self.left = b""

    def feed(self, raw: bytes) -> bytes:
        """What more bytes mean."""
        *ended, last = PADDING.split(self.left + raw.translate(None, NOT_BASE64))
        whole = len(last) // 4 * 4
        self.left = last[whole:]
        return b"".join([*map(_padded, ended), binascii.a2b_base64(last[:whole])])

    def end(self) -> bytes:
        """What is left when nothing more comes."""
        left, self.left = self.left, b""
        return _padded(left)


def _padded(letters: bytes) -> bytes:
    """A piece that ends here; one letter alone means nothing."""
    over = len(letters) % 4
    if over == 1:
        letters, over = letters[:-1], 0
    return binascii.a2b_base64(letters + b"=" * (-over % 4))


class QuotedPrintable(Identity):
    """Decoded in whole lines where there are any, and never cut between "=" and what belongs to it."""

    LINE_MAX = 64 * 1024

    def __init__(self) -> None:
        self.left = b""

    def feed(self, raw: bytes) -> bytes:
        """What more bytes mean."""
        raw = self.left + raw
        cut = raw.rfind(b"\n") + 1
        if not cut and len(raw) > self.LINE_MAX:
            # "=", two digits, or a line end that does not count.
            sign = raw.rfind(b"=", -3)
            cut = sign if sign >= 0 else len(raw)
        self.left = raw[cut:]
        return quopri.decodestring(raw[:cut])

    def end(self) -> bytes:
        """What is left when nothing more comes."""
        left, self.left = self.left, b""
        return quopri.decodestring(left)


class Uuencode(Identity):
    """Lines between "begin" and "end". What has no "begin" near its start is given as it is."""

    def __init__(self) -> None:
        self.left = b""
        self.state = "before"

    def feed(self, raw: bytes) -> bytes:
        """What more bytes mean."""
        raw, self.left = self.left + raw, b""
        if self.state == "before":
            raw = self._begun(raw)
        if self.state in ("before", "after"):
            return b""
        if self.state == "none":
            return raw
        return self._lines(raw)

    def end(self) -> bytes:
        """What is left when nothing more comes."""
        if self.state == "inside":
            return self._lines(self.left + b"\n")
        left, self.left = self.left, b""
        return left if self.state == "before" else b""

    def _begun(self, raw: bytes) -> bytes:
        """What stands behind the first line; all of it when there is none, and "" while that is not known."""
        if found := UU_BEGIN.search(raw, 0, UU_BEGIN_MAX):
            self.state = "inside"
            return raw[found.end() :]
        if len(raw) > UU_BEGIN_MAX:
            self.state = "none"
            return raw
        self.left = raw
        return b""

    def _lines(self, raw: bytes) -> bytes:
        *lines, self.left = raw.split(b"\n")
        # A line of uuencode carries 45 bytes: the rest of a longer one means nothing.
        self.left = self.left[:UU_LINE_MAX]
        found = []
        for line in lines:
            text = line.rstrip(b"\r")
            if text.strip() == b"end":
                self.state, self.left = "after", b""
                break
            found.append(_uu_line(text))
        return b"".join(found)


def _uu_line(text: bytes) -> bytes:
    if not text or not 32 <= text[0] <= 96:
        return b""
    letters = (((text[0] - 32) & 63) * 8 + 5) // 6
    # Blanks at the end get lost on the way.
    cut = text[: 1 + letters].ljust(1 + letters)
    try:
        return binascii.a2b_uu(cut)
    except binascii.Error:
        return b""


def decoder(encoding: str) -> Identity:
    """What decodes this Content-Transfer-Encoding."""
    name = encoding.strip().strip('";').lower()
    if name == "base64":
        return Base64()
    if name == "quoted-printable":
        return QuotedPrintable()
    return Uuencode() if name in UU_NAMES else Identity()


def decoded(raw: bytes, encoding: str) -> bytes:
    """A whole content."""
    found = decoder(encoding)
    return found.feed(raw) + found.end()


def pieces(raw: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """A content in pieces, however it was cut."""
    found = decoder(encoding)
    for piece in raw:
        yield found.feed(piece)
    yield found.end()
