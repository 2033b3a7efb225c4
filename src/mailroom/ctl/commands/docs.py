"""mailroomctl docs: the reference of all settings, as docs/settings.md has it."""

from __future__ import annotations

from typing import Any

from mailroom.ctl.shape import Options, Parsers, command


def add(parsers: Parsers) -> None:
    command(parsers, "docs", "the reference of all settings, as Markdown", document, tell, ("text",))


def tell(facts: Any) -> str:
    return str(facts["text"])


def document(options: Options) -> Any:
    from mailroom.ctl.reference import text

    return {"text": text()}
