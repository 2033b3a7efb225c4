"""Sending once: however often the same request comes, the message leaves once and is in Sent once.

What has left is written down before anything else is done, in a file that outlives this process; then it is stored in
Sent, unless it is there. A repeated request goes on where the first one ended.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mailroom.core import durable
from mailroom.core.problems import Problem, Unavailable
from mailroom.web.portal import submit, uploads, writing
from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.portal.sessions import Session
from mailroom.web.portal.writing import Draft
from mailroom.web.spool import spool

LEFT, STORED = "left", "stored"

_turns: dict[str, tuple[threading.Lock, int]] = {}
_turns_lock = threading.Lock()


class AlreadySent(Problem):
    """This Message-ID was used for another message."""

    status = 409
    code = "already_sent"


def send(session: Session, draft: Draft, digest: str, bytes_max: int) -> None:
    """Send and store a message once. Raises Problem.

    digest: of the request, to tell a repetition from another message. bytes_max: of the whole message.
    """
    note = _note_file(session.user, draft.message_id)
    with _turn(str(note)):
        known = _read(note)
        if known and known["digest"] != digest:
            raise AlreadySent("This message was already sent, with other words.", next="Write a new one.")
        if known and known["state"] == STORED:
            return
        with spool() as file:
            length = _write(draft, file, bytes_max)
            if not known:
                submit.submit(session, draft.sender.address, draft.recipients, file, length)
                _write_note(note, digest, LEFT)
            POOL.run(session, lambda link: _keep(link, draft.message_id, file, length), once=True)
        _write_note(note, digest, STORED)


def has_left(user: str, message_id: str) -> bool:
    """Whether this message was handed over, whatever became of it here."""
    return _read(_note_file(user, message_id)) is not None


def _write(draft: Draft, file: IO[bytes], bytes_max: int) -> int:
    try:
        length = writing.write(draft, file)
    except OSError as reason:
        raise Unavailable("The message cannot be written just now.", next="Try again later.") from reason
    writing.refuse_too_large(length, bytes_max)
    return length


def _keep(link: Link, message_id: str, file: IO[bytes], length: int) -> None:
    folder = mailbox.folder_for(link, "sent")
    if not mailbox.has_message(link, folder, message_id):
        file.seek(0)
        mailbox.append(link, folder, file, length)


def _note_file(user: str, message_id: str) -> Path:
    return uploads.folder_of(user) / f"{hashlib.sha256(message_id.encode()).hexdigest()[:40]}.sent"


def _read(note: Path) -> dict[str, str] | None:
    try:
        return dict(json.loads(note.read_text()))
    except (OSError, ValueError):
        return None


def _write_note(note: Path, digest: str, state: str) -> None:
    """In one step and onto the disk: a message that has left must not leave again after a power cut."""
    try:
        note.parent.mkdir(mode=0o700, exist_ok=True)
        durable.replace(note, json.dumps({"digest": digest, "state": state}))
    except OSError as reason:
        raise Unavailable("The disk of the server is full.", next="Look into Sent before you send again.") from reason


@contextmanager
def _turn(key: str) -> Iterator[None]:
    """One at a time for each message."""
    with _turns_lock:
        lock, users = _turns.get(key, (threading.Lock(), 0))
        _turns[key] = (lock, users + 1)
    try:
        with lock:
            yield
    finally:
        with _turns_lock:
            lock, users = _turns[key]
            if users == 1:
                del _turns[key]
            else:
                _turns[key] = (lock, users - 1)
