"""What mailroomctl says of virus definitions: which, how old, and what went wrong (rows AV02, AV06)."""

from __future__ import annotations

import time

from mailroom.ctl.commands.antivirus import tell
from mailroom.web.api.definitions import STATE

ABSENT = {
    **STATE,
    "state": "absent",
    "limited": True,
    "files": [],
    "engine": {"answers": True, "version": "1.4.6", "definitions": "", "asked": 1.0},
}


def test_each_file_has_its_age() -> None:
    files = [{**STATE["files"][0], "built": time.time() - 3 * 86_400 - 60}]  # type: ignore[index]
    said = tell({**STATE, "files": files})
    assert said.startswith("Up to date.") and "3 days ago" in said and "uses definitions 27800" in said


def test_limited_comes_first_and_a_failure_says_why() -> None:
    failed = {
        "ok": False,
        "text": "The mirror does not answer.",
        "next": "Check the address of the mirror.",
        "due": 0.0,
    }
    said = tell({**ABSENT, **failed})
    assert said.startswith("Limited: only our own test virus is found.") and "uses no definitions" in said
    assert "failed: The mirror does not answer. Check the address" in said and "None comes by itself." in said
