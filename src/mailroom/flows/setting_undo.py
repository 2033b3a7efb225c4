"""Undoing one change of the history: what it set goes back, whatever was applied since stays."""

from __future__ import annotations

from typing import Any

from mailroom.core import settings as declared
from mailroom.core.lists import Items, item_differences
from mailroom.core.problems import NotFound
from mailroom.core.settings import AllValues
from mailroom.flows.setting import Author, Settings, complete
from mailroom.flows.setting_history import preview
from mailroom.store.settings import APPLIED, Revision


def preview_undo(settings: Settings, base: int, undo: int) -> dict[str, Any]:
    """What `undo` would change, as setting_history.preview. Raises as that, and NotFound."""
    return preview(settings, _wanted(settings, undo), base)


def undo(settings: Settings, base: int, undo: int, author: Author) -> dict[str, Any]:
    """Apply, as a new revision, what was there before revision `undo`, of what that one changed. As Settings.apply."""
    return settings.apply(base, _wanted(settings, undo), author, f"Undone: revision {undo}")


def _wanted(settings: Settings, number: int) -> AllValues:
    """{page: {key: the value of before; of a list the edit that takes its items back}}. Raises NotFound."""
    made = settings.store.get(number)
    # A number that nobody has would be counted down one by one.
    former = _before(settings, number) if made else None
    if made is None or made.state != APPLIED or former is None:
        raise NotFound(f"There is no change {number} to undo.", field="undo", next="Choose one from the history.")
    then, before, now = complete(made.settings), complete(former.settings), settings.values()
    wanted: AllValues = {}
    for change in made.changes:
        page, key = change["page"], change["key"]
        if key not in before.get(page, {}):
            # A setting that is gone since.
            continue
        kind = declared.item_of(page, key)
        old = before[page][key]
        value = old if kind is None else _edit(old, then[page][key], now[page][key], kind.label)
        wanted.setdefault(page, {})[key] = value
    return wanted


def _before(settings: Settings, number: int) -> Revision | None:
    """The revision that was in force before this one."""
    for earlier in range(number - 1, 0, -1):
        found = settings.store.get(earlier)
        if found is not None and found.state == APPLIED:
            return found
    return None


def _edit(old: Items, new: Items, now: Items, label: str) -> dict[str, Any] | Items:
    """The edit of today's list that takes back what differs from `old` to `new`, with the items themselves."""
    changed, moved = item_differences(old, new, label)
    there = {one["id"]: one for one in now}
    # What was removed since is not brought back by the undoing of a former change of it.
    put = [_item(change, there.get(change["id"])) for change in changed
           if change["old"] and (change["new"] is None or change["id"] in there)]  # fmt: skip
    drop = [change["id"] for change in changed if not change["old"] and change["id"] in there]
    fresh = {one["id"] for one in put}
    kept = [one["id"] for one in old if one["id"] in there or one["id"] in fresh]
    return {"put": put, "drop": drop, **({"order": kept} if moved else {})}


def _item(change: dict[str, Any], now: dict[str, Any] | None) -> dict[str, Any]:
    """The item with the fields that the change has set as they were; its other fields as they are today."""
    old, new = change["old"], change["new"]
    if now is None or new is None:
        return dict(old)
    return {**now, **{field: value for field, value in old.items() if value != new.get(field)}}
