"""What differs between two states: in settings, in words; in daemons' files, line by line."""

from __future__ import annotations

import difflib
import hashlib
import json
from typing import Any

from mailroom.core import settings as declared
from mailroom.core.settings import AllValues

Rendered = dict[str, dict[str, str]]


def differences(before: AllValues, after: AllValues) -> list[dict[str, Any]]:
    """[{page, key, title, old, new}] for each setting whose value differs, in the order of the pages."""
    return [
        {"page": page, "key": key, "title": title, "old": before[page][key], "new": after[page][key]}
        for page, key, title in declared.each_setting()
        if before[page][key] != after[page][key]
    ]


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
    """[{path, diff}], a unified diff for each daemon file that differs."""
    found = []
    for name in changed_daemons(before, after):
        old, new = before.get(name, {}), after.get(name, {})
        for file in sorted({*old, *new}):
            lines = difflib.unified_diff(
                old.get(file, "").splitlines(), new.get(file, "").splitlines(), "before", "after", lineterm="", n=2
            )
            if diff := "\n".join(lines):
                found.append({"path": f"{name}/{file}", "diff": diff})
    return found
