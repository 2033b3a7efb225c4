"""mailroomctl antivirus: the virus definitions and the engine that uses them (rows AV02, AV06)."""

from __future__ import annotations

import time
from typing import Any

from mailroom.ctl.shape import Options, Parsers, command, job, moment, noun, table

LOOK_EVERY_S = 1.0
DAY_S = 86_400


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "antivirus", "virus definitions and the engine that uses them")
    command(verbs, "show", "which definitions there are, how old they are, how updating goes", show, tell)
    made = command(verbs, "update", "download newer definitions now, and wait for the end", update, tell)
    made.add_argument("--no-wait", action="store_true", help="only begin")


def show(options: Options) -> Any:
    return job("definitions.read")


def update(options: Options) -> Any:
    facts = job("definitions.update")
    while facts["updating"] and not options.no_wait:
        time.sleep(LOOK_EVERY_S)
        facts = job("definitions.read")
    return facts


def tell(facts: Any) -> str:
    engine, now = facts["engine"], time.time()
    states = {"current": "Up to date.", "old": "Old: new viruses may not be found.", "absent": ""}
    lines = ["Limited: only our own test virus is found." if facts["limited"] else states[facts["state"]]]
    rows = [
        (one["name"], one["version"], one["signatures"], _aged(one["built"], now), moment(one["downloaded"]))
        for one in facts["files"]
    ]
    if rows:
        lines += ["", table(("FILE", "VERSION", "SIGNATURES", "BUILT", "DOWNLOADED"), rows)]
    loaded = f"uses definitions {engine['definitions']}" if engine["definitions"] else "uses no definitions"
    said = loaded if engine["answers"] else "does not answer"
    lines += ["", f"ClamAV {engine['version']} {said} ({moment(engine['asked'])})".replace("  ", " ")]
    if facts["updating"]:
        lines.append(f"Being downloaded since {moment(facts['updating'])}.")
    elif facts["tried"]:
        ended = "went well." if facts["ok"] else f"failed: {facts['text']} {facts['next']}".rstrip()
        lines.append(f"The last download, {moment(facts['tried'])}, {ended}")
    lines.append(f"The next begins {moment(facts['due'])}." if facts["due"] else "None comes by itself.")
    memory = facts["memory"]
    need, have = memory["engine_mb"], memory["total_mb"]
    lines.append(f"With all definitions the engine takes about {need} of {have} MB memory.")
    return "\n".join(lines)


def _aged(built: float, now: float) -> str:
    return f"{moment(built)}, {max(0, int((now - built) // DAY_S))} days ago"
