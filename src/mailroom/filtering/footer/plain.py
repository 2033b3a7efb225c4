"""The footer below a plain text (RFC 3676 for format=flowed), and texts that must stay as they are."""

from __future__ import annotations

import re

from mailroom.core.lines import lines_of_text

# Inline PGP (RFC 9580 6.2); quoted in a reply it protects nothing any more.
PGP = re.compile(rb"^-----BEGIN PGP (SIGNED )?MESSAGE(, PART [^\r\n]*)?-----[ \t]*\r?$", re.MULTILINE)


def is_pgp(content: bytes) -> bool:
    """Whether it is signed or encrypted inside."""
    return b"-----BEGIN PGP" in content and PGP.search(content) is not None


def below(content: bytes, text: str, newline: str, flowed: bool) -> str:
    """What is put at the end of `content`: an empty line and the footer's lines."""
    lines = lines_of_text(text.strip("\r\n"))
    if flowed:
        lines = [_fixed(line) for line in lines]
    above = "" if not content else newline if content.endswith(b"\n") else newline * 2
    return above + newline.join([*lines, ""])


def _fixed(line: str) -> str:
    """A line that does not flow on: no space last (but in the mark of signatures), one before what has a meaning."""
    kept = line if line == "-- " else line.rstrip(" ")
    return f" {kept}" if kept.startswith((" ", ">", "From ")) else kept
