"""A configuration file that is damaged, hostile or none: refused with its line or field, and nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from file_house import DELIVERY, LISTS, RULE, at, forged, look, out, take
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pretend import ANNA, GENERAL, open_again

from mailroom.core import configuration_file as file
from mailroom.core import secrets
from mailroom.core.problems import Invalid, Problem
from mailroom.flows import setting_file, setting_start
from mailroom.flows.setting import Settings


@pytest.fixture(autouse=True)
def cheap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")
    monkeypatch.setattr(secrets, "SCRYPT_N", 2)


def page_gone(facts: dict[str, Any]) -> None:
    facts["settings"]["gone.page"] = {}


def wrong_type(facts: dict[str, Any]) -> None:
    facts["settings"][GENERAL]["max_hops"] = "twenty"


def twice(facts: dict[str, Any]) -> None:
    facts["settings"][LISTS]["blacklist"] = [RULE, {**RULE, "name": "Again"}]


def an_edit(facts: dict[str, Any]) -> None:
    facts["settings"][LISTS]["blacklist"] = {"drop": []}


def bad_item(facts: dict[str, Any]) -> None:
    facts["settings"][LISTS]["blacklist"] = [{**RULE, "criteria": "nobody"}]


def in_the_clear(facts: dict[str, Any]) -> None:
    facts["settings"][DELIVERY]["password"] = "as it is"


def own_seal(facts: dict[str, Any]) -> None:
    facts["settings"][DELIVERY]["password"] = "sealed:1:AAAA"


@pytest.mark.parametrize(
    ("change", "field", "place"),
    [
        (lambda facts: facts.update(format="other"), "format", None),
        (lambda facts: facts.update(version=2), "version", None),
        (lambda facts: facts.update(version="1"), "version", None),
        (lambda facts: facts.update(date="yesterday"), "date", None),
        (lambda facts: facts.update(server="a\nb"), "server", None),
        (lambda facts: facts.update(more=1), "more", None),
        (lambda facts: facts.update(settings=[]), "settings", None),
        (lambda facts: facts["settings"].update({GENERAL: 7}), f"settings.{GENERAL}", None),
        (page_gone, "gone.page", None),
        (wrong_type, "max_hops", f"{GENERAL}.max_hops"),
        (twice, "blacklist/r1", f"{LISTS}.blacklist"),
        (an_edit, "blacklist", f"{LISTS}.blacklist"),
        (bad_item, "blacklist/r1/criteria", f"{LISTS}.blacklist/r1/criteria"),
        (in_the_clear, "password", f"{DELIVERY}.password"),
        (own_seal, "password", f"{DELIVERY}.password"),
    ],
)
def test_a_file_that_says_nonsense_is_refused_at_its_field(
    settings: Settings, change: Callable[[dict[str, Any]], Any], field: str, place: str | None
) -> None:
    text = forged(out(settings), change)
    for act in (look, take):
        with pytest.raises(Invalid) as refused:
            act(settings, text)
        assert refused.value.field == field and refused.value.setting == place
        assert place is None or refused.value.more["line"] >= 1
    assert at(settings).current().number == 1


def test_a_fault_is_told_with_its_line(settings: Settings) -> None:
    at(settings).apply(1, {LISTS: {"blacklist": [RULE]}}, ANNA)
    facts = json.loads(out(settings))
    facts["settings"][LISTS]["blacklist"].append({**RULE, "id": "r2", "criteria": "nobody"})
    document = file.Document.model_validate({**facts, "checksum": ""})
    text = file.written(document)
    with pytest.raises(Invalid) as refused:
        take(settings, text)
    assert text.splitlines()[refused.value.more["line"] - 1].strip().startswith('{"id": "r2"')


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04\x14\x00\x00\x00", "no text|line 1"),
        (b"\xff\xfe{\x00}\x00", "Line 1 is no text"),
        (b'{"a": \x00}', "Line 1 is no text"),
        (b"a: &a [x]\nb: [*a, *a]\n", "at line 1"),
        (b"[" * 150_000, "nested deeper|at line 1"),
        (b"[" * 250_000, "more lists"),
        (b"[]", "no file of a Mailroom"),
        (b'{"format": "x", "format": "y"}', "twice"),
        (b'{"n": ' + b"9" * 5_000 + b"}", "5000 digits"),
        (b'{"n": 1e999}', "too large"),
        (b'{"n": NaN}', "no number"),
        (b'"' * 100, "at line 1"),
        (b" " * (file.BYTES_MAX + 1) + b"{}", "larger than"),
    ],
)
def test_what_is_no_such_file_is_refused_and_says_why(settings: Settings, content: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        look(settings, content)
    assert refused.value.field and refused.value.next and at(settings).current().number == 1


def test_a_file_that_did_not_arrive_whole_is_refused(settings: Settings) -> None:
    text = out(settings)
    for end in range(0, len(text) - 2, 97):
        with pytest.raises(Invalid):
            look(settings, text[:end])
    with pytest.raises(Invalid):
        setting_file.preview(at(settings), "no base64!", "", [])


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
@effort(max_examples=60, deadline=None)
def test_one_wrong_byte_is_noticed(exported: tuple[Settings, bytes], place: int, byte: int) -> None:
    settings, raw = exported
    place %= len(raw)
    changed = raw[:place] + bytes((byte,)) + raw[place + 1 :]
    if same(changed, raw):
        return
    with pytest.raises(Problem):
        look(settings, changed)


def same(one: bytes, another: bytes) -> bool:
    """Whether two files say the same: white space between words is free."""
    try:
        return bool(json.loads(one) == json.loads(another))
    except ValueError:
        return False


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, bytes]:
    made = open_again(tmp_path_factory.mktemp("exported"))
    setting_start.start(made, Path("/nonexistent"))
    return made, out(made).encode()
