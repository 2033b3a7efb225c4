"""Each row of Service and Mail Delivery is proved by real traffic, in a test that says the row's id."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from test_house import CLAIMED, FEATURES, HERE, ROW

AREAS = {"PR": 11, "DL": 12, "BW": 11, "PO": 11, "RL": 4, "AL": 7, "BC": 7, "DI": 8, "DQ": 5}
CHAPTERS = [f"{area}{number:02}" for area, last in AREAS.items() for number in range(1, last + 1)] + ["CL08", "CK01"]
# "BW02-BW05" or "BW02 to BW05" means each of them.
NAMED = re.compile(r"\b([A-Z]{2})(\d{2})(?:(?:-| to )(?:[A-Z]{2})?(\d{2}))?\b")


def named(text: str) -> set[str]:
    """The ids of rows in a text.

    >>> sorted(named("BW02-BW04, AL01"))
    ['AL01', 'BW02', 'BW03', 'BW04']
    """
    return {
        f"{area}{number:02}"
        for area, first, last in NAMED.findall(text)
        for number in range(int(first), int(last or first) + 1)
    }


def proved(folder: Path) -> dict[str, set[str]]:
    """{row: the tests below a folder whose own name or docstring says its id}."""
    found: dict[str, set[str]] = {}
    for file in folder.rglob("test_*.py"):
        for one in ast.walk(ast.parse(file.read_text())):
            if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"):
                words = f"{one.name.upper().replace('_', ' ')} {ast.get_docstring(one) or ''}"
                for row in named(words):
                    found.setdefault(row, set()).add(f"{file.relative_to(HERE)}::{one.name}")
    return found


def test_each_row_has_a_system_test_with_its_id() -> None:
    found = proved(HERE / "tests" / "system")
    assert [row for row in CHAPTERS if row not in found] == []


def test_what_is_claimed_and_what_features_md_tells_are_the_same_rows() -> None:
    told = {row for line in FEATURES.read_text().splitlines() if (match := ROW.match(line)) for row in named(match[1])}
    assert told == set(CLAIMED) and len(CLAIMED) == len(set(CLAIMED))
    assert [row for row in CHAPTERS if row not in told] == []


def test_features_md_names_a_system_test_that_says_the_row() -> None:
    found = proved(HERE / "tests" / "system")
    missing = []
    for line in FEATURES.read_text().splitlines():
        if match := ROW.match(line):
            tests = re.findall(r"`(tests/[^`]+)`", match[3])
            missing += [row for row in named(match[1]) & set(CHAPTERS) if not found.get(row, set()) & set(tests)]
    assert sorted(missing) == []
