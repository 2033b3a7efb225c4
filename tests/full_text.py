"""What tests of the full-text search ask about its index."""

from __future__ import annotations

from typing import Any

from office import Office, until

PAGE = "service.search"


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
