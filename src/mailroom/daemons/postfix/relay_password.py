"""Relays' passwords for Postfix: rendered sealed, opened only into the maps that Postfix reads (row RL03).

A comment above each line says for which setting its password was sealed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from mailroom.core import sealed
from mailroom.core.lines import lines
from mailroom.core.problems import Problem
from mailroom.core.settings import Values
from mailroom.daemons.command import run
from mailroom.daemons.shape import DaemonFailed

FILE = "relay_password"
SETTING = "mail_delivery.delivery.password"
NAMES = "# "


def address(relay: Values) -> str:
    """The relay as Postfix's relayhost wants it: in brackets, because it is a host and no domain (postconf(5))."""
    return f"[{relay['server']}]:{relay['port']}"


def line(key: str, relay: Values, setting: str) -> str:
    """An entry of a map, with the password sealed. setting: the name under which it was."""
    return f"{NAMES}{setting}\n{key}\t{relay['account']}:{relay['password']}\n"


def text(relay: Values) -> str:
    """The map of the relay for all mail."""
    return line(address(relay), relay, SETTING)


def make(source: Path) -> None:
    """Make the map beside the rendered file, for root alone: smtp(8) opens it before it gives its rights away.

    Raises DaemonFailed when a password cannot be unsealed.
    """
    opened = _opened(source.read_text())
    target = source.with_name(f"{source.name}.lmdb").resolve()
    # postmap makes files that everybody may read; in a folder that only root may enter nobody does.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as closed:
        made = Path(closed) / target.name
        # Through its standard input (-i), so that no password is in another file or in the list of processes.
        argv = ("postmap", "-i", "-c", str(source.parent), f"lmdb:{made.with_suffix('')}")
        run("postfix", argv, given=opened)
        made.chmod(0o600)
        made.replace(target)


def _opened(rendered: str) -> str:
    """The entries with their passwords."""
    entries, setting = [], ""
    for entry in lines(rendered):
        if entry.startswith(NAMES):
            setting = entry.removeprefix(NAMES)
            continue
        found = sealed.IN_FILES.search(entry)
        try:
            password = sealed.plain(found[0] if found else "", setting)
        except Problem as reason:
            raise DaemonFailed(f"{reason.message} {reason.next}", daemon="postfix") from reason
        entries.append(entry.replace(found[0], password) if found else entry)
    return "".join(f"{entry}\n" for entry in entries)
