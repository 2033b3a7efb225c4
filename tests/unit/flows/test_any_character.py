"""Any character in any text of the settings: it is taken or refused at its field, and never a fault inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pretend import ANNA

from mailroom.core import secrets
from mailroom.core import settings as declared
from mailroom.core.problems import Problem
from mailroom.flows.setting import Settings
from unicode_samples import HALVES, samples


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")


PAGES = sorted(declared.pages())


def texts_of(page: str) -> list[tuple[str, str]]:
    """(setting, field of its items or "") of each text, and each list of them, of a page."""
    found = []
    for key, shape in declared.pages()[page].model_fields.items():
        kind = declared.item_of(page, key)
        fields = kind.model_fields.items() if kind else [("", shape)]
        found += [(key, name) for name, field in fields if field.annotation in (str, list[str])]  # type: ignore[comparison-overlap]
    return found


def values_with(page: str, key: str, field: str, text: str) -> Any:
    kind = declared.item_of(page, key)
    if kind is None:
        return [text] if declared.pages()[page].model_fields[key].annotation == list[str] else text
    usual = {"id": "one", **{name: one.default for name, one in kind.model_fields.items() if name != "id"}}
    return [{**usual, field: [text] if kind.model_fields[field].annotation == list[str] else text}]


@pytest.mark.parametrize("page", PAGES)
def test_any_character_in_a_setting(page: str, settings: Settings) -> None:
    for key, field in texts_of(page):
        for char in samples():
            for text in (f"a{char}b.example", f"{char}@one.example"):
                wanted = {page: {key: values_with(page, key, field, text)}}
                try:
                    settings.apply(settings.current().number, wanted, ANNA)
                except Problem as problem:
                    assert problem.status < 500, (key, field, f"U+{ord(char):04X}", problem.message)
                    assert char not in HALVES or (problem.field or "").partition("/")[0] == key


def test_what_is_taken_can_be_stored(settings: Settings) -> None:
    for char in samples():
        wanted = {"mail_delivery.disclaimer": {"disclaimers": [{"name": f"a{char}", "html": f"<p>a{char}</p>"}]}}
        try:
            settings.apply(settings.current().number, wanted, ANNA)
        except Problem as problem:
            assert problem.status < 500, f"U+{ord(char):04X}"
