"""The relay's password for Postfix: rendered sealed, opened only into the map that Postfix reads (row RL03)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mailroom.core import sealed
from mailroom.core.problems import Problem
from mailroom.core.settings import Values
from mailroom.daemons.command import run
from mailroom.daemons.shape import DaemonFailed

FILE = "relay_password"
SETTING = "mail_delivery.delivery.password"


def address(relay: Values) -> str:
    """The relay as Postfix's relayhost wants it: in brackets, because it is a host and no domain (postconf(5))."""
    return f"[{relay['server']}]:{relay['port']}"


def text(relay: Values) -> str:
    """The one line of the map, with the password sealed."""
    return f"{address(relay)}\t{relay['account']}:{relay['password']}\n"


def make(folder: Path) -> None:
    """Make the map beside the rendered file, for root alone: smtp(8) opens it before it gives its rights away.

    Raises DaemonFailed when the password cannot be unsealed.
    """
    line = (folder / FILE).read_text()
    found = sealed.IN_FILES.search(line)
    try:
        password = sealed.plain(found[0] if found else "", SETTING)
    except Problem as reason:
        raise DaemonFailed(f"{reason.message} {reason.next}", daemon="postfix") from reason
    target = (folder / f"{FILE}.lmdb").resolve()
    # postmap makes files that everybody may read; in a folder that only root may enter nobody does.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as closed:
        made = Path(closed) / target.name
        # Through its standard input (-i), so that the password is in no other file and in no list of processes.
        argv = ("postmap", "-i", "-c", str(folder), f"lmdb:{made.with_suffix('')}")
        run("postfix", argv, given=sealed.IN_FILES.sub(lambda _: password, line))
        made.chmod(0o600)
        made.replace(target)
