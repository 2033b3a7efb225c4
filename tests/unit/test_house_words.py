"""Rules of the house: what people read has no words of daemons, and one spelling."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from devtools.places import CHECKOUT
from devtools.texts import said

# Those of `later` are words that people type into the search box, in any spelling.
WORDS = [file for file in sorted((CHECKOUT / "ui/shared/words").glob("*/en.json")) if file.parent.name != "later"]
# Where an answer or an event is made of what went wrong.
PLACES = ("flows", "tls", "monitor", "dns", "acme")
SYSTEM = {"OSError", "TimeoutError", "ConnectionError", "SSLError", "gaierror", "HTTPException"}
FORBIDDEN = {
    "the number of an error": r"\[?\berrno\b",
    "the name of a signal": r"\bSIG[A-Z]{3,}",
    "a reply code of SMTP": r"\b[245]\d\d[ -][245]\.\d\.\d",
    "another spelling of license": r"licence",
}


def flat(words: Any) -> Iterator[str]:
    if isinstance(words, dict):
        for inner in words.values():
            yield from flat(inner)
    else:
        yield words


TEXTS = [*said(), *(text for file in WORDS for text in flat(json.loads(file.read_text())))]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_text_has(what: str) -> None:
    assert len(TEXTS) > 2_000
    assert [text for text in TEXTS if re.search(FORBIDDEN[what], text, re.I if "license" in what else 0)] == []


def handlers() -> Iterator[tuple[str, ast.ExceptHandler]]:
    for place in PLACES:
        for file in sorted((CHECKOUT / "src/mailroom" / place).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ExceptHandler) and node.name and node.type is not None:
                    yield file.name, node


def shown_as_it_is(handler: ast.ExceptHandler) -> Iterator[int]:
    """Lines where what was caught stands in a text without core.problems.cause(). What is logged is for developers."""
    logged = {
        inner
        for node in ast.walk(handler)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("LOG.")
        for inner in ast.walk(node)
    }
    for node in ast.walk(handler):
        inside = isinstance(node, ast.FormattedValue) or (
            isinstance(node, ast.Call) and ast.unparse(node.func) == "str" and bool(node.args)
        )
        if inside and node not in logged:
            value = node.value if isinstance(node, ast.FormattedValue) else node.args[0]  # type: ignore[attr-defined]
            if isinstance(value, ast.Name) and value.id == handler.name:
                yield node.lineno  # type: ignore[attr-defined]


def test_what_the_system_says_is_put_in_words() -> None:
    """An OSError in a text shows "[Errno -5]"."""
    found = [
        f"{name}:{line}"
        for name, handler in handlers()
        if set(re.findall(r"\w+", ast.unparse(handler.type or ast.Constant("")))) & SYSTEM
        for line in shown_as_it_is(handler)
    ]
    assert found == []


def test_no_sentence_is_made_with_the_name_of_a_signal() -> None:
    found = [
        f"{file.name}:{node.lineno}"
        for file in sorted((CHECKOUT / "src/mailroom").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FormattedValue) and re.search(r"\bsignal\b", ast.unparse(node.value))
    ]
    assert found == []
