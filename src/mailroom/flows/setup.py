"""First set-up: the wizard's answers become the first settings (rows SW05, SW06)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailroom.core import paths
from mailroom.core import settings as declared
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues

ANSWERS = {"domain": ("mail_delivery.general", "domain"), "hostname": ("mail_delivery.general", "hostname")}


@dataclass(frozen=True)
class SetUp:
    """The first settings. refused: a sentence for each answer that was no good and can be given later in the window."""

    values: AllValues
    refused: list[str] = field(default_factory=list)


def first_settings(file: Path = paths.SETUP) -> SetUp:
    """Defaults with the usable answers in `file` on top. The same file gives the same settings."""
    found = SetUp(declared.defaults())
    answers = _answers(file)
    for answer, (page, key) in ANSWERS.items():
        given = answers.get(answer)
        if not given:
            continue
        try:
            found.values[page] = declared.clean(page, {**found.values[page], key: given})
        except Invalid as reason:
            found.refused.append(f"{declared.title_of(page, key)} {given!r}: {reason.message}")
    return found


def _answers(file: Path) -> dict[str, Any]:
    try:
        answers = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return answers if isinstance(answers, dict) else {}
