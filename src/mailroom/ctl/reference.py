"""The reference of all settings as Markdown: docs/settings.md, and `mailroomctl docs`."""

from __future__ import annotations

import json
from typing import Any

from mailroom.core import settings as declared

HEAD = """# Settings

Made from the declarations in `src/mailroom/core/pages/` by `python -m mailroom ctl docs`; a test compares the two.
Each setting is named `PAGE.KEY` in the API, in the history and for `mailroomctl settings`.
"""
LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "maxItems": "at most {}",
}


def text() -> str:
    """The whole reference."""
    return "\n".join([HEAD, *(_page(name) for name in declared.pages())]).rstrip()


def _page(name: str) -> str:
    kind, schema = declared.page_named(name), declared.schema_of(name)
    menu = f"{kind.menu.replace('_', ' ').title()} > {kind.title}"
    lines = [f"## {menu} (`{name}`)", "", (kind.__doc__ or "").strip(), ""]
    for key, field in schema["properties"].items():
        lines += [_setting(name, key, field, schema["properties"]), *_item_fields(name, key), ""]
    return "\n".join(lines)


def _item_fields(page: str, key: str) -> list[str]:
    """Of a list setting: what each of its items consists of."""
    kind = declared.item_of(page, key)
    if kind is None:
        return []
    fields = {name: field for name, field in kind.model_json_schema()["properties"].items() if name != "id"}
    return ["", "Each item:", *(_item_field(name, field, fields) for name, field in fields.items())]


def _item_field(name: str, field: dict[str, Any], fields: dict[str, Any]) -> str:
    hints = field["x-ui"]
    choices = [f"{_code(choice)} {label}" for choice, label in hints.get("labels", {}).items()]
    facts = "; ".join([*_facts(field, fields), *([", ".join(choices)] if choices else [])])
    return f"- `{name}`, {field['title']}: {facts}. {hints['help']} (rows {hints['rows']})"


def _facts(field: dict[str, Any], fields: dict[str, Any]) -> list[str]:
    """What a field takes, becomes and depends on, in words."""
    hints = field["x-ui"]
    facts = [_takes(field), f"default {_code(field['default'])}"]
    facts += [f"in {hints['unit']}"] if "unit" in hints else []
    facts += [f"becomes `{hints['parameter']}`"] if hints["parameter"] else []
    for other, value in hints.get("depends", {}).items():
        facts.append(f"takes effect while “{fields[other]['title']}” is {_code(value)}")
    return facts


def _setting(page: str, key: str, field: dict[str, Any], fields: dict[str, Any]) -> str:
    hints = field["x-ui"]
    lines = [f"### `{key}`: {field['title']}", "", hints["help"], "", f"- {'; '.join(_facts(field, fields))}"]
    lines += [f"- {_code(choice)}: {label}" for choice, label in hints.get("labels", {}).items()]
    return "\n".join([*lines, f"- rows {hints['rows']}"])


def _takes(field: dict[str, Any]) -> str:
    kind = {"boolean": "yes or no", "integer": "whole number", "number": "number", "string": "text", "array": "list"}
    takes = "a choice" if "enum" in field or "const" in field else kind[field["type"]]
    return ", ".join([takes, *(words.format(field[name]) for name, words in LIMITS.items() if name in field)])


def _code(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"
