"""The wizard's answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pretend import GENERAL, open_again

from mailroom.core.settings import defaults
from mailroom.flows import setting_history, setting_start
from mailroom.flows.setup import first_settings


def test_answers_become_settings(tmp_path: Path) -> None:
    file = tmp_path / "setup.json"
    file.write_text(json.dumps({"domain": "Example.COM", "hostname": "mail.example.com", "colour": "blue"}))
    found = first_settings(file)
    assert found.values[GENERAL]["domain"] == "example.com"
    assert found.values[GENERAL]["hostname"] == "mail.example.com"
    assert found.refused == []
    assert first_settings(file) == found


@pytest.mark.parametrize("text", ["", "[]", "{", '{"domain": ""}', '{"domain": null}'])
def test_no_answers_are_the_defaults(tmp_path: Path, text: str) -> None:
    file = tmp_path / "setup.json"
    file.write_text(text)
    assert first_settings(file).values == defaults()


def test_an_answer_that_is_no_good_is_told(tmp_path: Path) -> None:
    (tmp_path / "setup.json").write_text('{"domain": "example.com", "hostname": "not a name"}')
    fresh = open_again(tmp_path)
    setting_start.start(fresh, tmp_path / "setup.json")
    assert fresh.values()[GENERAL]["domain"] == "example.com"
    assert any("'not a name'" in event["text"] for event in fresh.events.newest(5))
    assert setting_history.history(fresh, GENERAL, 0, 1)["revisions"][0]["changes"][0]["new"] == "example.com"


def test_later_answers_change_nothing(tmp_path: Path) -> None:
    fresh = open_again(tmp_path)
    setting_start.start(fresh, tmp_path / "setup.json")
    (tmp_path / "setup.json").write_text('{"domain": "example.com"}')
    setting_start.start(fresh, tmp_path / "setup.json")
    assert fresh.values() == defaults() and fresh.current().number == 1
