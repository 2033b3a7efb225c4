"""A secret that is kept stays with that for which it was entered: a relay's password with its server, account
and kind of connection.

Else whoever may change settings, or have a file imported, could have it sent to a server of theirs without knowing it.
What is put back from the history was entered for what comes back with it, and is no kept secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mailroom.core import sealed
from mailroom.core import settings as declared
from mailroom.core.lists import Item, is_edit
from mailroom.core.problems import Invalid
from mailroom.core.sealed import is_mask
from mailroom.core.settings import Values

AGAIN = "Enter the password again: the one that is kept belongs to another server, account or kind of connection."


def misplaced(page: str, before: Values, changed: Values) -> set[str]:
    """The names (see sealed.each) of secrets that `changed` keeps for something else than they were entered for."""
    found = {
        f"{page}.{key}"
        for key, others in declared.pages()[page].kept_for.items()
        if before[key] and is_mask(changed.get(key, sealed.mask(before[key])))
        if any(changed.get(other, before[other]) != before[other] for other in others)
    }
    return found | {name for key in changed for name in _of_items(page, key, before, changed[key])}


def _of_items(page: str, key: str, before: Values, wanted: Any) -> Iterator[str]:
    kind = declared.item_of(page, key) if key in declared.pages()[page].model_fields else None
    given = wanted["put"] if is_edit(wanted) and "put" in wanted else wanted
    if kind is None or not kind.kept_for or not isinstance(given, list):
        return
    former = {one["id"]: one for one in before[key]}
    for one in given:
        if isinstance(one, dict) and (old := former.get(one.get("id"))):
            yield from (f"{page}.{key}/{old['id']}/{field}" for field in _moved(kind, old, one))


def _moved(kind: type[Item], old: Values, new: Values) -> Iterator[str]:
    for field, others in kind.kept_for.items():
        values = ((old[other], new.get(other, kind.model_fields[other].default)) for other in others)
        if old[field] and is_mask(new.get(field)) and any(was != now for was, now in values):
            yield field


def without_misplaced(page: str, before: Values, changed: Values, merged: Values) -> Values:
    """The values of a page without secrets that are kept for something else. merged: before with all of `changed`.

    Raises Invalid at a secret without which the page cannot be: it has to be entered again.
    """
    names = misplaced(page, before, changed)
    if not names:
        return merged
    places = declared.places_of_secrets(page)
    bare = sealed.each(page, merged, places, lambda name, value: "" if name in names else value)
    try:
        declared.clean(page, bare)
    except Invalid as reason:
        for name in names:
            field = name.removeprefix(f"{page}.")
            if field in reason.more.get("fields", {}):
                setting = f"{page}.{field.partition('/')[0]}"
                raise Invalid(AGAIN, field=field, setting=setting, fields={field: AGAIN}) from None
    return bare
