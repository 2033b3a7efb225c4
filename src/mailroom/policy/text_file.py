"""Files that people bring: bytes become lines, or are refused as no text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

BYTES_MAX = 4 * 1024 * 1024
# Five times as many as a list of settings may have.
LINES_MAX = 100_000


class NoText(ValueError):
    """This is no file of the kind that was asked for; the sentence says why."""


def text_of(content: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 with its mark, as PowerShell writes it. Raises NoText.

    Bytes that are not UTF-8 stay unprintable: the line they are in is refused, and comments may have them.
    """
    if not content.strip():
        raise NoText("The file is empty.")
    if len(content) > BYTES_MAX:
        raise NoText(f"The file is larger than {BYTES_MAX // 1024**2} MB.")
    if content.count(b"\n") > LINES_MAX:
        raise NoText(f"The file has more than {LINES_MAX:,} lines.")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            raise NoText("The file is no text.") from None
    if b"\0" in content:
        raise NoText("The file is no text.")
    return content.decode("utf-8-sig", "surrogateescape")


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number of its first line, line): a line that begins with space goes on with the one before (postmap(1)).

    Lines without content are left out; comments are lines of their own, also between parts of another.
    """
    number, whole = 0, ""
    for at, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if not line.strip():
            continue
        if line.lstrip().startswith("#"):
            yield at, line.strip()
        elif line[0] in " \t" and whole:
            whole += " " + line.strip().replace("\t", " ")
        else:
            if whole:
                yield number, whole
            number, whole = at, line.strip().replace("\t", " ")
    if whole:
        yield number, whole
