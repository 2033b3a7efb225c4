"""Auto BCC rules as a file in Postfix's format: a regexp_table(5), or a plain table with whole addresses (row BC06).

One file holds rules about senders (sender_bcc_maps) or about recipients (recipient_bcc_maps). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mailroom.core.address import foreign, local_part_fault
from mailroom.core.pages.mail_delivery_auto_bcc import PART
from mailroom.policy.text_file import logical_lines

LINE = re.compile(r"(/(?:[^/\\]|\\.)*/[imxU]*|[^\s/]\S*)\s+(\S+)")
# What stands for one character, and so is part of an address.
PLAIN = re.compile(r"\[([^\]\[^])\]|\\([^A-Za-z0-9])|([A-Za-z0-9@_=&~!#'-])")
# Far more than an address has; reading one line then never takes long.
LINE_CHARACTERS_MAX = 2_000
NO_RULE = "This is no rule. Write it as “/part of an address/ address”."


@dataclass(frozen=True)
class Line:
    """One rule of a file. fault: why it cannot be one, or ""."""

    number: int
    text: str = ""
    target: str = ""
    fault: str = ""
    readable: bool = True


def read(text: str) -> list[Line]:
    """Every rule of the text, good or bad."""
    return [_line(number, line) for number, line in logical_lines(text) if not line.startswith("#")]


def _line(number: int, line: str) -> Line:
    match = LINE.fullmatch(line) if len(line) <= LINE_CHARACTERS_MAX else None
    if match is None or not line.isprintable():
        return Line(number, fault=NO_RULE, readable=False)
    part, target = _part(match[1]), match[2]
    if part is None:
        return Line(number, match[1], target, "Its pattern stands for more than a part of an address.")
    if not part or not PART.fullmatch(part):
        return Line(number, match[1], target, f"{part[:80]!r} is no part of an address.")
    found = foreign(target) if "@" in target else "" if local_part_fault(target.lower()) else target.lower()
    if not found:
        return Line(number, part, target, f"{target[:80]!r} is no mail address.")
    return Line(number, part, found)


def _part(pattern: str) -> str | None:
    """The text that a pattern looks for, None when it looks for more than one."""
    if not pattern.startswith("/"):
        return pattern.lower()
    body, _, flags = pattern[1:].rpartition("/")
    found = [match for match in PLAIN.finditer(body)]
    if flags or "".join(match[0] for match in found) != body:
        return None
    return "".join(match[1] or match[2] or match[3] for match in found).lower()


def written(rules: Iterable[dict[str, Any]], domain: str, table: str) -> str:
    """Rules of one criterion as a file for `table`. `read` understands each line."""
    lines = [f"# For {table} = regexp:FILE of Postfix, see regexp_table(5); written by Mailroom for {domain}"]
    lines += [f"/{''.join(map(_literal, one['text']))}/ {one['target']}" for one in rules]
    return "\n".join([*lines, ""])


def _literal(char: str) -> str:
    return char if char.isalnum() or char in "@_=&~!'-" else f"[{char}]"


def known_rules(rules: Sequence[dict[str, Any]], criterion: str) -> set[tuple[str, str]]:
    """(text, target) of the rules there are of a criterion."""
    return {(one["text"], one["target"]) for one in rules if one["criterion"] == criterion}
