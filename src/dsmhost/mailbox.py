"""The outside world's mailbox: everything that was sent to other domains, one file each."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Where the world's mail server puts what it gets."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.numbers = folder, itertools.count()
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook: keep the message, with its envelope beside."""
        name = f"{time.time():.6f}-{next(self.numbers):06d}"
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        facts = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "client": (session.peer or ("",))[0]}
        (self.folder / f"{name}.eml").write_bytes(content)
        # The envelope comes last: a message is there when its envelope is.
        fresh = self.folder / f".{name}.json"
        fresh.write_text(json.dumps(facts))
        fresh.rename(self.folder / f"{name}.json")
        return "250 2.0.0 taken by the outside world"


def messages(folder: Path) -> list[dict[str, Any]]:
    """What has arrived, newest first: {name, from, to, client, content}."""
    found = []
    for file in sorted(folder.glob("[0-9]*.json"), reverse=True):
        content = file.with_suffix(".eml").read_bytes().decode("utf-8", "replace")
        found.append({"name": file.stem, **json.loads(file.read_text()), "content": content})
    return found
