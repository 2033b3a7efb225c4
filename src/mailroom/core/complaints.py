"""What pydantic objects to in settings, in our words and without its jargon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from mailroom.core.problems import Invalid

# By pydantic's own names of what is wrong.
WORDS = {
    "greater_than_equal": "Enter a number of at least {ge}.",
    "less_than_equal": "Enter a number of at most {le}.",
    "string_too_short": "Enter at least {min_length} characters.",
    "string_too_long": "Enter at most {max_length} characters.",
    "too_long": "There may be at most {max_length} entries.",
    "string_pattern_mismatch": "This is not in the form that is needed here.",
    "extra_forbidden": "There is no such setting on this page.",
    "int_parsing": "Enter a whole number.",
    "int_type": "Enter a whole number.",
    "int_from_float": "Enter a whole number.",
    "bool_parsing": "Choose yes or no.",
    "bool_type": "Choose yes or no.",
    "literal_error": "Choose one of: {expected}.",
    "string_type": "Enter text.",
    "float_type": "Enter a number.",
    "float_parsing": "Enter a number.",
    "list_type": "Enter a list.",
    "model_type": "This is no entry of this list.",
    "model_attributes_type": "This is no entry of this list.",
}


# A file of 20,000 entries may be wrong in each; nobody reads more than this at once.
FIELDS_MAX = 200


class BadFields(ValueError):
    """Raised by a check of several fields together: {field, of an item of a list LIST/ID/FIELD: sentence}."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(next(iter(fields.values())))
        self.fields = fields


def refuse(fields: Mapping[str, str]) -> None:
    """Raises BadFields when there are any."""
    if fields:
        raise BadFields(fields)


def by_field(reason: ValidationError, values: Mapping[str, Any]) -> dict[str, str]:
    """{field at fault: sentence}, at most FIELDS_MAX; for an item of a list LIST/ID/FIELD. values: what was checked."""
    found: dict[str, str] = {}
    for fault in reason.errors():
        error = fault.get("ctx", {}).get("error")
        place = place_in(fault["loc"], values)
        several = error.fields if isinstance(error, BadFields) else {getattr(error, "field", ""): sentence(fault)}
        for own, text in several.items():
            # The place of a field that is wrong by itself ends with its name already.
            name = "/".join(part for part in (place, own) if part) or "page"
            found.setdefault(name, text)
            if len(found) == FIELDS_MAX:
                return found
    return found


def place_in(location: tuple[int | str, ...], values: Mapping[str, Any]) -> str:
    """SETTING, or SETTING/ID and the field of an item of a list; "" for a page as a whole."""
    if len(location) < 2:
        return "".join(str(part) for part in location)
    item = values[str(location[0])][location[1]]
    name = item.get("id", location[1]) if isinstance(item, dict) else location[1]
    return "/".join(str(part) for part in (location[0], name, *location[2:3]))


def sentence(fault: Any) -> str:
    """One of pydantic's error details as a sentence for people."""
    context = fault.get("ctx", {})
    if fault["type"] == "value_error":
        return str(context["error"])
    return WORDS.get(fault["type"], f"{fault['msg']}.").format(**context)


def fault(page: str, field: str, sentence: str) -> Invalid:
    """What is wrong with a setting of a page. field: the setting, of an item SETTING/ID/FIELD."""
    key = field.partition("/")[0]
    return Invalid(
        sentence, field=field, setting=f"{page}.{key}", next="Correct the marked fields.", fields={field: sentence}
    )
