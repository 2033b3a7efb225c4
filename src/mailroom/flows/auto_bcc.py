"""Mail Delivery > Auto BCC: what is refused and warned of, import and export (rows BC04, BC06)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailroom.core.pages.mail_delivery_alias import at_domain
from mailroom.core.pages.mail_delivery_auto_bcc import FROM, TO
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues
from mailroom.flows import aliases
from mailroom.flows.brought_file import text_in
from mailroom.flows.setting import Author, Settings
from mailroom.policy import bcc_file
from mailroom.store.accounts import AccountStore

PAGE, KEY = "mail_delivery.auto_bcc", "rules"
TABLES = {FROM: "sender_bcc_maps", TO: "recipient_bcc_maps"}


class AutoBcc:
    """What is done with the rules beside editing them, which is an Apply."""

    def __init__(self, settings: Settings, accounts: AccountStore) -> None:
        self.settings, self.accounts = settings, accounts
        settings.judges.append(self.refuse_unknown)
        settings.advisers.append(self.advise)

    def operations(self) -> dict[str, Callable[..., Any]]:
        """What the job process can be asked about auto BCC."""
        return {
            "auto_bcc.preview_import": self.preview_import,
            "auto_bcc.import": self.import_file,
            "auto_bcc.export": self.export,
        }

    def preview_import(self, criterion: str, content: str) -> dict[str, Any]:
        """What a file would add: {new, refused}; nothing is changed. content: base64. Raises Invalid."""
        return self._imported(criterion, content)

    def import_file(
        self, criterion: str, content: str, who: str, where: str, revision: int | None = None
    ) -> dict[str, Any]:
        """Add the rules of a file that can be added; {new, refused, revision}. Raises as `preview_import` and Apply."""
        with self.settings.turn:
            found = self._imported(criterion, content)
            base = self.settings.current().number if revision is None else revision
            if found["new"]:
                note = f"Import of {len(found['new'])} rules"
                wanted = {PAGE: {KEY: {"put": found["new"]}}}
                base = self.settings.apply(base, wanted, Author(who, where), note)["revision"]
        return {**found, "revision": base}

    def _imported(self, criterion: str, content: str) -> dict[str, Any]:
        lines = bcc_file.read(text_in(content))
        if not any(line.readable for line in lines):
            raise Invalid(
                "This is no file of Auto BCC rules.", field="file", next="Choose a file in Postfix's format, access(5)."
            )
        values = self.settings.values()
        there, new, refused = bcc_file.known_rules(values[PAGE][KEY], criterion), [], []
        for line in lines:
            kept = (line.text, line.target) in there
            reason = line.fault or ("There already is a rule like this." if kept else self._fault(line.target, values))
            if reason:
                refused.append({"line": line.number, "name": line.text, "reason": reason, "kept": kept})
            else:
                there.add((line.text, line.target))
                new.append({"criterion": criterion, "text": line.text, "target": line.target})
        return {"new": new, "refused": refused}

    def export(self, criterion: str) -> str:
        """The rules of one criterion in the format of Postfix."""
        values = self.settings.values()
        rules = [one for one in values[PAGE][KEY] if one["criterion"] == criterion]
        return bcc_file.written(rules, aliases.domain_of(values), TABLES[criterion])

    def refuse_unknown(self, before: AllValues, after: AllValues) -> None:
        """A judge of Settings: the target of each changed rule can get mail. Raises Invalid.

        So can the target of each rule whose alias has just been removed.
        """
        old, new = (aliases.by_name(known[aliases.PAGE][aliases.KEY]) for known in (before, after))
        gone = {name.partition("@")[0] for name in old.keys() - new.keys()}
        rules = [one for one in after[PAGE][KEY] if one["target"].partition("@")[0] in gone]
        fields = {
            f"{KEY}/{one['id']}/target": fault
            for one in [*aliases.changed(before[PAGE][KEY], after[PAGE][KEY]), *rules]
            if (fault := self._fault(one["target"], after))
        }
        if fields:
            first = next(iter(fields))
            raise Invalid(
                fields[first],
                field=first,
                setting=f"{PAGE}.{KEY}",
                next="Choose another address for the copies.",
                fields=fields,
            )

    def _fault(self, target: str, values: AllValues) -> str:
        name, _, domain = target.partition("@")
        if domain not in ("", *aliases.ours(values)) or not self.accounts.synced():
            return ""
        known = name in at_domain(values[aliases.PAGE][aliases.KEY], domain or aliases.domain_of(values))
        return (
            ""
            if known or self.accounts.find(name)
            else f"There is no user or alias {name}, to which copies could be sent."
        )

    def advise(self, before: AllValues, after: AllValues) -> list[dict[str, str]]:
        """An adviser of Settings: copies to a user who cannot use mail come to nobody."""
        told = []
        for one in aliases.changed(before[PAGE][KEY], after[PAGE][KEY]):
            name, _, domain = one["target"].partition("@")
            known = at_domain(after[aliases.PAGE][aliases.KEY], domain or aliases.domain_of(after))
            account = self.accounts.find(name) if domain in ("", *aliases.ours(after)) else None
            if name not in known and account is not None and not account.active:
                text = f"{account.name} cannot use mail now: the copies are not delivered."
                told.append({"field": f"{KEY}/{one['id']}/target", "text": text})
        return told
