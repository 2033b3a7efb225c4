"""Check Settings: settings in force against suggested ones, what differs in effect, and putting it right (CK01).

What is suggested is said where a setting is declared: its default, or `suggested`, wherever `effect` tells what is
different otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mailroom.core import settings as declared
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues
from mailroom.flows.setting import Author, Settings

NOTE = "Check Settings: as suggested"


def suggestions() -> Iterator[tuple[str, str, Any]]:
    """(page, key, suggested value) of each setting for which something is suggested, in the order of the pages."""
    usual = declared.defaults()
    for page, key, _ in declared.each_setting():
        hints = _hints(page, key)
        if "effect" in hints:
            yield page, key, hints.get("suggested", usual[page][key])


def compare(values: AllValues) -> list[dict[str, Any]]:
    """Each setting that counts and is not as suggested.

    {page, key, title, group, menu, tab, value, suggested, effect, labels?, unit?}. A setting that has no effect,
    because another one is off, is as good as suggested.
    """
    return [
        _told(page, key, values[page][key], suggested)
        for page, key, suggested in suggestions()
        if values[page][key] != suggested and _counts(values, page, key)
    ]


def read(settings: Settings) -> dict[str, Any]:
    """{revision, compared: how many settings have a suggestion, differences: see compare()}."""
    now = settings.current().number
    return {"revision": now, "compared": len(list(suggestions())), "differences": compare(settings.values())}


def fix(settings: Settings, base: int, chosen: list[str] | None, author: Author) -> dict[str, Any]:
    """Apply the suggested values of the chosen settings ("page.key"), of all of them with None, as one revision.

    As Settings.apply, with `former`: the revision that undoes it when it is put back. Raises Invalid for a setting
    without a suggestion, Stale, ApplyFailed.
    """
    former = settings.current().number
    wanted = _wanted(settings.values(), chosen)
    return {**settings.apply(base, wanted, author, NOTE), "former": former}


def _wanted(values: AllValues, chosen: list[str] | None) -> AllValues:
    suggested = {f"{page}.{key}": (page, key, value) for page, key, value in suggestions()}
    for name in chosen or []:
        if name not in suggested:
            sentence = f"Nothing is suggested for {name}."
            raise Invalid(sentence, field="settings", next="`mailroomctl check settings` names what differs.")
    if chosen is not None:
        return _paged([suggested[name] for name in chosen])
    after = {page: dict(keys) for page, keys in values.items()}
    # What is switched on by one suggestion may make another one count.
    while differing := compare(after):
        for one in differing:
            after[one["page"]][one["key"]] = one["suggested"]
    return _paged([one for one in suggested.values() if values[one[0]][one[1]] != after[one[0]][one[1]]])


def _paged(chosen: list[tuple[str, str, Any]]) -> AllValues:
    made: AllValues = {}
    for page, key, value in chosen:
        made.setdefault(page, {})[key] = value
    return made


def _counts(values: AllValues, page: str, key: str) -> bool:
    return all(values[page][other] == needed for other, needed in _hints(page, key).get("depends", {}).items())


def _hints(page: str, key: str) -> dict[str, Any]:
    extra: Any = declared.pages()[page].model_fields[key].json_schema_extra
    return dict(extra["x-ui"])


def _told(page: str, key: str, value: Any, suggested: Any) -> dict[str, Any]:
    kind, hints = declared.pages()[page], _hints(page, key)
    return {
        "page": page,
        "key": key,
        "title": declared.title_of(page, key),
        "page_title": kind.title,
        "menu": kind.menu,
        "tab": kind.tab,
        "value": value,
        "suggested": suggested,
        "effect": hints["effect"],
        "labels": hints.get("labels", {}),
        "unit": hints.get("unit", ""),
    }


def operations(settings: Settings) -> dict[str, Callable[..., Any]]:
    """What can be asked about suggested settings."""

    def put_right(revision: int, who: str, where: str, chosen: list[str] | None = None) -> Any:
        return fix(settings, revision, chosen, Author(who, where))

    return {"check.settings": lambda: read(settings), "check.settings_fix": put_right}
