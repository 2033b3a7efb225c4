"""House rule: styles are global, so a class belongs to one file: another one must not lay out the same name anew."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

UI = Path(__file__).resolve().parents[2] / "ui"
BLOCK = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
OWN = re.compile(r"^\.([\w-]+)\s*[,{]", re.MULTILINE)
FIRST = re.compile(r"^\.([\w-]+)", re.MULTILINE)
# Parts of the kit that a page fits on purpose, and two that stand in both applications.
SHARED = {"dialog", "wizard-page", "page", "input", "toasts", "check", "row", "alone", "notice"}


def styles() -> dict[str, str]:
    """The style sheet of each file, by its path below ui/."""
    found = {}
    for file in [*UI.rglob("*.vue"), *UI.rglob("*.css")]:
        path = file.relative_to(UI)
        if not {"node_modules", "dist"} & set(path.parts):
            text = file.read_text()
            found[str(path)] = text if file.suffix == ".css" else "\n".join(BLOCK.findall(text))
    return found


def test_a_class_belongs_to_one_file() -> None:
    named, own = defaultdict(set), set()
    for path, text in styles().items():
        own |= set(OWN.findall(text))
        for name in FIRST.findall(text):
            named[name].add(path)
    assert {name: sorted(files) for name, files in named.items() if len(files) > 1 and name in own - SHARED} == {}
