"""What Postfix looks up about return addresses (socketmap_table(5)): X06-04.

forward   a sender -> the one with which its mail is forwarded
original  a return address of ours -> whom it stands for
check     the same -> DUNNO, or a refusal (access(5)): nothing else may then answer for it, not even a catch-all
"""

from __future__ import annotations

import logging
from pathlib import Path
from pwd import getpwnam

from mailroom.filtering.rules import Rules
from mailroom.filtering.socketmap import NOT_FOUND
from mailroom.filtering.srs import Srs, Void

LOG = logging.getLogger("mailroom.filter")
CONNECTIONS = Path("/proc/net/tcp")
POSTFIX_USER = "postfix"
LOCALHOST = "127.0.0.1"
VOID = "550 5.1.1 This return address is not valid, or no longer"


async def looked_up(table: str, address: str, srs: Srs, rules: Rules) -> str:
    """The answer to Postfix, whatever happens."""
    try:
        return answer(table, address, srs=srs, rules=rules)
    except Exception:
        # A fault of ours must neither lose a message nor let it leave as it is.
        LOG.exception("a return address cannot be looked up")
        return "TEMP return addresses cannot be looked up"


def answer(table: str, address: str, *, srs: Srs, rules: Rules) -> str:
    """The answer of one table."""
    if table == "forward":
        found = srs.forward(address, rules.general.domain, rules.domains)
        return f"OK {found}" if found else NOT_FOUND
    try:
        original = srs.original(address)
    except Void as reason:
        LOG.info("return address %s: %s", address, reason)
        return f"OK {VOID}" if table == "check" else NOT_FOUND
    return "OK DUNNO" if table == "check" else f"OK {original}"


def is_ours(address: str, srs: Srs, rules: Rules) -> bool:
    """Whether an address is a return address that we have made, and still leads back."""
    if address.rpartition("@")[2].lower() not in rules.domains:
        return False
    try:
        return bool(srs.original(address))
    except ValueError:
        return False


def comes_from_postfix(address: str, port: str, connections: Path = CONNECTIONS) -> bool:
    """Whether the client at this address and port of our own machine is Postfix itself. Raises OSError.

    The kernel knows whose each end of a connection is (proc(5), /proc/net/tcp), so that no other program of the NAS can
    send through the door that is there for mail which comes round again.
    """
    if address != LOCALHOST:
        return False
    # The address as the kernel writes it: its bytes as one number of this machine.
    end = f"0100007F:{int(port):04X}"
    uid = str(getpwnam(POSTFIX_USER).pw_uid)
    with connections.open() as lines:
        return any(row[1] == end and row[7] == uid for row in map(str.split, lines))
