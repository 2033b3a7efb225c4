"""What strangers wrote reaches a terminal as letters (mailroomctl)."""

from __future__ import annotations

import argparse
import ast
import json
import random
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from mailroom.core.problems import Invalid
from mailroom.ctl import main, printer

SEED = 20_261_130
CTL = Path(main.__file__).parent
# What a terminal obeys or a reader does not see: C0, DEL, C1, bidirectional marks, halves of pairs, tags, separators.
BAD = [
    *map(chr, range(32)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u061c\u200b\u200e\u200f\u2028\u2029\ufeff\U000e0041\udc9b",
]
BAD += [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]
GOOD = [*'aZ0 .@<>{}\\"äß日本語한\u0301\u3000\u00a0😀']
# A window's title, the clipboard, a cleared screen: xterm's control sequences.
ATTACKS = ["\x1b]0;owned\x07", "\x1b]52;c;Y3VybA==\x07", "\x1b[2J", "\x9b2J", "\x08\x08root", "a\nForged line"]


def drawn(count: int) -> list[str]:
    chance = random.Random(SEED)
    return ATTACKS + ["".join(chance.choices(BAD + GOOD, k=chance.randint(0, 30))) for _ in range(count)]


def is_harmless(text: str, keep: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn") for c in text if c not in keep)


def run(monkeypatch: pytest.MonkeyPatch, do: Any, tell: Any, as_json: bool = False) -> int:
    made = argparse.ArgumentParser()
    made.set_defaults(do=do, tell=tell, json=as_json, long=("diff",))
    monkeypatch.setattr(main, "parser", lambda: made)
    return main.main([])


def test_no_text_of_a_stranger_moves_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in drawn(500):
        facts = {"messages": [{"sender": text, text: 1, "tuple": (text, None)}], "n": 2}
        run(monkeypatch, lambda _, f=facts: f, lambda f: "\n".join([f["messages"][0]["sender"], str(f["messages"])]))
        told = capsys.readouterr().out
        assert is_harmless(told, "\t\n") and told.count("\n") == 2
        run(monkeypatch, lambda _, f=facts: f, str, as_json=True)
        told = capsys.readouterr().out
        assert is_harmless(told, "\n") and json.loads(told) == json.loads(json.dumps(facts))


def test_a_complaint_is_printed_like_an_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in drawn(100):

        def refuse(_: Any, text: str = text) -> None:
            raise Invalid(text, field="a", next=text, fields={text: text})

        for as_json in (False, True):
            assert run(monkeypatch, refuse, str, as_json) == 1
            told = capsys.readouterr()
            assert is_harmless(told.out + told.err, "\t\n")


def test_texts_with_lines_keep_them(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, lambda _: {"diff": "-a\n+b\x1b"}, lambda facts: str(facts["diff"]))
    assert capsys.readouterr().out == "-a\n+b\\u001b\n"


def test_other_scripts_stay_as_they_are() -> None:
    assert printer.printable("".join(GOOD)) == "".join(GOOD)


def test_nothing_else_prints() -> None:
    """A command returns facts and words; only the printer puts them out."""
    found = []
    for file in CTL.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name == "print" or name.endswith(("stdout.write", "stderr.write", "stdout.buffer.write")):
                found.append(file.name)
    assert found == ["printer.py"]
