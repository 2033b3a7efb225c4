"""Text in a part's own charset: adding to it, and moving it to UTF-8 when it cannot hold what is added.

What is added is added as bytes, so that the text itself stays byte for byte, even where it is not quite in its charset.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import lru_cache

# Names that mail uses and Python does not know. "unknown" means ASCII with anything in between.
ALIASES = {
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "windows-31j": "cp932",
    "x-sjis": "cp932",
    "x-gbk": "gbk",
    "x-mac-roman": "mac-roman",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unknown-8bit": "ascii",
    "x-unknown": "ascii",
}
# What programs write under these names although it is not in them.
WIDER = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
# A byte means here what the bytes before it have switched to, or characters are not whole bytes.
SWITCHING = ("iso2022", "utf-7", "utf-16", "utf-32", "hz")
ASCII = bytes(range(128))


class Unreadable(ValueError):
    """The text is not in the charset that it claims."""


@dataclass(frozen=True)
class Charset:
    """codec: Python's name. is_plain: whether ASCII text in it is the same bytes, wherever it stands."""

    codec: str
    is_plain: bool

    def decode(self, content: bytes) -> str:
        """Raises Unreadable."""
        try:
            return content.decode(self.codec)
        except UnicodeDecodeError:
            raise Unreadable(f"not {self.codec}") from None

    def decode_widely(self, content: bytes) -> str:
        """The same, as a mail program would take what is written under this name. Raises Unreadable."""
        wider = WIDER.get(self.codec)
        # ISO 8859-1 has control characters where Windows has quotes and dashes; nobody means the former.
        if wider and self.codec.startswith("iso8859") and any(0x80 <= byte < 0xA0 for byte in content):
            return Charset(wider, True).decode(content)
        try:
            return self.decode(content)
        except Unreadable:
            if wider is None:
                raise
            return Charset(wider, True).decode(content)


# Strangers invent names without end.
@lru_cache(maxsize=256)
def named(name: str) -> Charset | None:
    """The charset that mail calls so; None when it is unknown, or not for mail."""
    low = name.lower()
    try:
        codec = codecs.lookup(ALIASES.get(low, low)).name
        if codec.startswith(SWITCHING):
            return Charset(codec, False)
        # Leaves out what is no charset (idna, rot13, unicode_escape) as well as EBCDIC.
        superset = ASCII.decode(codec) == ASCII.decode("ascii") and "A\\u".encode(codec) == b"A\\u"
    except (LookupError, ValueError):
        return None
    return Charset(codec, True) if superset and codec not in ("charmap", "raw-unicode-escape", "utf-8-sig") else None


@dataclass(frozen=True)
class Added:
    """content with `what` put in at `at`. is_utf_8: whether all of it was moved to UTF-8 for that."""

    content: bytes
    at: int
    what: bytes
    is_utf_8: bool = False


def add(content: bytes, at: int, text: str, charset: Charset, as_html: bool) -> Added:
    """Put `text` in at the byte `at`. as_html: characters that the charset lacks may be written as references.

    Raises Unreadable when the text has to be understood for that and cannot be.
    """
    try:
        what = text.encode(charset.codec, "xmlcharrefreplace" if as_html and charset.is_plain else "strict")
    except UnicodeEncodeError:
        return _moved(content, at, text, charset)
    new = content[:at] + what + content[at:]
    if charset.is_plain or charset.decode(new) == "".join(_around(content, at, text, charset)):
        return Added(new, at, what)
    return _moved(content, at, text, charset)


def _moved(content: bytes, at: int, text: str, charset: Charset) -> Added:
    before, what, after = (part.encode() for part in _around(content, at, text, charset))
    return Added(before + what + after, len(before), what, True)


def _around(content: bytes, at: int, text: str, charset: Charset) -> tuple[str, str, str]:
    """(what stands before the place, `text`, what stands after it). Raises Unreadable."""
    before, whole = charset.decode_widely(content[:at]), charset.decode_widely(content)
    if not whole.startswith(before):
        raise Unreadable("another text from the middle on")
    return before, text, whole[len(before) :]
