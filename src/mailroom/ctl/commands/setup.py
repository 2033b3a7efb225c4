"""mailroomctl setup: the first set-up from a file, the same as the window's wizard."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from mailroom.core.problems import Invalid, Problem
from mailroom.ctl.shape import Options, Parsers, command, host_file, job

LIMIT_S = 300.0
LOOK_EVERY_S = 0.3


def add(parsers: Parsers) -> None:
    made = command(parsers, "setup", "set the server up from a file, or show how it is set up", setup, tell)
    made.add_argument("file", nargs="?", help='JSON with the answers, {"domain": ..., "hostname": ...}; - reads them')
    made.add_argument("--check", action="store_true", help="only say what there is to say about the answers")
    made.add_argument("--show", action="store_true", help="what is answered, and what can be chosen")
    made.add_argument(
        "--abandon-volume",
        metavar="VOLUME",
        help="give up the mail on a volume that is gone for good, and begin with empty mailboxes on the package's own",
    )


def setup(options: Options) -> Any:
    if options.abandon_volume:
        return job("setup.abandon_volume", volume=options.abandon_volume)
    if options.show or not options.file:
        return job("setup.show")
    answers = read(options.file)
    if options.check:
        return job("setup.check", answers=answers)
    job("setup.apply", answers=answers, revision=job("setup.show")["revision"])
    return _ended()


def read(name: str) -> dict[str, Any]:
    """The answers in a file of the host, where mailroomctl was called. Raises Invalid."""
    try:
        text = sys.stdin.read() if name == "-" else host_file(name).read_text()
        found = json.loads(text)
    except (OSError, ValueError) as reason:
        raise Invalid(f"{name} cannot be read: {reason}.", next="Write the answers as one JSON object.") from reason
    if not isinstance(found, dict):
        raise Invalid(f"{name} holds no JSON object.", next='Write it like {"domain": "example.com", ...}.')
    return found


def _ended() -> Any:
    """How the job ended, waited for. Raises Problem when it failed."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        shown = job("setup.show")
        state = (shown["job"] or {}).get("state")
        if state == "failed":
            problem = shown["job"]["problem"]
            raise Problem(problem["message"], code=problem["code"], field=problem["field"], next=problem["next"])
        if state == "done":
            return shown
        time.sleep(LOOK_EVERY_S)
    raise Problem("The set-up goes on, but takes very long.", next="`mailroomctl setup --show` tells how it ended.")


def tell(facts: Any) -> str:
    if "abandoned" in facts:
        return f"The mail on {facts['abandoned']} was given up; mailboxes begin empty on {facts['volume']}."
    if "fields" in facts:
        lines = [
            f"{field}: {one['level']}: {one['text']} {one['next']}".rstrip()
            for field, remarks in facts["fields"].items()
            for one in remarks
        ]
        return "\n".join(lines) or "Nothing is to be said against it."
    state = "The server is set up." if facts["finished"] else "The server is not set up yet."
    answers = [f"  {name}: {value or '-'}" for name, value in facts["answers"].items()]
    offered = [
        f"  {one['id'] or 'all'}: {one['title']} {', '.join(one['addresses'])}"
        for one in facts["choices"]["interfaces"]
    ]
    volumes = [f"  {one['id']}: {one['free_mb']} MB free" for one in facts["choices"]["volumes"]]
    return "\n".join([state, *answers, "Interfaces:", *offered, "Volumes:", *volumes])
