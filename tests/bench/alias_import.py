"""How long 5,000 aliases take from the file to mail: sent through DSM's desktop, applied, in Postfix's map.

Each alias has two users and another alias, so that the longest chain is 5,000 long. Budget: 10 s for the import.
Beside it stand the look before it, the export, and what one alias more costs an Apply then.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import Any

import measuring
from desktop import RELAY, Desktop
from measuring import Budget
from office import office

NUMBER, ALIASES, BUDGET_S = 45, 5_000, 10.0
PAGE = "mail_delivery.alias"


def text() -> bytes:
    """The file."""
    lines = (f"list{turn}: ben, anna, list{turn + 1}\n" for turn in range(ALIASES - 1))
    return ("".join(lines) + f"list{ALIASES - 1}: ben\n").encode()


def asked(desktop: Desktop, method: str, path: str, content: bytes = b"") -> bytes:
    """The window's answer. Raises RuntimeError when it refuses."""
    host, port = desktop.nas.web.removeprefix("http://").split(":")
    link = http.client.HTTPConnection(host, int(port), timeout=120)
    known = {"Cookie": desktop.cookie, "X-SYNO-TOKEN": desktop.token, "Content-Type": "application/octet-stream"}
    link.request(method, f"{RELAY}/{path}", content or None, known)
    answer = link.getresponse()
    found = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {found[:200]!r}")
    return found


def timed(act: Callable[[], Any]) -> float:
    """Seconds that it takes."""
    started = time.monotonic()
    act()
    return time.monotonic() - started


def main() -> dict[str, Any]:
    """{"seconds": {what: seconds}, "kept"}."""
    with office(NUMBER, "7") as server:
        desktop, content = Desktop(server), text()
        took = {
            "look at the file": timed(lambda: asked(desktop, "POST", "api/aliases/import-preview", content)),
            "import": timed(lambda: asked(desktop, "POST", "api/aliases/import", content)),
            "export": timed(lambda: asked(desktop, "GET", "api/aliases/export")),
            "one alias more": timed(
                lambda: server.apply(PAGE, aliases={"put": [{"name": "more", "members": ["user:ben"]}]})
            ),
        }
    budget = Budget("import", round(took["import"], 2), BUDGET_S, "s")
    rows = [(what, f"{seconds:.2f}") for what, seconds in took.items()]
    measuring.report("Aliases from a file", (f"{ALIASES} aliases", "s"), rows, [budget])
    return {"seconds": took, "kept": budget.kept}


if __name__ == "__main__":
    main()
