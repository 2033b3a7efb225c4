"""Settings for the length of a test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from office import Office, until


def newest_revision(server: Office) -> int:
    """The number of the settings in force."""
    return int(server.ctl("settings", "history", "--limit", "1")["revisions"][0]["revision"])


@contextlib.contextmanager
def changed(server: Office, page: str, **values: Any) -> Iterator[None]:
    """These settings of a page, in force and with every daemon answering; afterwards they are as before."""
    before = server.ctl("settings", "list", page)[page]["values"]
    server.apply(page, **values)
    until(lambda: not server.late(), 90, "all daemons answer")
    try:
        yield
    finally:
        server.apply(page, **{key: before[key] for key in values})
        until(lambda: not server.late(), 90, "all daemons answer")
