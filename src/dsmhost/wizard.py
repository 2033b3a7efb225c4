"""Wizards: what a package asks before it is installed, upgraded or removed (WIZARD_UIFILES).

The answers become environment variables named by their keys.
"""

from __future__ import annotations

import json
import re
from typing import Any

from dsmhost.spk import FORMAT, Refused, Spk

KINDS = ("install", "upgrade", "uninstall")
TYPES = {"singleselect", "multiselect", "textfield", "password", "combobox"}
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def names(kind: str, ending: str = "") -> tuple[str, str]:
    """Where a wizard may be, the more particular first: for the machine's language, for all."""
    return f"WIZARD_UIFILES/{kind}_uifile_enu{ending}", f"WIZARD_UIFILES/{kind}_uifile{ending}"


def judge(spk: Spk) -> None:
    """All of an SPK's wizards that are not made by scripts. Raises Refused."""
    for name, content in spk.members.items():
        if name.startswith("WIZARD_UIFILES/") and not name.endswith(".sh"):
            steps(content, name)


def steps(content: bytes, name: str) -> list[dict[str, Any]]:
    """A wizard's steps. Raises Refused when it is not what Package Center can show."""
    try:
        found = json.loads(content)
    except ValueError:
        raise Refused(FORMAT, f"{name} is not valid JSON") from None
    if not isinstance(found, list) or not found:
        raise Refused(FORMAT, f"{name} has no step")
    for step in found:
        if not isinstance(step, dict) or not step.get("step_title") or not step.get("items"):
            raise Refused(FORMAT, f"{name}: a step needs step_title and items")
        for item in step["items"]:
            if "type" in item and (item["type"] not in TYPES or not item.get("subitems")):
                raise Refused(FORMAT, f"{name}: an item needs a known type and subitems")
    keys = [sub.get("key", "") for item in items(found) for sub in item["subitems"]]
    if len(set(keys)) < len(keys) or not all(KEY.fullmatch(key) for key in keys):
        raise Refused(FORMAT, f"{name}: each subitem needs a key of its own that can name a variable")
    return found


def items(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What can be answered in these steps."""
    return [item for step in found for item in step["items"] if item.get("subitems")]


def answers(found: list[dict[str, Any]], given: dict[str, Any]) -> dict[str, str]:
    """The wizard's defaults with what was answered, as a person could have answered. Raises Refused."""
    subs = [sub for item in items(found) for sub in item["subitems"]]
    unknown = set(given) - {sub["key"] for sub in subs}
    if unknown:
        raise Refused(FORMAT, f"the wizard does not ask for {', '.join(sorted(unknown))}")
    result = {sub["key"]: _text(sub.get("defaultValue", "")) for sub in subs}
    for item in items(found):
        keys = [sub["key"] for sub in item["subitems"]]
        boxes = item["type"] in ("singleselect", "multiselect")
        result.update({key: result[key] or "false" for key in keys if boxes})
        chosen = [key for key in keys if key in given]
        # Of radio buttons, pressing one lets the others go.
        if item["type"] == "singleselect" and any(_text(given[key]) == "true" for key in chosen):
            result.update(dict.fromkeys(keys, "false"))
        result.update({key: _text(given[key]) for key in chosen})
    for sub in subs:
        _validate(sub, result[sub["key"]])
    return result


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _validate(sub: dict[str, Any], value: str) -> None:
    """The validators that need no JavaScript. Raises Refused: the Next button would stay grey."""
    rules = sub.get("validator", {})
    expression = rules.get("regex", {}).get("expr", "").strip("/")
    wrong = (
        (rules.get("allowBlank") is False and not value)
        or (value and len(value) < rules.get("minLength", 0))
        or len(value) > rules.get("maxLength", len(value))
        or (value and expression and not re.search(expression, value))
    )
    if wrong:
        raise Refused(FORMAT, f"the wizard does not take this value for {sub['key']}")
