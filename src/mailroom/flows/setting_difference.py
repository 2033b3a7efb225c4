"""What differs between two states: in settings, in words; in daemons' files, line by line."""

from __future__ import annotations

import difflib
import hashlib
import json
from typing import Any

from mailroom.core import settings as declared
from mailroom.core.lines import lines
from mailroom.core.lists import item_differences
from mailroom.core.sealed import hidden_in, mask
from mailroom.core.settings import AllValues

Rendered = dict[str, dict[str, str]]


def differences(before: AllValues, after: AllValues) -> list[dict[str, Any]]:
    """[{page, key, title, old, new}] for each setting whose value differs, in the order of the pages.

    Of a secret old and new tell only whether it is set. Of a list setting they are None; `items` tells each item that
    differs, and `moved` whether the order does.
    """
    return [
        {"page": page, "key": key, "title": title, **_difference(page, key, before[page][key], after[page][key])}
        for page, key, title in declared.each_setting()
        if before[page][key] != after[page][key]
    ]


def _difference(page: str, key: str, old: Any, new: Any) -> dict[str, Any]:
    if key in declared.secrets_of(page):
        return {"old": mask(old), "new": mask(new, another=bool(old))}
    kind = declared.item_of(page, key)
    if kind is None:
        return {"old": old, "new": new}
    items, moved = item_differences(old, new, kind.label)
    secrets = declared.places_of_secrets(page).get(key, frozenset())
    return {"old": None, "new": None, "items": [_masked(one, secrets) for one in items], "moved": moved}


def _masked(change: dict[str, Any], secrets: frozenset[str]) -> dict[str, Any]:
    """How an item differs, without its secrets."""
    old, new = change["old"], change["new"]
    told = {"old": old and {**old, **{name: mask(old[name]) for name in secrets}}}
    if new:
        another = {name: bool(old and old[name] and old[name] != new[name]) for name in secrets}
        told["new"] = {**new, **{name: mask(new[name], another=another[name]) for name in secrets}}
    return {**change, **told}


def changed_daemons(before: Rendered, after: Rendered) -> list[str]:
    """Ids of the daemons whose files differ, in order."""
    ids = list(after) + [name for name in before if name not in after]
    return [name for name in ids if before.get(name) != after.get(name)]


def digests(rendered: Rendered) -> dict[str, str]:
    """{daemon: SHA-256 of all its files}: what a revision remembers of how it was rendered."""
    return {
        name: hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest() for name, files in rendered.items()
    }


def file_differences(before: Rendered, after: Rendered) -> list[dict[str, str]]:
    """[{path, diff}], a unified diff for each daemon file that differs. Secrets are left out of the lines."""
    found = []
    for name in changed_daemons(before, after):
        old, new = before.get(name, {}), after.get(name, {})
        for file in sorted({*old, *new}):
            differing = difflib.unified_diff(
                lines(old.get(file, "")), lines(new.get(file, "")), "before", "after", lineterm="", n=2
            )
            if diff := "\n".join(differing):
                found.append({"path": f"{name}/{file}", "diff": hidden_in(diff)})
    return found
