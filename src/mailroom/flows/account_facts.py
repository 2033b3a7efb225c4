"""What the filter is told of accounts, in a file that it reads when it changes (filtering/account_facts.py)."""

from __future__ import annotations

import json
from pathlib import Path

from mailroom.core import paths, root_files
from mailroom.core.lines import lines


def senders(source: str) -> dict[str, list[str]]:
    """{address: login names} of the source of the map `senders` (account_maps.py)."""
    rows = (line.partition("\t") for line in lines(source))
    return {address: logins.split(", ") for address, _, logins in rows}


def write(source: str, ended: dict[str, float], file: Path = paths.ACCOUNT_FACTS) -> None:
    """Bring the file up to date. source: of the map; ended: {login: what it opened before is over}. Raises OSError."""
    text = json.dumps({"senders": senders(source), "ended": ended})
    if file.exists() and file.read_text() == text:
        return
    # Readable from the start: the filter, which is another user, reads it at any moment.
    root_files.write(file, text.encode())
