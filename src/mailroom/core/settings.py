"""What a setting is. Each is declared once, on its page's model in `core/pages/`; everything else is derived from that.

A page is a pydantic model with `page`, `menu` and `tab`; a setting is one field made with `setting(...)`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mailroom.core import complaints, sealed
from mailroom.core.lists import Item
from mailroom.core.problems import Invalid, NotFound
from mailroom.core.sealed import Sealed
from mailroom.core.surrogates import SENTENCE, place_of_half

Values = dict[str, Any]
AllValues = dict[str, Values]


class BadField(ValueError):
    """Raised by a page's own check of several fields together: which of them is to be corrected."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class Page(BaseModel):
    """One page of settings. Field order is the order on screen; groups are the boxes, in order."""

    model_config = ConfigDict(extra="forbid", validate_default=True, strict=True)

    page: ClassVar[str]
    menu: ClassVar[str]
    tab: ClassVar[str]
    title: ClassVar[str]
    order: ClassVar[int] = 100
    groups: ClassVar[dict[str, str]]
    # Whether the groups are tabs instead of boxes below each other.
    tabs: ClassVar[bool] = False
    # {secret: the settings for which it was entered}; when one of them changes, it is not kept (flows/kept_secrets.py).
    kept_for: ClassVar[dict[str, tuple[str, ...]]] = {}


def setting(
    default: Any,
    title: str,
    *,
    group: str,
    rows: str,
    help: str,
    parameter: str = "",
    depends: dict[str, Any] | None = None,
    labels: dict[str, str] | None = None,
    unit: str | None = None,
    indent: int = 0,
    widget: str | None = None,
    placeholder: str | None = None,
    placeholders: dict[str, dict[str, str]] | None = None,
    costs: str | None = None,
    effect: str | None = None,
    suggested: Any = None,
    earlier: Any = None,
    column: bool = False,
    ordered: bool = False,
    machine: bool = False,
    **limits: Any,
) -> Any:
    """Declare one setting.

    rows:      guide row ids it implements ("PR01, PR02").
    parameter: the Postfix or Dovecot parameter it becomes, or "" when a check or flow reads it.
    depends:   {other field: value it must have} for this setting to have an effect.
    labels:    wording of each choice.
    effect:    what is different, in one sentence, when it is not as suggested (row CK01). Without it nothing is
               suggested: nobody can know the right domain, or how large mail may be here.
    suggested: the suggested value, when it is not the default.
    earlier:   the value on servers that were set up before there was this setting, when it is not the default.
    placeholders: {other field: {its value: the placeholder meanwhile}}.
    column:    of an item's field: the list shows it. ordered: of a list: the order of its items counts.
    machine:   it is about this machine: a configuration from a file leaves it as it is, unless somebody chooses it.
    limits:    pydantic's ge, le, min_length, max_length, pattern (no look-around: the regex engine has none).
    """
    hints = {
        "group": group,
        "rows": rows,
        "help": help,
        "parameter": parameter,
        "depends": depends,
        "labels": labels,
        "unit": unit,
        "indent": indent or None,
        "widget": widget,
        "placeholder": placeholder,
        "placeholders": placeholders,
        "costs": costs,
        "effect": effect,
        "suggested": suggested,
        "earlier": earlier,
        "column": column or None,
        "ordered": ordered or None,
        "machine": machine or None,
    }
    shown: Any = {name: value for name, value in hints.items() if value is not None}
    return Field(default, title=title, json_schema_extra={"x-ui": shown}, **limits)


@cache
def pages() -> dict[str, type[Page]]:
    """Every page found in `core/pages`, by id, in menu order."""
    package = importlib.import_module("mailroom.core.pages")
    found: list[type[Page]] = []
    for module in pkgutil.iter_modules(package.__path__):
        members = vars(importlib.import_module(f"{package.__name__}.{module.name}")).values()
        found += [kind for kind in members if isinstance(kind, type) and issubclass(kind, Page) and kind is not Page]
    return {kind.page: kind for kind in sorted(found, key=lambda kind: (kind.order, kind.page))}


def page_named(name: str) -> type[Page]:
    """The page with this id; NotFound otherwise."""
    try:
        return pages()[name]
    except KeyError:
        raise NotFound(f"There is no settings page {name!r}.", field="page") from None


def each_setting() -> Iterator[tuple[str, str, str]]:
    """(page, key, title) of each setting there is."""
    for name, kind in pages().items():
        for key, field in kind.model_fields.items():
            yield name, key, field.title or key


def machine_settings() -> list[tuple[str, str]]:
    """(page, key) of each setting that is about this machine."""
    return [
        (name, key)
        for name, kind in pages().items()
        for key, field in kind.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra["x-ui"].get("machine")  # type: ignore[union-attr]
    ]


def item_of(page: str, key: str) -> type[Item] | None:
    """The kind of the items of a list setting, or None for any other setting."""
    kinds = get_args(pages()[page].model_fields[key].annotation)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Item)), None)


@cache
def secrets_of(page: str) -> frozenset[str]:
    """The secret settings of a page (see core/sealed.py)."""
    return _secret_fields(pages()[page])


@cache
def places_of_secrets(page: str) -> dict[str, frozenset[str]]:
    """Where the secrets of a page are, as sealed.each wants it."""
    inside = {key: _secret_fields(kind) for key in pages()[page].model_fields if (kind := item_of(page, key))}
    return {
        **dict.fromkeys(secrets_of(page), frozenset[str]()),
        **{key: found for key, found in inside.items() if found},
    }


def secrets_in(page: str, values: Values) -> dict[str, Any]:
    """{name: value} of each secret among these values, as sealed.each names them."""
    found: dict[str, Any] = {}
    sealed.each(page, values, places_of_secrets(page), found.setdefault)
    return found


def _secret_fields(kind: type[BaseModel]) -> frozenset[str]:
    return frozenset(
        key
        for key, field in kind.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra["x-ui"].get("widget") == sealed.WIDGET  # type: ignore[union-attr]
    )


def from_store(page: str, key: str, value: Any) -> Any:
    """A value as a revision holds it. Items of before a field was there have its default."""
    usual = _usual_item(page, key)
    if usual and isinstance(value, list) and any(len(one) <= len(usual) for one in value if isinstance(one, dict)):
        value = [{**usual, **one} if isinstance(one, dict) else one for one in value]
    return sealed.each(page, {key: value}, places_of_secrets(page), lambda _, text: Sealed(text) if text else text)[key]


@cache
def _usual_item(page: str, key: str) -> Values:
    """The default of each field of a list's items but the id, {} for any other setting."""
    kind = item_of(page, key)
    return {name: field.default for name, field in kind.model_fields.items() if name != "id"} if kind else {}


def shown(page: str, values: Values) -> Values:
    """The values of a page as they may be told: of secrets only whether they are set."""
    return sealed.each(page, values, places_of_secrets(page), lambda _, value: sealed.mask(value))


def title_of(page: str, key: str) -> str:
    """The wording of a setting on screen."""
    return pages()[page].model_fields[key].title or key


def defaults() -> AllValues:
    """The default of each setting, by page."""
    return {name: kind().model_dump(mode="json") for name, kind in pages().items()}


@cache
def earlier() -> dict[tuple[str, str], Any]:
    """{(page, key): the value on servers that were set up before there was this setting}, where it is no default."""
    extras: dict[tuple[str, str], Any] = {
        (name, key): pages()[name].model_fields[key].json_schema_extra for name, key, _ in each_setting()
    }
    return {place: extra["x-ui"]["earlier"] for place, extra in extras.items() if "earlier" in extra["x-ui"]}


def schema_of(page: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of a page, with `x-ui` hints on each field and `x-groups` in order."""
    kind = page_named(page)
    schema = kind.model_json_schema()
    schema["title"] = kind.title
    for key in kind.model_fields:
        if found := item_of(page, key):
            schema["$defs"][found.__name__]["title"] = found.title
    schema["x-groups"] = [{"id": name, "title": title} for name, title in kind.groups.items()]
    schema["x-tabs"] = kind.tabs
    return schema


def clean(page: str, values: Values) -> Values:
    """The values of one page, checked and normalised (JSON types only). Secrets are sealed, unless they are already.

    Raises Invalid with `fields` naming each field at fault.
    """
    kind = page_named(page)
    places, kept = places_of_secrets(page), dict[str, Sealed]()
    if (half := place_of_half(values)) is not None:
        raise complaints.fault(page, complaints.place_in(half, values) or "page", SENTENCE)
    try:
        found = kind.model_validate(sealed.each(page, values, places, _without(kept))).model_dump(mode="json")
        _refuse_doubles(page, found)
        return sealed.each(page, found, places, lambda name, text: kept.get(name) or sealed.seal(text, name))
    except ValidationError as reason:
        fields = complaints.by_field(reason, values)
        first = next(iter(fields))
        raise Invalid(
            fields[first], field=first, setting=f"{page}.{first}", next="Correct the marked fields.", fields=fields
        ) from None


def stored(page: str, values: Values) -> Values:
    """The values of a page as a revision holds them, checked like those that come from outside. Raises Invalid."""
    for name, value in secrets_in(page, values).items():
        if value and not sealed.is_sealed(value):
            raise complaints.fault(page, name.removeprefix(f"{page}."), "This is not a stored secret.")
    return clean(page, values)


def _without(kept: dict[str, Sealed]) -> Callable[[str, Any], Any]:
    """Puts secrets that are sealed already aside while the rest is checked."""

    def change(name: str, value: Any) -> Any:
        if not isinstance(value, Sealed):
            return value
        kept[name] = value
        return sealed.KEPT

    return change


def _refuse_doubles(page: str, values: Values) -> None:
    """Raises Invalid when two items of a list have one id: nobody could say which of them is meant."""
    for key in values:
        if item_of(page, key) is not None:
            counted = Counter(item["id"] for item in values[key])
            if double := next((name for name, count in counted.items() if count > 1), None):
                raise complaints.fault(page, f"{key}/{double}", f"There are two items with the id {double}.")
