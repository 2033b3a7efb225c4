"""Who is connected to Dovecot now, and ending that (doveadm-who(1), doveadm-kick(1))."""

from __future__ import annotations

from dataclasses import dataclass

from mailroom.core.lines import lines
from mailroom.daemons.command import run
from mailroom.daemons.dovecot.daemon import CONFIG
from mailroom.daemons.shape import DaemonFailed

# What doveadm says when it fails because nobody was connected: "no users kicked", with exit status 68.
NOBODY = "kicked"


@dataclass(frozen=True)
class Connection:
    """One connection. protocol: imap | pop3 | sieve. address: the client's, "" when it has none."""

    user: str
    protocol: str
    address: str


def connections() -> list[Connection]:
    """Every connection that has signed in. Raises DaemonFailed."""
    return listed(run("dovecot", ("doveadm", "-f", "tab", "-c", str(CONFIG), "who", "-1")))


def listed(told: str) -> list[Connection]:
    """The connections in doveadm's table: a line of names (username, proto, pid, ip), then one for each."""
    names, *rows = (line.split("\t") for line in lines(told) or [""])
    known = (dict(zip(names, row, strict=False)) for row in rows)
    return [Connection(row.get("username", ""), row.get("proto", ""), row.get("ip", "")) for row in known]


def kick(user: str, address: str = "") -> None:
    """End a user's connections, all of them or those from one address. Raises DaemonFailed."""
    # doveadm takes * and ? in a name for anything; no name of an account has them (core/address.py).
    where = (address,) if address else ()
    try:
        run("dovecot", ("doveadm", "-c", str(CONFIG), "kick", user, *where))
    except DaemonFailed as reason:
        if NOBODY not in reason.message:
            raise
