"""What tests of the full-text search ask: how far its index is, and what Chloe finds with and without it."""

from __future__ import annotations

import base64
import re
from typing import Any

from office import Office, until

PAGE = "service.search"
CONFIG = "/data/conf/current/dovecot/dovecot.conf"


def index(server: Office) -> dict[str, Any]:
    """How far the index is."""
    return dict(server.ctl("search", "show"))


def files(server: Office) -> list[str]:
    """The files of every user's index."""
    return server.inside("find", "/mail/mailboxes", "-name", "dovecot.index.search*", "-size", "+0").split()


def ready(server: Office) -> dict[str, Any]:
    """Wait until all is indexed."""
    until(lambda: index(server)["state"] == "ready", 60, "the index is ready")
    return index(server)


def lines_of(folder: str, queries: list[bytes]) -> bytes:
    """These searches as an IMAP client sends them all at once."""
    searches = (b"q%d UID SEARCH RETURN (ALL) CHARSET UTF-8 %b\r\n" % one for one in enumerate(queries))
    return b"s SELECT %b\r\n" % folder.encode() + b"".join(searches) + b"z LOGOUT\r\n"


def answers(heard: bytes) -> dict[int, bytes]:
    """{number of a search: what it found}, from ESEARCH responses (RFC 4731)."""
    found = re.findall(rb'^\* ESEARCH \(TAG "q(\d+)"\) UID(?: ALL (\S+))?\r$', heard, re.MULTILINE)
    return {int(number): uids for number, uids in found}


def with_index(server: Office, folder: str, queries: list[bytes]) -> dict[int, bytes]:
    """As a mail program asks, from outside."""
    client = server.imap("chloe")
    client.send(lines_of(folder, queries))
    heard = b""
    while line := client.readline():
        heard += line
        if line.startswith(b"z "):
            break
    client.shutdown()
    return answers(heard)


def without_index(server: Office, folder: str, queries: list[bytes]) -> dict[int, bytes]:
    """The same server program with the same mailbox, told of no index."""
    given = base64.b64encode(lines_of(folder, queries)).decode()
    program = f"/usr/lib/dovecot/imap -c {CONFIG} -o plugin/fts="
    command = (
        f"export USER=chloe HOME=/mail/mailboxes/chloe; echo {given} | base64 -d | {{ cat; sleep 1; }} | {program}"
    )
    return answers(server.inside("sh", "-c", command).replace("\n", "\r\n").replace("\r\r", "\r").encode())
