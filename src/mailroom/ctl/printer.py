"""The one place where `mailroomctl` prints. What strangers wrote reaches root's terminal as letters, never as commands.

Control characters (ESC begins a terminal's commands, and so does C1's CSI), bidirectional overrides, invisible letters
and halves of surrogate pairs are shown as JSON writes them, e.g. \\u001b: so a file in JSON stays the same file
(RFC 8259 7). Spaces of all widths and tabs stay.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from typing import Any, TextIO
from unicodedata import category


def printable(text: str, keep: str = "\t") -> str:
    """`text` with everything escaped that is no letter, mark, digit, sign or space. keep: what stays nevertheless."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in keep or category(char) == "Zs" else _escaped(char) for char in text
    )


def safe(facts: Any, long: Collection[str] = ()) -> Any:
    """The same facts with printable texts of one line. long: names of facts whose texts have lines of their own."""
    if isinstance(facts, dict):
        return {
            safe(name): printable(value, "\t\n") if name in long and isinstance(value, str) else safe(value, long)
            for name, value in facts.items()
        }
    if isinstance(facts, list | tuple):
        return type(facts)(safe(one, long) for one in facts)
    return printable(facts) if isinstance(facts, str) else facts


def as_json(facts: Any) -> str:
    """The facts themselves, for programs; the same characters are escaped."""
    return printable(json.dumps(facts, indent=2, ensure_ascii=False), "\n")


def put(text: str, out: TextIO | None = None) -> None:
    """Print words made of safe facts, or JSON."""
    print(printable(text, "\t\n"), file=out or sys.stdout)


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1] if ord(char) != 0x7F else "\\u007f"
