"""What pydantic objects to in settings, in our words and without its jargon."""

from __future__ import annotations

from typing import Any

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
