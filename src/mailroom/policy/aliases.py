"""Who gets the mail to an alias now (rows AL01-AL03).

Aliases and groups are followed to their ends here, so that Postfix needs one look-up and a host that is down changes
nothing. Pure: the same aliases and accounts give the same recipients.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mailroom.core.pages.mail_delivery_alias import ALIAS, GROUP, USER
from mailroom.store.accounts import Account

Members = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Step:
    """An alias on the way, and the one that led to it."""

    alias: str
    before: Step | None

    def comes_from(self, name: str) -> bool:
        """Whether this alias is on the way here."""
        step: Step | None = self
        while step is not None and step.alias != name:
            step = step.before
        return step is not None


class Recipients:
    """Aliases by name, and the accounts and domains that they are about."""

    def __init__(self, aliases: Members, accounts: Iterable[Account], domains: Sequence[str]) -> None:
        self.aliases, self.domains = aliases, domains
        # Also who is held: their mail waits until they are back.
        self.reachable: set[str] = set()
        self.groups: dict[str, list[str]] = {}
        for account in sorted(accounts, key=lambda account: account.key):
            if not account.active and not account.held:
                continue
            self.reachable.add(account.key)
            for group in account.groups:
                self.groups.setdefault(group, []).append(account.key)

    @cached_property
    def led(self) -> dict[str, list[str]]:
        """What `all` says, worked out once."""
        return self.all()

    def all(self) -> dict[str, list[str]]:
        """`of` each alias. What leads nowhere further is worked out first, so that each is looked at once."""
        names = {
            alias: [one for member in members for one in self._names(member)] for alias, members in self.aliases.items()
        }
        open_ways = {
            alias: {one for one in found if one in self.aliases and one != alias} for alias, found in names.items()
        }
        back: defaultdict[str, list[str]] = defaultdict(list)
        for alias, ways in open_ways.items():
            for one in ways:
                back[one].append(alias)
        done: dict[str, list[str]] = {}
        free = [alias for alias, ways in open_ways.items() if not ways]
        while free:
            alias = free.pop()
            found: dict[str, None] = {}
            for one in names[alias]:
                if one in done:
                    found.update(dict.fromkeys(done[one]))
                elif "@" in one or one in self.reachable:
                    found[one] = None
            done[alias] = list(found)
            for before in back[alias]:
                open_ways[before].discard(alias)
                if not open_ways[before]:
                    free.append(before)
        # What is left goes in circles, through a group that has changed.
        return {alias: done[alias] if alias in done else self.of(alias) for alias in self.aliases}

    def of(self, name: str) -> list[str]:
        """Names of mailboxes and addresses of other servers, in order, each once."""
        found: dict[str, None] = {}
        seen, ahead = {name}, [(Step(name, None), member) for member in reversed(self.aliases[name])]
        while ahead:
            step, member = ahead.pop()
            for one in self._names(member):
                if one in self.aliases and one not in seen:
                    seen.add(one)
                    ahead += [(Step(one, step), inner) for inner in reversed(self.aliases[one])]
                # A user whose own alias leads here, perhaps through a group that has changed: the mailbox itself.
                elif "@" in one or (one in self.reachable and (one not in self.aliases or step.comes_from(one))):
                    found[one] = None
        return list(found)

    def _names(self, member: str) -> Sequence[str]:
        if member.startswith(GROUP):
            return self.groups.get(member.removeprefix(GROUP), ())
        if member.startswith((USER, ALIAS)):
            return (member.partition(":")[2],)
        local, _, domain = member.rpartition("@")
        return (local.lower(),) if domain in self.domains else (member,)
