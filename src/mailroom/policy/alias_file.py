"""Aliases as a file in Postfix's formats (rows AL05, AL06): aliases(5), "name: member", virtual(5), "address member".

Pure. What a line asks of a server that runs programs or writes files is refused: here an alias leads to mailboxes only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mailroom.core.address import foreign, local_part_fault
from mailroom.core.pages.mail_delivery_alias import ALIAS, GROUP, USER
from mailroom.policy.text_file import logical_lines

NAME = re.compile(r'\s*+("(?:[^"\\]|\\.)*+"|[^\s:",]++)\s*+(:?)\s*+(.*)', re.DOTALL)
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
MEMBER = re.compile(r"<([^<>]*)>|([^\s,]+)")
BETWEEN = re.compile(r"[\s,]*+")
# A group of the host is written out as an alias, so that Postfix can use the file; this line tells us what it is.
MARK = re.compile(r"# Mailroom group: (\S+) = (.+)")
FAULTS = (
    ("|", "It runs a program, which no alias may do here."),
    (":include:", "It reads its members from a file of the server, which no alias may do here."),
    ("/", "It writes to a file of the server, which no alias may do here."),
)
NO_LINE = "This is no alias. Write it as “name: member, member”."


@dataclass(frozen=True)
class Line:
    """One alias of a file.

    name: with its domain when it is for that one alone. members: as written, without quotes. fault: why it cannot be
    one, or "".
    """

    number: int
    name: str = ""
    members: tuple[str, ...] = ()
    fault: str = ""
    readable: bool = True


@dataclass
class File:
    """What a file holds. groups: {the name a group of the host has in the file: its own}."""

    lines: list[Line] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)


def read(text: str, domains: Sequence[str]) -> File:
    """Every alias of the text, good or bad."""
    found = File()
    for number, line in logical_lines(text):
        if line.startswith("#"):
            if mark := MARK.fullmatch(line.strip()):
                found.groups[mark[1].lower()] = mark[2]
        else:
            found.lines.append(_line(number, line, domains))
    return found


def _line(number: int, line: str, domains: Sequence[str]) -> Line:
    match = NAME.fullmatch(line)
    if match is None or not line.isprintable() or not (match[2] or match[3]):
        return Line(number, fault=NO_LINE, readable=False)
    name = _unquoted(match[1]).lower()
    local, at, domain = name.rpartition("@")
    if at:
        if not local:
            return Line(number, name, fault="A whole domain cannot be an alias.")
        if domain not in domains:
            return Line(number, name, fault=f"{domain} is not a domain of this server.")
        # At the mail domain means at every domain, as a name alone does.
        name = local if domain == domains[0] else name
    members = tuple(_members(match[3]))
    return Line(number, name, members, local_part_fault(name.partition("@")[0]) or _fault_of(members))


def _members(text: str) -> Iterator[str]:
    at, closed = _next(text, 0), True
    while at < len(text):
        # After a quote that never ends no other one is looked for: each would be, up to the end of the text.
        quoted = QUOTED.match(text, at) if closed else None
        closed = closed and (quoted is not None or text[at] != '"')
        rest = MEMBER.match(text, quoted.end()) if quoted and text.startswith("@", quoted.end()) else None
        if quoted and rest:
            # A local part within quotes.
            yield foreign(quoted[0] + rest[0]) or quoted[0] + rest[0]
            at = _next(text, rest.end())
        elif quoted:
            yield _unquoted(quoted[0])
            at = _next(text, quoted.end())
        elif match := MEMBER.match(text, at):
            word = (match[1] or match[2] or "").strip()
            yield (foreign(word) if "@" in word else "") or word.removeprefix("\\")
            at = _next(text, match.end())


def _next(text: str, at: int) -> int:
    """Where the next member begins."""
    found = BETWEEN.match(text, at)
    return found.end() if found else len(text)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _fault_of(members: Iterable[str]) -> str:
    found = list(members)
    for member in found:
        fault = next((fault for begin, fault in FAULTS if member.startswith(begin)), "")
        if fault:
            return fault
        if "@" in member and not foreign(member):
            return f"{member[:80]!r} is no mail address."
    return "" if found else "It has no members."


def written(aliases: Mapping[str, Sequence[str]], groups: Mapping[str, Sequence[str]], domain: str) -> str:
    """All aliases as a file, aliases(5). groups: who is in each group of the host now. `read` understands each line."""
    used = {member.removeprefix(GROUP) for members in aliases.values() for member in members if GROUP in member[:6]}
    names = _group_names(sorted(used), {*aliases, *(name for found in groups.values() for name in found)})
    lines = [f"# Aliases of {domain} in the format of Postfix, aliases(5); written by Mailroom"]
    for group, name in names.items():
        lines.append(f"# Mailroom group: {name} = {group}")
        if groups.get(group):
            lines.append(f"{name}: {', '.join(groups[group])}")
    for alias, members in aliases.items():
        lines.append(f"{alias}: {', '.join(_written(one, alias, aliases, names, domain) for one in members)}")
    return "\n".join([*lines, ""])


def _written(
    member: str, alias: str, aliases: Mapping[str, Sequence[str]], groups: Mapping[str, str], domain: str
) -> str:
    if member.startswith(GROUP):
        return groups[member.removeprefix(GROUP)]
    if member.startswith(ALIAS):
        return member.removeprefix(ALIAS)
    if not member.startswith(USER):
        return member
    name = member.removeprefix(USER)
    # With its domain the user is meant, also where an alias has the same name.
    return f"{name}@{domain}" if name in aliases and name != alias.partition("@")[0] else name


def _group_names(groups: Iterable[str], taken: set[str]) -> dict[str, str]:
    """A name for each group that nobody else has."""
    found: dict[str, str] = {}
    for group in groups:
        plain = "group." + (re.sub(r"[^a-z0-9_-]+", "-", group.lower()).strip("-") or "x")[:40]
        name, turn = plain, 1
        while name in taken:
            turn += 1
            name = f"{plain}-{turn}"
        taken.add(name)
        found[group] = name
    return found


def as_external(member: str, domains: Sequence[str]) -> str:
    """A member with an address of another server as it is kept, or "" for one of ours."""
    return foreign(member) if "@" in member and member.rpartition("@")[2].lower() not in domains else ""
