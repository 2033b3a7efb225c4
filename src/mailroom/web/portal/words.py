"""Words of a message in plain letters, whatever charset they claim to be in. Nothing here ever raises."""

from __future__ import annotations

import binascii
import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header
from urllib.parse import unquote_to_bytes

# What senders write, and what they mean.
MEANT = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "utf8": "utf-8",
    "utf-8": "utf-8",
}
# Codecs of Python that are none of mail's, or slow on purpose.
NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
HEADER_BYTES_MAX = 10_000
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def text(data: bytes, charset: str = "") -> str:
    """`data` as text: in its charset, else UTF-8, else Windows' western one."""
    try:
        return data.decode("utf-8") if not charset else data.decode(_codec(charset))
    except (LookupError, UnicodeError, ValueError):
        pass
    try:
        return data.decode("utf-8")
    except UnicodeError:
        codec = _codec(charset, "cp1252")
        try:
            return data.decode(codec, "replace")
        except (LookupError, UnicodeError, ValueError):
            return data.decode("latin-1")


def _codec(charset: str, otherwise: str = "") -> str:
    """The codec for a charset's name. Raises LookupError when there is none and no other way is given."""
    name = charset.strip().strip("\"'").lower()
    name = MEANT.get(name, name)
    try:
        found = codecs.lookup(name)
        if found.name in NO_CHARSETS or not getattr(found, "_is_text_encoding", True):
            raise LookupError(name)
        return name
    except (LookupError, ValueError, UnicodeError):
        if otherwise:
            return otherwise
        raise LookupError(charset) from None


def header(raw: object) -> str:
    """A header's value with its encoded words decoded (RFC 2047), on one line, without control characters."""
    if not isinstance(raw, bytes):
        return ""
    value = re.sub(r"\r?\n[ \t]?", " ", text(raw[:HEADER_BYTES_MAX]))
    if "=?" in value:
        try:
            pieces = decode_header(value)
            value = "".join(
                text(piece, charset or "") if isinstance(piece, bytes) else piece for piece, charset in pieces
            )
        except (HeaderParseError, binascii.Error, ValueError, LookupError):
            pass
    return BIDI.sub("", CONTROLS.sub("", value.replace("\t", " "))).strip()


def decoded(raw: object) -> str:
    """A short word, e.g. an address, as it is; "" for what is none."""
    return CONTROLS.sub("", text(raw)) if isinstance(raw, bytes) else ""


def parameter(parameters: dict[str, bytes], name: str) -> str:
    """A MIME parameter, also when it is continued or encoded (RFC 2231) or wrongly written as an encoded word."""
    if name in parameters:
        return header(parameters[name])
    if f"{name}*" in parameters:
        charset, _, rest = parameters[f"{name}*"].partition(b"'")
        return _clean(text(unquote_to_bytes(rest.partition(b"'")[2]), charset.decode("ascii", "replace")))
    return _clean(_continued(parameters, name))


def _continued(parameters: dict[str, bytes], name: str) -> str:
    data, charset = b"", ""
    for turn in range(100):
        plain, encoded = parameters.get(f"{name}*{turn}"), parameters.get(f"{name}*{turn}*")
        if encoded is not None:
            if turn == 0 and encoded.count(b"'") >= 2:
                named, _, rest = encoded.partition(b"'")
                charset, encoded = named.decode("ascii", "replace"), rest.partition(b"'")[2]
            data += unquote_to_bytes(encoded)
        elif plain is not None:
            data += plain
        else:
            break
    return text(data, charset)


def _clean(value: str) -> str:
    return BIDI.sub("", CONTROLS.sub("", value)).strip()
