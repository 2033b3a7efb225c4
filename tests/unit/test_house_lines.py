"""Rules of the house: what ends a line, and what matches a whole text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCES = sorted((Path(__file__).resolve().parents[2] / "src" / "mailroom").rglob("*.py"))
MATCHING = {"compile", "match", "search", "fullmatch", "sub", "split", "findall", "finditer"}


def calls(file: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))


def test_lines_end_at_line_feeds_only() -> None:
    """str.splitlines() also splits at U+2028 and others, which addresses and names may hold (core/lines.py)."""
    found = [
        f"{file.name}:{call.lineno}"
        for file in SOURCES
        for call in calls(file)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "splitlines"
    ]
    assert found == []


def test_a_whole_text_is_matched_to_its_end() -> None:
    """In a pattern of `re` a dollar sign also matches before a last line feed: fullmatch and \\Z do not.

    Where each line of a text is meant (re.MULTILINE) it is right, and so it is in pydantic's and Postfix's patterns.
    """
    found = [
        f"{file.name}:{call.lineno}: {pattern}"
        for file in SOURCES
        for call in calls(file)
        if isinstance(call.func, ast.Attribute) and call.func.attr in MATCHING
        if isinstance(call.func.value, ast.Name) and call.func.value.id == "re" and call.args
        if "MULTILINE" not in ast.unparse(call)
        for pattern in texts(call.args[0])
        if has_dollar(pattern)
    ]
    assert found == []


def texts(pattern: ast.expr) -> list[str]:
    """The constant pieces of a pattern."""
    pieces = [node.value for node in ast.walk(pattern) if isinstance(node, ast.Constant)]
    return [piece.decode("latin-1") if isinstance(piece, bytes) else piece for piece in pieces if piece]


def has_dollar(pattern: str) -> bool:
    """Whether a dollar sign outside of brackets stands for an end."""
    inside = escaped = False
    for char in pattern:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in "[]":
            inside = char == "["
        elif char == "$" and not inside:
            return True
    return False
