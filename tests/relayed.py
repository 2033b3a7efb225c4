"""A relay server that wants TLS and a password, in the outside world of a machine, and mail to go through it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from office import DOMAIN, Office, until
from relay_server import ACCOUNT, PASSWORD, RelayServer, certificate

POSTFIX = "/data/conf/current/postfix"


@contextlib.contextmanager
def demanding(server: Office, folder: Path) -> Iterator[tuple[RelayServer, dict[str, Any]]]:
    """(the relay server, the settings that reach it)."""
    link = server.socket(source=server.address(9))
    file = certificate(folder, server.address(9))
    with RelayServer(link, file, tls="starttls", auth=True) as made:
        yield (
            made,
            {
                "enabled": "yes",
                "server": server.address(9),
                "port": link.getsockname()[1],
                "always_tls": "yes",
                "verify": "no",
                "authentication": "yes",
                "account": ACCOUNT,
                "password": PASSWORD,
            },
        )


def lets_in(server: Office, relay: RelayServer) -> bool:
    """Whether the relay server takes a message now, which it does only for who knows the password; else it waits."""
    subject = f"by way of a relay {secrets.token_hex(4)}"
    with server.submission("ben") as client:
        client.send_message(server.mail(subject, to="friend@world.example", sender=f"ben@{DOMAIN}"))

    def answered() -> str:
        if any(f"Subject: {subject}".encode() in one.content for one in relay.messages):
            return "taken"
        return "waits" if "authentication failed" in server.inside("postqueue", "-c", POSTFIX, "-j") else ""

    taken = bool(until(answered, 60, "the relay server has answered") == "taken")
    # What waits would come through later, and answer the next question.
    server.inside("postsuper", "-c", POSTFIX, "-d", "ALL", "deferred")
    return taken
