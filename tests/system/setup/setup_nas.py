"""What the tests of the first set-up ask of their machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop import Desktop, Refusal
from office import DOMAIN, HOSTNAME, Office, until

ANSWERS = {"domain": DOMAIN, "hostname": HOSTNAME, "interface": "", "volume": "/volume2"}


def data(nas: Office) -> Path:
    """The package's data, as this host sees it."""
    return nas.machine.folder / "volume1/@appdata/Mailroom/data"


def ended(desktop: Desktop) -> dict[str, Any]:
    """The job, once it has ended; the job process may be restarted meanwhile."""

    def look() -> Any:
        job = desktop.get("api/setup")["job"]
        return job if job and job["state"] != "running" else None

    return dict(until(look, 120, "the set-up ends"))


def applied(desktop: Desktop, **answers: str) -> dict[str, Any]:
    """Apply and wait for the end."""
    desktop.post("api/setup/apply", answers=answers, revision=desktop.get("api/setup")["revision"])
    return ended(desktop)


def caught(act: Callable[[], object], moment: Callable[[], bool], then: Callable[[], None]) -> None:
    """Do `then` at exactly this moment of something that runs."""

    def quietly() -> None:
        try:
            act()
        except (OSError, Refusal):
            return

    thread = threading.Thread(target=quietly)
    thread.start()
    end = time.monotonic() + 60
    while not moment():
        assert time.monotonic() < end, "the moment did not come in 60 s"
        # On a quick machine the next step is a tenth of a second away.
        time.sleep(0.001)
    then()
    thread.join()


def place(nas: Office) -> str:
    """The volume whose store is mounted for the mailboxes."""
    lines = nas.inside("grep", " /mail ", "/proc/self/mountinfo").splitlines()
    assert len(lines) == 1
    return "/volume2" if "/volume2/@mailroom/mail" in lines[0] else "/volume1"
