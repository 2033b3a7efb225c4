"""Looking before and after: preview of a change, the history, comparing two revisions, putting one back."""

from __future__ import annotations

from typing import Any

from mailroom.core import settings as declared
from mailroom.core.problems import Invalid, NotFound
from mailroom.core.settings import AllValues
from mailroom.flows.setting import Author, Settings, cleaned, complete
from mailroom.flows.setting_difference import Rendered, differences, digests, file_differences
from mailroom.store.settings import APPLIED, Revision

# Fifty revisions of ten thousand items each would be more than a browser takes.
ITEMS_TOLD_MAX = 50


def index(settings: Settings) -> dict[str, Any]:
    """{revision, applying: whether an Apply is under way, pages: [{id, title, menu, tab}]}."""
    pages = [
        {"id": name, "title": kind.title, "menu": kind.menu, "tab": kind.tab} for name, kind in declared.pages().items()
    ]
    # The revision is read last: when nothing is under way by then, it is the one that stays.
    applying = settings.is_applying()
    return {"revision": settings.current().number, "applying": applying, "pages": pages}


def fields() -> list[dict[str, Any]]:
    """[{page, key, title, group, x-ui hints that say what it is}] of every setting, to search in and to name values."""
    found = []
    for name, kind in declared.pages().items():
        for key, property in declared.schema_of(name)["properties"].items():
            hints = property["x-ui"]
            told = {hint: hints[hint] for hint in ("help", "parameter", "labels", "unit", "widget") if hint in hints}
            found.append(
                {"page": name, "key": key, "title": property["title"], "group": kind.groups[hints["group"]], **told}
            )
    return found


def read(settings: Settings, page: str) -> dict[str, Any]:
    """{revision, schema, values, defaults} of one page; of secrets only whether they are set. Raises NotFound."""
    schema = declared.schema_of(page)
    now = settings.current()
    values, usual = complete(now.settings)[page], declared.defaults()[page]
    told = {"values": declared.shown(page, values), "defaults": declared.shown(page, usual)}
    return {"revision": now.number, "schema": schema, **told}


def preview(settings: Settings, wanted: AllValues, base: int | None = None) -> dict[str, Any]:
    """{settings, files, warnings}: what an Apply would change. Nothing is changed.

    Raises Invalid, and Stale when `base` is given and an Apply on it would be refused.
    """
    now = settings.current()
    before = complete(now.settings)
    after = cleaned(before, wanted)
    if base is not None:
        settings.refuse_stale(base, now, wanted)
    settings.judge(before, after)
    return {**_compared(settings, before, after), "warnings": settings.advise(before, after)}


def check(settings: Settings, wanted: AllValues) -> dict[str, dict[str, str]]:
    """{fields: {field, of an item LIST/ID/FIELD: sentence}}: what an Apply would refuse. Nothing is changed.

    For a list's dialog, which asks before it takes an item. Raises NotFound.
    """
    before = complete(settings.current().settings)
    try:
        settings.judge(before, cleaned(before, wanted))
    except Invalid as reason:
        return {"fields": dict(reason.more.get("fields") or {reason.field or "page": reason.message})}
    return {"fields": {}}


def history(settings: Settings, page: str | None, offset: int, limit: int) -> dict[str, Any]:
    """{total, revisions: [{revision, when, who, where, note, changes}]}, newest first."""
    total, found = settings.store.history(page, offset, limit)
    return {"total": total, "revisions": [_told(revision) for revision in found]}


def _told(revision: Revision) -> dict[str, Any]:
    return {
        "revision": revision.number,
        "when": revision.time,
        "who": revision.who,
        "where": revision.where,
        "note": revision.note,
        "changes": [_shortened(change) for change in revision.changes],
    }


def _shortened(change: dict[str, Any]) -> dict[str, Any]:
    """A change as the history lists it: of a list that came from a file the first items, and how many `more` differ."""
    items = change.get("items", [])
    if len(items) <= ITEMS_TOLD_MAX:
        return change
    return {**change, "items": items[:ITEMS_TOLD_MAX], "more": len(items) - ITEMS_TOLD_MAX}


def compare(settings: Settings, older: int, newer: int) -> dict[str, Any]:
    """{settings, files, rendered_differently} between any two revisions. Raises NotFound.

    The files are as today's templates make them; `rendered_differently` names the daemons that had other files then.
    """
    found = _compared(settings, _values_of(settings, older), _values_of(settings, newer))
    return {**found, "rendered_differently": _rendered_differently(settings, older, newer)}


def _rendered_differently(settings: Settings, *numbers: int) -> list[str]:
    daemons: set[str] = set()
    for number in numbers:
        then = settings.store.get(number)
        if then is not None and then.digests:
            now = digests(settings.configuration.render(settings.facts_for(complete(then.settings))))
            daemons |= {name for name in {*now, *then.digests} if now.get(name) != then.digests.get(name)}
    return sorted(daemons)


def preview_back(settings: Settings, base: int, to: int, page: str | None) -> dict[str, Any]:
    """What `put_back` would change. Raises as `preview`, and NotFound."""
    return preview(settings, _former(settings, to, page), base)


def _former(settings: Settings, to: int, page: str | None) -> AllValues:
    values = _values_of(settings, to)
    return values if page is None else {page: values[declared.page_named(page).page]}


def put_back(settings: Settings, base: int, to: int, page: str | None, author: Author) -> dict[str, Any]:
    """Apply the values of revision `to` as a new revision; with `page`, only that page. As Settings.apply."""
    wanted = _former(settings, to, page)
    title = declared.page_named(page).title if page else ""
    note = f"Put back to revision {to}, page {title}" if page else f"Put back to revision {to}"
    gone = _gone(settings, to, wanted)
    return settings.apply(base, wanted, author, f"{note} (no longer exists: {', '.join(gone)})" if gone else note)


def _gone(settings: Settings, number: int, wanted: AllValues) -> list[str]:
    """Settings of revision `number` that exist no more, on the pages in `wanted` and on pages that are gone."""
    found = settings.store.get(number)
    known = {(page, key) for page, key, _ in declared.each_setting()}
    return [
        f"{page}.{key}"
        for page, values in (found.settings if found else {}).items()
        if page in wanted or page not in declared.pages()
        for key in values
        if (page, key) not in known
    ]


def _values_of(settings: Settings, number: int) -> AllValues:
    found = settings.store.get(number)
    if found is None or found.state != APPLIED:
        raise NotFound(f"There is no revision {number}.", field="revision", next="Choose one from the history.")
    return complete(found.settings)


def _compared(settings: Settings, before: AllValues, after: AllValues) -> dict[str, Any]:
    def files(values: AllValues) -> Rendered:
        return {**settings.configuration.render(settings.facts_for(values)), "maps": settings.looked_up(values)}

    return {"settings": differences(before, after), "files": file_differences(files(before), files(after))}
