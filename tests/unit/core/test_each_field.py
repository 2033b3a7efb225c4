"""Bad input for each field of each page: refused with a sentence at that very field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailroom.core import secrets, settings
from mailroom.core.problems import Invalid

# Nothing of this kind is a name, an address or a password; in a daemon's file it would begin a line of its own.
LINE = "x\nmynetworks = 0.0.0.0/0"
SEVERAL_LINES = {"html", "text"}
JARGON = re.compile(r"Input should|valid \w+ or instance|pydantic|NoneType", re.IGNORECASE)


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")


def bad(field: str, declared: dict[str, Any]) -> list[Any]:
    """What a field may never be: of another type, beyond its limits, none of its choices."""
    found: list[Any] = [None, {"a": 1}]
    if "enum" in declared or "const" in declared:
        return [*found, "none of these", 7]
    if declared["type"] in ("integer", "number"):
        limits = [declared[name] + step for name, step in (("minimum", -1), ("maximum", 1)) if name in declared]
        assert len(limits) == 2, "a number without limits"
        return [*found, "many", True, *limits]
    if declared["type"] == "boolean":
        return [*found, "perhaps", 2]
    if declared["type"] == "array":
        return [*found, "one", [None], [7]]
    one_line = field not in SEVERAL_LINES
    return [*found, 7, ["a"], "x" * (declared["maxLength"] + 1), *([LINE, "x\0y"] if one_line else [])]


def each_setting() -> Iterator[tuple[str, str, Any]]:
    """(page, key, a bad value)."""
    for page, key, _ in settings.each_setting():
        for value in bad(key, settings.schema_of(page)["properties"][key]):
            yield page, key, value


def each_field_of_an_item() -> Iterator[tuple[str, str, str, Any]]:
    """(page, key, field, a bad value)."""
    for page, key, _ in settings.each_setting():
        if (kind := settings.item_of(page, key)) is not None:
            for field, declared in kind.model_json_schema()["properties"].items():
                if field != "id":
                    for value in bad(field, declared):
                        yield page, key, field, value


@pytest.mark.parametrize(("page", "key", "value"), list(each_setting()))
def test_each_setting_refuses_what_it_cannot_be(page: str, key: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        settings.clean(page, {**settings.defaults()[page], key: value})
    named = [field.partition("/")[0] for field in refused.value.more["fields"]]
    assert key in named and (refused.value.setting or "").startswith(f"{page}.")
    assert [words for words in told(refused.value) if not words.endswith(".") or JARGON.search(words)] == []


@pytest.mark.parametrize(("page", "key", "field", "value"), list(each_field_of_an_item()))
def test_each_field_of_an_item_refuses_what_it_cannot_be(page: str, key: str, field: str, value: Any) -> None:
    kind = settings.item_of(page, key)
    assert kind is not None
    sample = kind.samples[0] if kind.samples else {}
    with pytest.raises(Invalid) as refused:
        settings.clean(page, {**settings.defaults()[page], key: [{"id": "one", **sample, field: value}]})
    assert f"{key}/one/{field}" in [name.partition("/0")[0] for name in refused.value.more["fields"]]
    assert [words for words in told(refused.value) if not words.endswith(".") or JARGON.search(words)] == []


def told(problem: Invalid) -> list[str]:
    return [str(sentence) for sentence in problem.more["fields"].values()]
