"""mailroomctl: cheap to start, and values are read as one types them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import Any

import pytest

from mailroom.core.problems import Invalid, NotFound
from mailroom.ctl.commands import settings

HEAVY = ("pydantic", "jinja2", "peewee", "asyncio", "cryptography", "mailroom.daemons", "mailroom.core.settings")


def test_the_command_line_is_read_without_what_a_command_may_need() -> None:
    asked = (
        f"import sys; from mailroom.ctl.main import parser; parser(); print([n for n in {HEAVY} if n in sys.modules])"
    )
    known = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run((sys.executable, "-c", asked), env=known, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("mail_delivery.general.smtp_auth=no", False),
        ("mail_delivery.general.max_hops=40", 40),
        ("mail_delivery.general.banner=welcomes you = all", "welcomes you = all"),
        ("mail_delivery.general.lan_networks=192.0.2.0/24, 198.51.100.7/32", ["192.0.2.0/24", "198.51.100.7/32"]),
        ("mail_delivery.general.lan_networks=", []),
        ("mail_delivery.general.max_hops=many", "many"),
        ("security.spam.threshold=6", 6.0),
        ("mail_delivery.lists.blacklist=[]", []),
        ('mail_delivery.lists.blacklist={"drop": ["a1"]}', {"drop": ["a1"]}),
    ],
)
def test_a_change_is_read_as_one_types_it(word: str, value: Any) -> None:
    page, _, key = word.partition("=")[0].rpartition(".")
    assert settings.parse([word]) == {page: {key: value}}


def test_a_long_list_comes_through_the_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('[{"name": "a"}]'))
    assert settings.parse(["mail_delivery.lists.blacklist=-"]) == {
        "mail_delivery.lists": {"blacklist": [{"name": "a"}]}
    }


def test_changed_items_are_told_one_by_one() -> None:
    known = {"page": "mail_delivery.lists", "key": "blacklist", "title": "Blacklist", "old": None, "new": None}
    old, new = {"id": "x", "name": "a"}, {"id": "x", "name": "b"}
    items = [
        {"id": "x", "name": "b", "old": old, "new": new},
        {"id": "y", "name": "c", "old": None, "new": {"id": "y"}},
        {"id": "z", "name": "d", "old": {"id": "z"}, "new": None},
    ]
    assert settings.changes_in_words([{**known, "items": items, "moved": True}]).splitlines() == [
        "mail_delivery.lists.blacklist (Blacklist): order changed",
        'mail_delivery.lists.blacklist (Blacklist): b: {"id": "x", "name": "a"} -> {"id": "x", "name": "b"}',
        'mail_delivery.lists.blacklist (Blacklist): c: added -> {"id": "y"}',
        'mail_delivery.lists.blacklist (Blacklist): d: {"id": "z"} -> removed',
    ]


def test_a_word_that_is_no_change_is_refused() -> None:
    with pytest.raises(Invalid, match="no JSON"):
        settings.parse(["mail_delivery.lists.blacklist=[{]"])
    with pytest.raises(Invalid):
        settings.parse(["mail_delivery.general.max_hops"])
    with pytest.raises(Invalid):
        settings.parse(["mail_delivery.general.no_such_thing=1"])
    with pytest.raises(NotFound):
        settings.parse(["no.such.page=1"])
