"""Words of a message in plain letters, whatever charset they claim to be in. Nothing here ever raises."""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from mailroom.core.charsets import is_charset

# What senders write, and what they mean.
MEANT = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "x-cp1252": "cp1252",
    "x-gbk": "gb18030",
    "x-utf-8": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    # Python knows these by their own names only (RFC 2319 for KOI8-U).
    "koi8-u": "koi8_u",
    "koi8-ru": "koi8_u",
    "koi8-t": "koi8_t",
    "windows-874": "cp874",
    "x-windows-874": "cp874",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ukrainian": "mac_cyrillic",
    "utf8": "utf-8",
    "utf-8": "utf-8",
}
# Codecs of Python that are none of mail's, or slow on purpose.
NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J")
# As Python names the charsets in which each byte is a letter: almost any bytes would do.
SINGLE_BYTE = (
    "iso8859",
    "cp12",
    "koi8",
    "mac",
    "cp437",
    "cp85",
    "cp86",
    "cp874",
    "tis",
    "kz1048",
    "ptcp154",
    "hp-roman8",
)
# Words of two letters in a charset of East Asia may be right UTF-8 by chance; four letters hardly ever are.
CHANCE_BYTES = 8
HIGH = bytes(range(128, 256))
META_CHARSET = re.compile(rb"""<meta\s[^<>]{0,300}?charset\s{0,9}=\s{0,9}["']?([a-z0-9_.:-]{1,40})""", re.IGNORECASE)
META_BYTES_MAX = 4_096
HEADER_BYTES_MAX = 10_000
PIECE_BYTES = 32_768
# Of the name of a sender or a recipient, and of an address.
NAME_BYTES_MAX = 1_000
# The beginning of an encoded word: its charset, with or without a language, and its encoding (RFC 2047 2, RFC 2231 5).
WORD_BEGIN = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
# UTF-7 can write them; no answer, file or table can hold them (core/surrogates.py).
HALVES = re.compile("[\ud800-\udfff]")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def text(data: bytes, charset: str = "", html: bool = False) -> str:
    """`data` as text. What the bytes are goes before what is said of them; nothing said counts as Windows' western one.

    html: what a document says of itself counts where the mail says nothing. Data may have been cut: half a character at
    its end is left out.
    """
    for mark, codec in MARKS:
        if data.startswith(mark):
            return _replaced(data[len(mark) :], codec)
    codec = _codec(charset)
    if not codec and data.isascii() and any(escape in data for escape in JAPANESE_ESCAPES):
        codec = "iso-2022-jp"
    if not codec and html:
        codec = _codec(_meta(data))
        # It says so in letters of one byte.
        codec = "" if codec.startswith("utf-16") or codec.startswith("utf-32") else codec
    if not codec or codec.startswith(SINGLE_BYTE):
        return _strict(data, "utf-8") or _replaced(data, codec or "cp1252")
    if not codec.startswith("utf") and _beyond_ascii(data) >= CHANCE_BYTES and (found := _strict(data, "utf-8")):
        return found
    return _strict(data, codec) or _strict(data, "utf-8") or _nearly(data, codec)


def _strict(data: bytes, codec: str) -> str | None:
    """The text if all of it is right, apart from half a character at the end; "" and None alike are none."""
    try:
        return _in_pieces(data, codec, "strict")
    except (LookupError, UnicodeError, ValueError):
        return None


def _replaced(data: bytes, codec: str) -> str:
    """The text with U+FFFD for what is wrong."""
    return _in_pieces(data, codec, "replace", final=True)


def _in_pieces(data: bytes, codec: str, errors: str, *, final: bool = False) -> str:
    """Others get their turn between two pieces: a megabyte that is wrong in each byte takes a tenth of a second."""
    decoder = codecs.getincrementaldecoder(codec)(errors)
    pieces = [decoder.decode(data[at : at + PIECE_BYTES]) for at in range(0, len(data), PIECE_BYTES)]
    found = "".join(pieces) + (decoder.decode(b"", final=True) if final else "")
    return HALVES.sub("\ufffd", found) if codec == "utf-7" else found


def _nearly(data: bytes, codec: str) -> str:
    """Text of a charset that it is not quite in."""
    try:
        found = _replaced(data, codec)
    except (LookupError, UnicodeError, ValueError):
        return _replaced(data, "cp1252")
    # UTF-8 in which no letter beyond ASCII is right, is none.
    if codec == "utf-8" and "\ufffd" in found and found.replace("\ufffd", "").isascii():
        return _replaced(data, "cp1252")
    return found


def _meta(data: bytes) -> str:
    """The charset that an HTML document names near its start (HTML 4.2.5)."""
    found = META_CHARSET.search(data, 0, META_BYTES_MAX)
    return found[1].decode("ascii") if found else ""


def _beyond_ascii(data: bytes) -> int:
    return len(data) - len(data.translate(None, HIGH))


def _codec(charset: str) -> str:
    """Python's name of a charset; "" for none, for one that is unknown, and for ASCII, which everybody names."""
    name = charset.strip().strip("\"'").strip().lower()
    name = MEANT.get(name, name)
    try:
        if not is_charset(name):
            return ""
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return ""
    known = found.name not in NO_CHARSETS and getattr(found, "_is_text_encoding", True)
    return found.name if known and found.name != "ascii" else ""


def header(raw: object, bytes_max: int = HEADER_BYTES_MAX) -> str:
    """A header's value with its encoded words decoded (RFC 2047), on one line, without control characters.

    What is beyond `bytes_max` bytes is left out.
    """
    if not isinstance(raw, bytes):
        return ""
    value = re.sub(r"\r?\n[ \t]?", " ", text(raw[:bytes_max]))
    return BIDI.sub("", CONTROLS.sub("", "".join(_pieces(value)).replace("\t", " "))).strip()


def _pieces(value: str) -> Iterator[str]:
    """The text between encoded words, and what these mean; one word after the other of a charset is one text.

    Python's own decode_header takes quadratic time for what begins like an encoded word and never ends.
    """
    at, charset, held = 0, "", list[bytes]()
    for start, end, name, data in _encoded_words(value):
        between = value[at:start]
        at = end
        # Space between two encoded words does not count (RFC 2047 6.2).
        if held and (between.strip() or name != charset):
            yield text(b"".join(held), charset)
            held = []
            between = between if between.strip() else ""
        elif held:
            between = ""
        yield between
        charset = name
        held.append(data)
    if held:
        yield text(b"".join(held), charset)
    yield value[at:]


def _encoded_words(value: str) -> Iterator[tuple[int, int, str, bytes]]:
    """(start, end, charset, bytes) of each encoded word that can be decoded."""
    at = value.find("=?")
    while at >= 0:
        begin = WORD_BEGIN.match(value, at)
        end = value.find("?=", begin.end()) if begin else at
        if end < 0:
            return
        data = _word(begin[2], value[begin.end() : end]) if begin else None
        if begin and data is not None:
            yield at, end + 2, begin[1].lower(), data
        at = value.find("=?", end + 2)


def _word(encoding: str, content: str) -> bytes | None:
    """The bytes of an encoded word's content; None when it is none."""
    raw = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw, header=True)
    try:
        return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return None


def decoded(raw: object) -> str:
    """A short word, e.g. an address, as it is, without what is beyond 1,000 bytes; "" for what is none."""
    return CONTROLS.sub("", text(raw[:NAME_BYTES_MAX])) if isinstance(raw, bytes) else ""


def parameter(parameters: dict[str, bytes], name: str) -> str:
    """A MIME parameter, also when it is continued or encoded (RFC 2231) or wrongly written as an encoded word.

    What is beyond HEADER_BYTES_MAX bytes is left out.
    """
    if name in parameters:
        return header(parameters[name])
    if f"{name}*" in parameters:
        charset, _, rest = parameters[f"{name}*"][:HEADER_BYTES_MAX].partition(b"'")
        return _clean(text(unquote_to_bytes(rest.partition(b"'")[2]), charset.decode("ascii", "replace")))
    return _clean(_continued(parameters, name))


def _continued(parameters: dict[str, bytes], name: str) -> str:
    data, charset = b"", ""
    for turn in range(100):
        plain, encoded = parameters.get(f"{name}*{turn}"), parameters.get(f"{name}*{turn}*")
        if len(data) >= HEADER_BYTES_MAX:
            break
        if encoded is not None:
            encoded = encoded[:HEADER_BYTES_MAX]
            if turn == 0 and encoded.count(b"'") >= 2:
                named, _, rest = encoded.partition(b"'")
                charset, encoded = named.decode("ascii", "replace"), rest.partition(b"'")[2]
            data += unquote_to_bytes(encoded)
        elif plain is not None:
            data += plain[:HEADER_BYTES_MAX]
        else:
            break
    return text(data[:HEADER_BYTES_MAX], charset)


def _clean(value: str) -> str:
    return BIDI.sub("", CONTROLS.sub("", value)).strip()
