"""mailroomctl test-mail: does a message come through everything?"""

from __future__ import annotations

import time
from typing import Any

from mailroom.core.problems import Problem
from mailroom.ctl.shape import Options, Parsers, command, job

LOOK_EVERY_S = 0.3
LIMIT_S = 120.0


def add(parsers: Parsers) -> None:
    made = command(parsers, "test-mail", "send a test mail to a mailbox of this server, and see it arrive", send, tell)
    made.add_argument("to", help="an address or a user of this server")


def send(options: Options) -> Any:
    """How it ended. Raises Problem when it did not arrive."""
    id = job("setup.test_mail", to=options.to)["id"]
    until = time.monotonic() + LIMIT_S
    while (state := job("setup.test_mail_state", id=id))["state"] == "waiting" and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S)
    if state["state"] != "arrived":
        raise Problem(state["text"], code="test_mail", next=state["next"])
    return state


def tell(facts: Any) -> str:
    return f"{facts['text']} {facts['next']}".rstrip()
