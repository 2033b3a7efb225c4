"""List settings: the value is a list of items, e.g. rules. Each item is edited, compared and told by itself.

An Apply may give the whole list, or an edit: {"put": [items], "drop": [ids], "order": [ids]}. An item without an id in
"put" is new; with the id of a known one it takes its place. "order" moves the items named to the front, in that order.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from mailroom.core.problems import Invalid

ID = r"^[a-z0-9]{1,16}$"
ID_BYTES = 4
EDIT = {"put", "drop", "order"}

Items = list[dict[str, Any]]


class Item(BaseModel):
    """One item. `label` is the field by which people know it; `title` is what one item is called: "Alias".

    samples: items of which each alone must change what some daemon reads, and no two alike (a test of the house).
    """

    model_config = ConfigDict(extra="forbid", strict=True, validate_default=True)

    label: ClassVar[str] = "name"
    title: ClassVar[str]
    samples: ClassVar[tuple[dict[str, Any], ...]] = ()
    # As Page.kept_for, of the item's own fields.
    kept_for: ClassVar[dict[str, tuple[str, ...]]] = {}
    id: str = Field(pattern=ID, json_schema_extra={"x-ui": {"hidden": True}})


def new_id() -> str:
    """An id that no other item has."""
    return os.urandom(ID_BYTES).hex()


def with_ids(items: Sequence[Any]) -> list[Any]:
    """The same items, each with an id; what is no item is left to the checks that follow."""
    return [{**one, "id": one.get("id") or new_id()} if isinstance(one, dict) else one for one in items]


def is_edit(value: Any) -> bool:
    """Whether a wanted value edits the list instead of taking its place."""
    return (
        isinstance(value, dict)
        and bool(value)
        and set(value) <= EDIT
        and all(isinstance(v, list) for v in value.values())
    )


def edited(items: Items, edit: dict[str, Any]) -> list[Any]:
    """The list after an edit. Raises Invalid when it drops or orders what is not there."""
    known = {one["id"] for one in items}
    put = with_ids(edit.get("put", []))
    named = [*edit.get("drop", []), *edit.get("order", [])]
    missing = next((one for one in named if one not in known and one not in {p["id"] for p in put}), None)
    if missing is not None:
        raise Invalid(
            f"There is no item {missing!r} any more.", field="id", next="Load the page again: somebody has removed it."
        )
    by_id = {one["id"]: one for one in put if isinstance(one, dict)}
    dropped = set(edit.get("drop", []))
    kept = [by_id.pop(one["id"], one) for one in items if one["id"] not in dropped]
    found = [*kept, *by_id.values()]
    order = {name: place for place, name in enumerate(edit.get("order", []))}
    return sorted(found, key=lambda one: order.get(one["id"], len(order)))


def item_differences(before: Items, after: Items, label: str) -> tuple[list[dict[str, Any]], bool]:
    """([{id, name, old, new}] for each item that was added, removed or changed, whether the others' order differs)."""
    old, new = {one["id"]: one for one in before}, {one["id"]: one for one in after}
    changed = [
        {
            "id": name,
            "name": str((new.get(name) or old[name]).get(label, name)),
            "old": old.get(name),
            "new": new.get(name),
        }
        for name in [*old, *(name for name in new if name not in old)]
        if old.get(name) != new.get(name)
    ]
    moved = [name for name in old if name in new] != [name for name in new if name in old]
    return changed, moved
