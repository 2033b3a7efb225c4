"""Mail Delivery > Alias: one address for many recipients (guide ch. 7, rows AL01, AL02, AL04, AL07; X06-02, X06-03)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from pydantic import field_validator, model_validator

from mailroom.core.address import foreign, local_part_fault
from mailroom.core.complaints import refuse
from mailroom.core.lists import Item, Items
from mailroom.core.settings import BadField, Page, setting

USER, GROUP, ALIAS = "user:", "group:", "alias:"
NAME_MAX = 256

Aliases = dict[str, list[str]]


class Alias(Item):
    """One alias. A member is user:NAME, group:NAME, alias:NAME or an address of another server."""

    title: ClassVar[str] = "Alias"
    name: str = setting(
        "",
        "Alias name",
        group="",
        rows="AL01, AL07",
        help="What stands before the @. When a user has the same name, the alias gets the user's mail: tick the user "
        "too, or the user gets none.",
        parameter="virtual_alias_maps",
        column=True,
        max_length=64,
    )
    domain: str = setting(
        "",
        "Only at domain",
        group="",
        rows="X06-03",
        help="Empty means at every domain of this server. At a domain that is named here, the alias takes the place of "
        "one with the same name for every domain.",
        parameter="virtual_alias_maps",
        column=True,
        max_length=253,
        placeholder="All domains",
        labels={"": "All domains"},
    )
    members: list[str] = setting(
        [],
        "Members",
        group="",
        rows="AL01, AL02, AL03",
        help="Who gets the mail. A group means whoever is in it at the time; users who cannot use mail get nothing.",
        parameter="virtual_alias_maps",
        widget="members",
        column=True,
        max_length=1000,
    )

    @model_validator(mode="after")
    def _filled(self) -> Alias:
        refuse(
            ({} if self.name else {"name": "Enter the alias name."})
            | ({} if self.members else {"members": "Choose at least one member."})
        )
        return self

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not name:
            # Told by _filled, together with what else is missing.
            return name
        if fault := local_part_fault(name.lower()):
            raise ValueError(fault)
        return name.lower()

    @field_validator("domain")
    @classmethod
    def _domain(cls, domain: str) -> str:
        return _word(domain)

    @field_validator("members")
    @classmethod
    def _members(cls, members: list[str]) -> list[str]:
        return list(dict.fromkeys(_member(text.strip()) for text in members))


class CatchAll(Item):
    """Who gets the mail to unknown addresses of one domain."""

    title: ClassVar[str] = "Catch-all"
    label: ClassVar[str] = "domain"

    domain: str = setting(
        "",
        "Domain name",
        group="",
        rows="X06-02",
        help="One of the domains of this server.",
        parameter="virtual_alias_maps",
        column=True,
        max_length=253,
        placeholder="example.org",
    )
    recipient: str = setting(
        "",
        "Recipient",
        group="",
        rows="X06-02",
        help="The name of a user, or of an alias.",
        parameter="virtual_alias_maps",
        column=True,
        max_length=NAME_MAX,
        placeholder="ben",
    )

    @model_validator(mode="after")
    def _filled(self) -> CatchAll:
        missing = [field for field, text in (("domain", self.domain), ("recipient", self.recipient)) if not text]
        refuse(dict.fromkeys(missing, "Enter the domain, and the user or alias."))
        return self

    @field_validator("domain", "recipient")
    @classmethod
    def _lower(cls, text: str) -> str:
        return _word(text)


class MailDeliveryAlias(Page):
    """Mail to an alias goes to all its members."""

    page: ClassVar[str] = "mail_delivery.alias"
    menu: ClassVar[str] = "mail_delivery"
    tab: ClassVar[str] = "alias"
    title: ClassVar[str] = "Alias"
    order: ClassVar[int] = 24
    groups: ClassVar[dict[str, str]] = {"aliases": "Aliases", "catch_all": "Catch-all"}
    tabs: ClassVar[bool] = True

    aliases: list[Alias] = setting(
        [],
        "Aliases",
        group="aliases",
        rows="AL01, AL02, AL03, AL04, AL05, AL06, AL07",
        help="Mail to an alias goes to all its members: users, groups of the NAS, other aliases, and addresses of "
        "other mail servers.",
        parameter="virtual_alias_maps",
        max_length=20_000,
    )

    catch_all: list[CatchAll] = setting(
        [],
        "Catch-all",
        group="catch_all",
        rows="X06-02",
        help="Mail to an address that nobody has at a domain goes to this recipient instead of being refused. Spammers "
        "make up addresses: expect much more spam, and senders no longer learn that they have mistyped a name.",
        parameter="virtual_alias_maps",
        effect="Mail to any made-up address of a domain with a catch-all is taken, and most of such mail is spam.",
        max_length=100,
    )

    @model_validator(mode="after")
    def _whole(self) -> MailDeliveryAlias:
        items = [one.model_dump() for one in self.aliases]
        known = {domain: at_domain(items, domain) for domain in {one.domain for one in self.aliases}}
        faults: dict[str, str] = {}
        taken: set[tuple[str, str]] = set()
        for one in self.aliases:
            if (one.name, one.domain) in taken:
                faults[f"aliases/{one.id}/name"] = f"There already is an alias {one.name}."
            taken.add((one.name, one.domain))
            lacks = next((kind for kind in aliases_in(one.members) if kind not in known[one.domain]), None)
            if lacks is not None:
                faults[f"aliases/{one.id}/members"] = f"{one.name} has the alias {lacks}, which does not exist."
        refuse(faults)
        for domain, found in known.items():
            if loop := loop_in(found):
                first = next(one for one in self.aliases if one.name == loop[0] and one.domain in ("", domain))
                ways = " → ".join(loop)
                raise BadField(f"aliases/{first.id}/members", f"These aliases lead back to themselves: {ways}.")
        return self

    @model_validator(mode="after")
    def _one_for_each_domain(self) -> MailDeliveryAlias:
        seen: set[str] = set()
        faults: dict[str, str] = {}
        for one in self.catch_all:
            if one.domain in seen:
                faults[f"catch_all/{one.id}/domain"] = f"There already is a catch-all for {one.domain}."
            seen.add(one.domain)
        refuse(faults)
        return self


def at_domain(aliases: Items, domain: str) -> Aliases:
    """{name: members} of the aliases in force at a domain: its own take the place of those for every domain."""
    everywhere = {one["name"]: one["members"] for one in aliases if not one["domain"]}
    return everywhere | {one["name"]: one["members"] for one in aliases if domain and one["domain"] == domain}


def _word(text: str) -> str:
    """A name in lower case, or "". Raises ValueError for what would be more than one word, or line, of a map."""
    word = text.strip().lower()
    if not word.isprintable() or " " in word:
        raise ValueError("This is not in the form that is needed here.")
    return word


def _member(text: str) -> str:
    kind = next((kind for kind in (USER, GROUP, ALIAS) if text.startswith(kind)), "")
    name = text.removeprefix(kind)
    if not kind:
        if not (found := foreign(name)):
            raise ValueError(f"{name[:80]!r} is no mail address.")
        return found
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise ValueError(f"{name[:80]!r} is no name.")
    return text if kind == GROUP else kind + name.lower()


def aliases_in(members: Sequence[str]) -> Iterator[str]:
    """The aliases among members."""
    return (member.removeprefix(ALIAS) for member in members if member.startswith(ALIAS))


def next_aliases(name: str, members: Sequence[str], known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Aliases to which mail for an alias goes on. A user whose name is an alias gets mail through that one only.

    But the user of the alias's own name is the mailbox itself: so does a user read an alias of the same name.
    """
    for member in members:
        kind, _, found = member.partition(":")
        if kind == "alias" or (kind == "user" and found != name and found in known):
            yield found


def loop_in(known: Mapping[str, Sequence[str]]) -> list[str]:
    """The names of aliases that lead back to themselves, the first again at the end; [] when there are none."""
    done: set[str] = set()
    for start in known:
        # By hand, not by recursion: a chain of aliases may be longer than Python's stack.
        path: list[str] = []
        ways: list[Iterator[str]] = [iter((start,))]
        while ways:
            name = next(ways[-1], None)
            if name is None:
                ways.pop()
                if path:
                    done.add(path.pop())
            elif name in path:
                return [*path[path.index(name) :], name]
            elif name not in done:
                path.append(name)
                ways.append(next_aliases(name, known.get(name, ()), known))
    return []
