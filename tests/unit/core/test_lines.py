"""Lines: what ends one, and settings that may not hold more than one."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import Any

import pytest

from mailroom.core import sealed, secrets, settings
from mailroom.core.lines import lines, lines_of_text
from mailroom.core.problems import Invalid, Problem

# Kinds of fields whose text may have several lines.
LONG_TEXTS = ("html", "text-from-html")
# What one setting or another takes without anything behind it.
TEXTS = ("a", "a.example", "a@one.example", "user:a", "192.0.2.1", "192.0.2.0/24", "https://a.example/a")

# Whatever str.splitlines() splits at, found by trying.
SPLITTING = [char for char in map(chr, range(0x11000)) if len(f"a{char}b".splitlines()) > 1]


def test_only_line_feeds_end_a_line() -> None:
    others = "".join(char for char in SPLITTING if char != "\n")
    assert len(others) >= 9
    assert lines(f"a{others}b\nc\r\nd\n") == [f"a{others}b", "c", "d"]
    assert lines("") == []
    assert lines("\n\na") == ["", "", "a"]


def test_a_text_for_people_ends_its_lines_as_mail_does() -> None:
    assert lines_of_text("a\r\nb\rc\n\x85d\u2028e\n") == ["a", "b", "c", "\x85d\u2028e"]


# An item of each list whose other fields are right, so that only the text under test can be refused.
ITEMS: dict[tuple[str, str], dict[str, Any]] = {
    ("mail_delivery.general", "additional_domains"): {"domain": "one.example"},
    ("mail_delivery.delivery", "sender_relays"): {
        "domain": "one.example", "server": "a.example", "account": "a", "password": "a"
    },
    ("mail_delivery.lists", "blacklist"): {"name": "a", "type": "sender", "criteria": "a@one.example"},
    ("mail_delivery.lists", "whitelist"): {"name": "a", "type": "sender", "criteria": "a@one.example"},
    ("mail_delivery.alias", "aliases"): {"name": "a", "members": ["user:a"]},
    ("mail_delivery.alias", "catch_all"): {"domain": "one.example", "recipient": "user:a"},
    ("mail_delivery.auto_bcc", "rules"): {"criterion": "from", "text": "a", "target": "a@one.example"},
    ("mail_delivery.disclaimer", "disclaimers"): {
        "name": "a", "html": "<p>a</p>", "senders": ["*"], "recipients": ["*"]
    },
}  # fmt: skip


def texts_of_settings() -> list[tuple[str, str, str]]:
    """(page, key, field of its items or "") of each setting that is text of one line, or a list of it."""
    found = []
    for page, key, _ in settings.each_setting():
        kind = settings.item_of(page, key)
        fields = kind.model_fields.items() if kind else [("", settings.pages()[page].model_fields[key])]
        for name, field in fields:
            shown = field.json_schema_extra
            hints = shown.get("x-ui", {}) if isinstance(shown, dict) else {}
            if field.annotation in (str, list[str]) and hints.get("widget") not in LONG_TEXTS:  # type: ignore[union-attr]
                found.append((page, key, name))
    return found


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")


@pytest.mark.parametrize(("page", "key"), ITEMS)
def test_the_items_of_these_tests_are_right(page: str, key: str) -> None:
    settings.clean(page, {**settings.defaults()[page], key: [{"id": "one", **ITEMS[page, key]}]})


@pytest.mark.parametrize(("page", "key", "field"), texts_of_settings())
def test_no_setting_of_one_line_takes_what_ends_lines(page: str, key: str, field: str) -> None:
    """Refused, or left out where it stands at an end."""
    usual = settings.defaults()[page]
    for usual_text, char in itertools.product(TEXTS, SPLITTING):
        for text in (f"{usual_text}{char}b", f"{usual_text}{char}"):
            try:
                taken = settings.clean(page, {**usual, key: value_with(page, key, field, text)})[key]
            except Invalid:
                continue
            held = [text for text in texts_in(taken) if any(one in text for one in SPLITTING)]
            assert held == [], f"{page}.{key} {field} takes U+{ord(char):04X}"


def value_with(page: str, key: str, field: str, text: str) -> Any:
    kind = settings.item_of(page, key)
    if kind is None:
        return [text] if settings.pages()[page].model_fields[key].annotation == list[str] else text
    is_list = kind.model_fields[field].annotation == list[str]
    return [{"id": "one", **ITEMS[page, key], field: [text] if is_list else text}]


def texts_in(value: Any) -> list[str]:
    """Every text in a value."""
    if isinstance(value, dict | list):
        return [text for one in (value.values() if isinstance(value, dict) else value) for text in texts_in(one)]
    return [opened(value)] if isinstance(value, str) else []


def opened(text: str) -> str:
    """A secret as it was entered, wherever it stands; other text as it is."""
    if not text.startswith(sealed.PREFIX):
        return text
    page = "mail_delivery.delivery"
    for name in (f"{page}.password", f"{page}.sender_relays/one/password"):
        with contextlib.suppress(Problem):
            return sealed.plain(text, name)
    raise AssertionError(text)
