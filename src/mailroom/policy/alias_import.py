"""Which lines of a file of aliases can be taken over, and why the others cannot (row AL05). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from mailroom.core.pages.mail_delivery_alias import ALIAS, GROUP, USER, next_aliases
from mailroom.policy.alias_file import File, Line, as_external


@dataclass(frozen=True)
class Known:
    """What there is already. aliases: members by name; users: keys of accounts; groups: of the host."""

    aliases: Mapping[str, Sequence[str]]
    users: AbstractSet[str]
    groups: AbstractSet[str]
    domains: Sequence[str]


@dataclass(frozen=True)
class Refusal:
    """A line that is not taken over. kept: because there already is such an alias, which stays as it is."""

    line: int
    name: str
    reason: str
    kept: bool = False


@dataclass
class Outcome:
    """new: aliases to add. refused: in the order of the file."""

    new: dict[str, list[str]] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


class Import:
    """One file against what there is."""

    def __init__(self, file: File, known: Known) -> None:
        self.known = known
        self.groups = {name: GROUP + group for name, group in file.groups.items() if group in known.groups}
        self.wanted: dict[str, Line] = {}
        self.refused: list[Refusal] = []
        for line in file.lines:
            # A group is written out for Postfix; here it is the host's.
            if line.name not in self.groups:
                self._take(line)

    def outcome(self) -> Outcome:
        """What is left when everything was looked at."""
        self._refuse_unknown()
        new = {name: self._resolved(line) for name, line in self.wanted.items()}
        for name, reason in looped(new, self.known.aliases).items():
            self.refused.append(Refusal(self.wanted[name].number, name, reason))
            del new[name]
        return Outcome(new, sorted(self.refused, key=lambda one: one.line))

    def _take(self, line: Line) -> None:
        former = self.wanted.get(line.name)
        if line.fault:
            self._refuse(line, line.fault)
        elif line.name in self.known.aliases:
            self.refused.append(
                Refusal(line.number, line.name, f"There already is an alias {line.name}; it stays as it is.", True)
            )
        elif former is not None:
            self._refuse(line, f"{line.name} is already on line {former.number}.")
        else:
            self.wanted[line.name] = line

    def _refuse(self, line: Line, reason: str) -> None:
        self.refused.append(Refusal(line.number, line.name, reason))

    def _refuse_unknown(self) -> None:
        """A line that has an unknown member goes, and so do those that have it as a member."""
        needed_by: defaultdict[str, set[str]] = defaultdict(set)
        for name, line in self.wanted.items():
            for member in line.members:
                needed_by[self._local(member)].add(name)
        ahead = list(self.wanted)
        while ahead:
            name = ahead.pop()
            if (candidate := self.wanted.get(name)) is None:
                continue
            unknown = next((one for one in candidate.members if not self._resolve(one, name)), None)
            if unknown is not None:
                del self.wanted[name]
                self._refuse(candidate, f"There is no user or alias {unknown}.")
                ahead += needed_by[name]

    def _resolved(self, line: Line) -> list[str]:
        return list(dict.fromkeys(self._resolve(member, line.name) for member in line.members))

    def _local(self, member: str) -> str:
        """The name here that a member means, or "" when it is of another server."""
        return "" if as_external(member, self.known.domains) else member.partition("@")[0].lower()

    def _resolve(self, member: str, own: str) -> str:
        """A member as it is kept, "" when nobody is known by it. With a domain the user comes before the alias."""
        if outside := as_external(member, self.known.domains):
            return outside
        name = self._local(member)
        if name in self.groups:
            return self.groups[name]
        user = USER + name if name in self.known.users else ""
        alias = (
            ALIAS + name
            if name != own.partition("@")[0] and (name in self.known.aliases or name in self.wanted)
            else ""
        )
        return (user or alias) if "@" in member else (alias or user)


def looped(new: Mapping[str, Sequence[str]], old: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """{new alias that leads into a loop: the loop in words}. Whatever leads nowhere further is taken away, until
    nothing can be; what is left goes in circles or into one."""
    known = {**old, **new}
    ways = {name: set(next_aliases(name, members, known)) for name, members in known.items()}
    back: defaultdict[str, set[str]] = defaultdict(set)
    for name, ahead in ways.items():
        for one in ahead:
            back[one].add(name)
    free = [name for name, ahead in ways.items() if not ahead]
    while free:
        end = free.pop()
        for name in back[end]:
            ways[name].discard(end)
            if not ways[name]:
                free.append(name)
    return {name: f"It leads back to itself: {_loop(name, ways)}." for name in new if ways[name]}


def _loop(name: str, ways: Mapping[str, set[str]]) -> str:
    path: dict[str, None] = {}
    while name not in path:
        path[name] = None
        name = min(one for one in ways[name] if ways.get(one))
    names = list(path)
    return " → ".join([*names[names.index(name) :], name])
