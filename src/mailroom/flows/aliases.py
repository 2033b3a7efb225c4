"""Mail Delivery > Alias: who can be a member, what is refused and warned of, import and export (rows AL01-AL07)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from mailroom.core.lists import Items
from mailroom.core.pages.mail_delivery_alias import GROUP, USER, at_domain
from mailroom.core.pages.mail_delivery_general import domains_of
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues
from mailroom.flows import account_pages
from mailroom.flows.brought_file import text_in
from mailroom.flows.setting import Author, Settings
from mailroom.policy import alias_file
from mailroom.policy.alias_import import Import, Known, Outcome
from mailroom.policy.aliases import Recipients
from mailroom.store.accounts import Account, AccountStore

PAGE, KEY = "mail_delivery.alias", "aliases"
LIMIT_MAX = 1_000
NEXT = "Correct the marked entries."


class Aliases:
    """What is done with aliases beside editing them, which is an Apply."""

    def __init__(self, settings: Settings, accounts: AccountStore) -> None:
        self.settings, self.accounts = settings, accounts
        settings.judges.append(self.refuse_unknown)
        settings.advisers.append(self.advise)

    def operations(self) -> dict[str, Callable[..., Any]]:
        """What the job process can be asked about aliases."""
        return {
            "aliases.list": self.listed,
            "aliases.members": self.members,
            "aliases.preview_import": self.preview_import,
            "aliases.import": self.import_file,
            "aliases.export": self.export,
        }

    def listed(self, search: str = "") -> dict[str, Any]:
        """{total, aliases: [{name, address, members, recipients}]}; recipients: how many get its mail now."""
        values = self.settings.values()
        domain, sought = domain_of(values), search.strip().casefold()
        accounts, items = self.accounts.all(), values[PAGE][KEY]
        people = {
            place: Recipients(at_domain(items, place), accounts, ours(values)).all()
            for place in {one["domain"] for one in items}
        }
        found = [
            {
                "name": one["name"],
                "address": f"{one['name']}@{one['domain'] or domain}",
                "members": one["members"],
                "recipients": people[one["domain"]][one["name"]],
            }
            for one in values[PAGE][KEY]
            if sought in f"{one['name']} {' '.join(one['members'])}".casefold()
        ]
        return {"total": len(found), "aliases": found}

    def members(self, kind: str, search: str = "", offset: int = 0, limit: int = 200) -> dict[str, Any]:
        """{total, members: [{member, name, remark, status}]} of one kind (user, group), by name (row AL03).

        status: of a user normal, deactivated or unsupported, as in Account > User; of a group "" (remark: how many).
        """
        found = self._users() if kind == "user" else self._groups()
        sought = search.strip().casefold()
        taken = [one for one in found if sought in f"{one['name']} {one['full_name']}".casefold()]
        first = max(0, offset)
        return {"total": len(taken), "members": taken[first : first + max(0, min(limit, LIMIT_MAX))]}

    def _users(self) -> list[dict[str, Any]]:
        return [
            {
                "member": USER + one.key.lower(),
                "name": one.name,
                "full_name": one.full_name,
                "status": status(one),
                "users": 1,
            }
            for one in sorted(self.accounts.all(), key=lambda one: one.name.casefold())
        ]

    def _groups(self) -> list[dict[str, Any]]:
        counted: dict[str, int] = {}
        for account in self.accounts.all():
            for group in account.groups:
                counted[group] = counted.get(group, 0) + account.active
        return [
            {"member": GROUP + group, "name": group, "full_name": "", "status": "", "users": counted[group]}
            for group in sorted(counted, key=str.casefold)
        ]

    def preview_import(self, content: str) -> dict[str, Any]:
        """What a file would add: {new, refused}; nothing is changed. content: base64. Raises Invalid."""
        return _told(self._imported(content))

    def import_file(self, content: str, who: str, where: str, revision: int | None = None) -> dict[str, Any]:
        """Add the aliases of a file that can be added; {new, refused, revision}. Raises as `preview_import` and Apply.

        An alias that exists already is never changed.
        """
        with self.settings.turn:
            outcome = self._imported(content)
            base = self.settings.current().number if revision is None else revision
            put = [
                {"name": name.partition("@")[0], "domain": name.partition("@")[2], "members": members}
                for name, members in outcome.new.items()
            ]
            if put:
                note = f"Import of {len(put)} aliases"
                base = self.settings.apply(base, {PAGE: {KEY: {"put": put}}}, Author(who, where), note)["revision"]
        return {**_told(outcome), "revision": base}

    def _imported(self, content: str) -> Outcome:
        values = self.settings.values()
        domains = ours(values)
        file = alias_file.read(text_in(content), domains)
        if not file.groups and not any(line.readable for line in file.lines):
            raise Invalid(
                "This is no file of aliases.", field="file", next="Choose a file in Postfix's format, aliases(5)."
            )
        accounts = [account for account in self.accounts.all() if account.missing_since is None]
        known = Known(
            by_name(values[PAGE][KEY]),
            {account.key for account in accounts if not account.unusable},
            {group for account in accounts for group in account.groups},
            domains,
        )
        return Import(file, known).outcome()

    def export(self) -> str:
        """All aliases in the format of Postfix."""
        values = self.settings.values()
        groups: dict[str, list[str]] = {}
        for account in self.accounts.all():
            for group in account.groups if account.active else ():
                groups.setdefault(group, []).append(account.key)
        return alias_file.written(by_name(values[PAGE][KEY]), groups, domain_of(values))

    def refuse_unknown(self, before: AllValues, after: AllValues) -> None:
        """A judge of Settings: each member of a changed alias is known. Raises Invalid naming those that are not."""
        if not self.accounts.synced():
            return
        accounts = self.accounts.all()
        known = {USER + account.key.lower() for account in accounts}
        known |= {GROUP + group for account in accounts for group in account.groups}
        domains, fields = ours(after), {}
        for one in changed(before[PAGE][KEY], after[PAGE][KEY]):
            for member in one["members"]:
                if member.startswith((USER, GROUP)) and member not in known:
                    fields[f"{KEY}/{one['id']}/members"] = unknown(member)
                elif member.rpartition("@")[2] in domains:
                    fields[f"{KEY}/{one['id']}/members"] = (
                        f"{member} is an address of this server. Choose the user or alias of this name instead."
                    )
            if one["domain"] and one["domain"] not in domains:
                fields[f"{KEY}/{one['id']}/domain"] = no_domain(one["domain"])
        for one in changed(before[PAGE]["catch_all"], after[PAGE]["catch_all"]):
            name, place = one["recipient"], one["domain"]
            if place not in domains:
                fields[f"catch_all/{one['id']}/domain"] = no_domain(place)
            elif USER + name not in known and name not in at_domain(after[PAGE][KEY], place):
                fields[f"catch_all/{one['id']}/recipient"] = f"There is no user or alias {name}."
        if fields:
            first = next(iter(fields))
            raise Invalid(
                fields[first], field=first, setting=f"{PAGE}.{first.partition('/')[0]}", next=NEXT, fields=fields
            )

    def advise(self, before: AllValues, after: AllValues) -> list[dict[str, str]]:
        """An adviser of Settings: an alias that has the name of a user takes the user's mail (row AL07).

        And what is for a domain that has just gone has no effect (X06-02, X06-03).
        """
        users = {account.key for account in self.accounts.all() if not account.unusable}
        told = [
            {"field": f"{KEY}/{one['id']}/name", "text": shadows(one)}
            for one in changed(before[PAGE][KEY], after[PAGE][KEY])
            if one["name"] in users
        ]
        gone = set(ours(before)) - set(ours(after))
        for key in (KEY, "catch_all"):
            for one in after[PAGE][key]:
                if one["domain"] in gone:
                    text = f"{one['domain']} goes, and with it what is set for it under Alias."
                    told.append({"field": f"{key}/{one['id']}/domain", "text": text})
        return told


def unknown(member: str) -> str:
    """That nobody is known as this user or group."""
    kind, _, name = member.partition(":")
    return f"There is no group {name}." if kind == "group" else f"There is no user {name}."


def shadows(alias: dict[str, Any]) -> str:
    """What an alias with a user's name means for that user."""
    name = alias["name"]
    if USER + name in alias["members"]:
        return f"{name} is also a user. Mail to {name} goes to all members of the alias, among them the user."
    return f"{name} is also a user, who is not a member of the alias and gets no more mail under this name."


def status(account: Account) -> str:
    """The Status of a member: who cannot use mail, for whatever reason, is deactivated."""
    shown = account_pages.status(account)
    return account_pages.DEACTIVATED if shown == account_pages.NORMAL and not account.active else shown


def by_name(aliases: Items) -> dict[str, list[str]]:
    """{name, or the whole address where an alias is for one domain: members}, as files have it."""
    return {f"{one['name']}@{one['domain']}" if one["domain"] else one["name"]: one["members"] for one in aliases}


def no_domain(domain: str) -> str:
    """That mail for this domain is not received here."""
    return f"{domain} is not a domain of this server."


def domain_of(values: AllValues) -> str:
    """The mail domain."""
    return str(values["mail_delivery.general"]["domain"])


def ours(values: AllValues) -> list[str]:
    """Every domain of this server, the mail domain first."""
    return list(domains_of(values["mail_delivery.general"]))


def changed(before: Items, after: Items) -> Items:
    """The items of a list that are new or differ."""
    old = {one["id"]: one for one in before}
    return [one for one in after if old.get(one["id"]) != one]


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "new": [{"name": name, "members": members} for name, members in outcome.new.items()],
        "refused": [asdict(one) for one in outcome.refused],
    }
