"""What the server says is found in the source, and the window's other languages say all of it."""

from __future__ import annotations

import ast
import re

import pytest

from devtools import texts


def found(source: str, words: bool = False) -> list[str]:
    return [text for _, text in texts.sentences(ast.parse(source), words)]


def test_sentences_are_found_with_places_for_what_is_put_in() -> None:
    assert found('raise NotFound(f"There is no user {name!r}.", next="Choose one of them.")') == [
        "There is no user {0}.",
        "Choose one of them.",
    ]
    assert found('why = f"It took {ms:.1f} ms on {host}."') == ["It took {n0} ms on {1}."]
    assert found('told = "New: {}.".format(names)') == ["New: {0}."]
    assert found('told = {"ge": "Enter at least {ge}."}') == ["Enter at least {ge}."]
    assert found("f\"It {'has ended' if code else name} now.\"") == ["It {0} now.", "has ended"]


def test_what_nobody_at_the_window_reads_is_left_out() -> None:
    assert found('"""A docstring of a module."""') == []
    assert found('LOG.info("a line of the log")\nre.compile("some (pattern)")\nroute("what it does")') == []
    assert found('refuse("554 5.6.0 Too many headers")\nb"some bytes here"') == []
    assert found('title = "Postfix"', words=True) == found('title = "Healthy"') == []
    assert found('title = "Healthy"', words=True) == ["Healthy"]


def test_settings_and_the_notice_of_activation_are_found() -> None:
    there = texts.said()
    assert {"Maximum size per email", "Enable IMAP", "Save to quarantine", "Mail services wait for activation"} <= {
        *there
    }
    assert there["Somebody else changed the settings meanwhile."].startswith("flows/setting.py:")
    assert not {"At noon?", "MB", "ClamAV", "mail.example.com", "SMTP"} & {*there}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_text_has_a_translation_and_none_is_left_over(language: str) -> None:
    missing, idle = texts.differences(language)
    assert (missing, idle) == ({}, []), "./dev texts shows what is missing as JSON, and takes in what was translated"


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_translations_have_the_same_places_and_are_no_copies(language: str) -> None:
    translated = texts.known(language)
    places = {text: (_places(text), _places(told)) for text, told in translated.items()}
    assert {text: pair for text, pair in places.items() if pair[0] != pair[1]} == {}
    same = [text for text, told in translated.items() if text == told and "@" not in text and "://" not in text]
    copied = [text for text in same if len(re.findall("[a-z]{3,}", text)) > 2]
    assert copied == []


def _places(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))
