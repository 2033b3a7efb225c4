"""Keep the message out of the mailboxes, on disk before the sender is answered (row AV08).

Each message is QUARANTINE/yyyy-mm-dd/<id>.eml with <id>.json beside it (who, whom, subject and why; what
its release has to know of its arrival).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

from mailroom.core import paths
from mailroom.core.durable import sync_folder
from mailroom.filtering import conditions
from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.rules import Rules

NAME = "quarantine"
# Answers for which a message is kept here.
HOLDS = ("virus",)
# Letters of a header that the list of the quarantine shows.
FIELD_MAX = 1_000


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    day = time.strftime("%Y-%m-%d", time.gmtime(message.arrived))
    folder = paths.QUARANTINE / day
    facts = {
        "id": message.id,
        "time": message.arrived,
        "sender": message.sender,
        "recipients": [recipient.address for recipient in message.accepted],
        "size": message.size,
        "checks": [[one.check, one.answer.detail] for one in asked if one.answer.result in HOLDS],
        "from": message.first(b"from")[:FIELD_MAX],
        "subject": message.first(b"subject")[:FIELD_MAX],
        "client": [message.client.address, message.client.name, message.client.helo],
        "daemon": message.daemon,
        "tls": message.tls,
        "login": message.login,
        "smtputf8": message.smtputf8,
    }
    whole, about = folder / f"{message.id}.eml", folder / f"{message.id}.json"
    changes.kept += [whole, about]
    with conditions.disk("disk-quarantine", "The quarantine"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _keep(whole, message.pieces())
        _keep(about, (json.dumps(facts).encode(),))
        sync_folder(folder)
    changes.final = "discard"


def _keep(file: Path, pieces: Iterable[bytes]) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.writelines(pieces)
        out.flush()
        os.fsync(out.fileno())
