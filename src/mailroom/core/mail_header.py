"""Header fields of messages that this server writes: the one place where they are folded and encoded.

The standard library's own folding writes identifiers and parameters as encoded words, and loses blanks between two of
them. Here structured fields are folded at white space and never encoded (RFC 5322 2.2.3, RFC 2047 5); free text becomes
encoded words in UTF-8 where it has to (RFC 2047 2), and file names become RFC 2231 parameters.
Lines have no more than LINE_MAX characters where that is possible. All costs are linear.
"""

from __future__ import annotations

import base64
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

# RFC 2047 2: of a line with an encoded word. RFC 5322 2.1.1 recommends 78, and allows 998 without the line end.
LINE_MAX = 76
LINE_BYTES_MAX = 998
# Of a whole field, with line feeds. With a milter Postfix cuts each at 60,000 bytes, whatever header_size_limit says,
# and then at the end of a line if one ends in the last 6,000 of them (measured, 3.7): a shorter one was surely not cut.
FIELD_BYTES_MAX = 53_900
WORD_MAX = 75
OPENING, CLOSING = "=?utf-8?{}?", "?="
WORD_ROOM = WORD_MAX - len("=?utf-8?q?" + CLOSING)
# What an encoded word may show as it is, also in a phrase (RFC 2047 5 (3)).
SHOWN = frozenset((string.ascii_letters + string.digits + "!*+-/").encode())
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
ATTRIBUTE_CHARS = frozenset((string.ascii_letters + string.digits + "!#$&+-.^_`|~").encode())
NAME = re.compile(r"[!-9;-~]{1,40}")
ZERO_WIDTH_JOINER = "\u200d"


def text_field(name: str, text: str) -> bytes:
    """A field of free text (Subject): what a reader decodes is `text`, blanks included. Raises ValueError."""
    if is_plain(text) and all(len(word) < LINE_MAX for word in text.split(" ")):
        words = text.split(" ") if text else []
        if not words or len(name) + 2 + len(words[0]) <= LINE_MAX:
            return _folded(name, words)
    return _folded(name, encoded_words(text, LINE_MAX - len(name) - 2))


def structured_field(name: str, *words: str) -> bytes:
    """A field that programs read (Message-ID, References, List-*): folded between these words. Raises ValueError."""
    return _folded(name, words)


def address_field(name: str, addresses: Iterable[tuple[str, str]]) -> bytes:
    """A list of (display name, local@domain) (RFC 5322 3.4). An address outside ASCII stays UTF-8 (RFC 6532 3.2).

    Raises ValueError.
    """
    words: list[str] = []
    for shown, address in addresses:
        if words:
            words[-1] += ","
        words += [*_phrase(shown), f"<{address}>"] if shown else [address]
    return _folded(name, words)


def parameter_field(name: str, value: str, parameters: Mapping[str, str]) -> bytes:
    """A value with parameters, each on a line of its own, in ASCII or by RFC 2231. Raises ValueError."""
    return _with_parameters(name, value, [one for key, known in parameters.items() for one in _parameter(key, known)])


def file_fields(kind: str, file_name: str, disposition: str = "attachment") -> bytes:
    """Content-Type and Content-Disposition of a file. kind: its media type.

    The name stands in both: as RFC 2231 says in the latter, and for programs that do not know that in the former, as
    encoded words within quotes, which all of them read although RFC 2047 5 does not allow it. Raises ValueError.
    """
    if not file_name or _quoted("name", file_name):
        fallback = _parameter("name", file_name) if file_name else []
    else:
        fallback = ['name="' + "\r\n ".join(encoded_words(file_name, LINE_MAX - len(' name="";'))) + '"']
    return _with_parameters("Content-Type", kind, fallback) + parameter_field(
        "Content-Disposition", disposition, {"filename": file_name} if file_name else {}
    )


def one_line(text: str) -> str:
    """Text for a field: line ends and other controls would end it, so they become blanks; so do lone surrogates."""
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+", " ", text)


def is_plain(text: str) -> bool:
    """Whether text can stand in a header as it is and keeps its blanks when the header is folded."""
    return re.fullmatch(r"[ -~]*", text) is not None and " ".join(text.split()) == text and "=?" not in text


def encoded_words(text: str, first_room: int = WORD_MAX) -> list[str]:
    """Encoded words that decode to `text`. No character, nor where it fits what is seen as one, is cut.

    first_room: characters that are left on the line of the first word.
    """
    first = min(first_room, WORD_MAX) - (WORD_MAX - WORD_ROOM)
    seen = list(clusters(text))
    kind = "q" if _length(text, "q") <= _length(text, "b") and all(_length(one, "q") <= first for one in seen) else "b"
    words: list[str] = []
    piece, room = "", first
    size = 0
    for cluster in seen:
        # One that is too long for a word goes in single characters.
        for part in [cluster] if _length(cluster, kind) <= first else cluster:
            grown = size + (_length(part, "q") if kind == "q" else len(part.encode()))
            if piece and (grown if kind == "q" else _base64_length(grown)) > room:
                words.append(_word(piece, kind))
                piece, room, grown = "", WORD_ROOM, grown - size
            piece, size = piece + part, grown
    return [*words, _word(piece, kind)]


def _word(piece: str, kind: str) -> str:
    data = piece.encode()
    if kind == "b":
        content = base64.b64encode(data).decode()
    else:
        content = "".join(chr(byte) if byte in SHOWN else "_" if byte == 0x20 else f"={byte:02X}" for byte in data)
    return OPENING.format(kind) + content + CLOSING


def _length(piece: str, kind: str) -> int:
    data = piece.encode()
    return _base64_length(len(data)) if kind == "b" else sum(1 if b in SHOWN or b == 0x20 else 3 for b in data)


def _base64_length(count: int) -> int:
    return -(-count // 3) * 4


def clusters(text: str) -> Iterator[str]:
    """What people see as one character (roughly UAX 29): marks, joined emoji, flags and Hangul stay together."""
    start, flags = 0, 0
    for at in range(1, len(text)):
        char, before = text[at], text[at - 1]
        is_flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        flags = flags + 1 if is_flag and "\U0001f1e6" <= before <= "\U0001f1ff" else 0
        joined = (
            unicodedata.category(char).startswith("M")
            or ZERO_WIDTH_JOINER in (char, before)
            or "\U0001f3fb" <= char <= "\U0001f3ff"
            or "\U000e0020" <= char <= "\U000e007f"
            or "\u1160" <= char <= "\u11ff"
            or flags % 2 == 1
        )
        if not joined:
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def _phrase(shown: str) -> list[str]:
    """A display name in words between which a line may end."""
    if ATOMS.fullmatch(shown) and is_plain(shown) and all(len(word) < LINE_MAX for word in shown.split(" ")):
        return shown.split(" ")
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", shown) + '"'
    if is_plain(shown) and len(quoted) < LINE_MAX:
        return [quoted]
    return encoded_words(shown)


def _quoted(name: str, value: str) -> str:
    """name="value", or "" when programs would not all read it alike, or it is too long for a line."""
    whole = f'{name}="{value}"'
    return whole if is_plain(value) and not re.search(r'["\\]', value) and len(whole) <= LINE_MAX - 2 else ""


def _parameter(name: str, value: str) -> list[str]:
    """A parameter, in as many sections as it needs (RFC 2231 3, 4.1)."""
    if quoted := _quoted(name, value):
        return [quoted]
    whole = f"{name}*=utf-8''{_percent(value)}"
    if len(whole) <= LINE_MAX - 2:
        return [whole]
    sections, current = [], f"{name}*0*=utf-8''"
    for cluster in clusters(value):
        # What is seen as one character may be longer than a line.
        for part in [cluster] if len(_percent(cluster)) <= LINE_MAX // 2 else cluster:
            if len(current) + len(_percent(part)) > LINE_MAX - 2:
                sections.append(current)
                current = f"{name}*{len(sections)}*="
            current += _percent(part)
    return [*sections, current]


def _percent(text: str) -> str:
    return "".join(chr(byte) if byte in ATTRIBUTE_CHARS else f"%{byte:02X}" for byte in text.encode())


def _with_parameters(name: str, value: str, parameters: list[str]) -> bytes:
    words = [f"{one};" for one in [value, *parameters]]
    words[-1] = words[-1].removesuffix(";")
    return _checked(name, f"{name}: " + "\r\n ".join(words))


def _folded(name: str, words: Iterable[str]) -> bytes:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1].encode()) + 1 + len(word.encode()) <= LINE_MAX:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return _checked(name, "\r\n".join(lines))


def _checked(name: str, whole: str) -> bytes:
    """The field's bytes. Raises ValueError, with the name, when a control character or a line end would end the field
    or begin another one, or when a line is empty or too long."""
    lines = whole.encode().split(b"\r\n")
    sound = NAME.fullmatch(name) and all(line.startswith(b" ") for line in lines[1:])
    if not sound or any(_is_bad(line) for line in lines):
        raise ValueError(name)
    return b"\r\n".join([*lines, b""])


def _is_bad(line: bytes) -> bool:
    return len(line) > LINE_BYTES_MAX or not line.strip() or re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line) is not None
