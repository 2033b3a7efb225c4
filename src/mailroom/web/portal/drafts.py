"""Drafts in the mailbox's own Drafts folder (RFC 6154 \\Drafts): written again with each change, and opened again.

A save names the stored message that it replaces. If that one is gone, or another version lies beside it, what is saved
becomes a draft of its own and nothing is removed (decision 0045). The fresh one is stored before the former one goes.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

from mailroom.core import mail_header
from mailroom.core.mailbox import mailbox as read_address
from mailroom.core.mailbox import mailboxes
from mailroom.core.problems import Invalid, Unavailable
from mailroom.web.portal import reading, uploads, words, writing
from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.portal.sessions import Session
from mailroom.web.portal.writing import Draft
from mailroom.web.spool import spool

REVISION, FILES, ANSWERS = "X-Mailroom-Draft", "X-Mailroom-Files", "X-Mailroom-Answers"
# What a person has typed as a recipient and is no address yet.
UNREAD = {"to": "X-Mailroom-To", "cc": "X-Mailroom-Cc", "bcc": "X-Mailroom-Bcc"}
FIELDS = ("BCC", "IN-REPLY-TO", "REFERENCES", *(one.upper() for one in (REVISION, FILES, ANSWERS, *UNREAD.values())))
SAME = f"(UID ENVELOPE BODY.PEEK[HEADER.FIELDS ({REVISION.upper()})])"
NEWEST = 200
FLAGS = ("\\Seen", "\\Draft")
TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")

_turns = [threading.Lock() for _ in range(64)]


@dataclass(frozen=True)
class Version:
    """One stored message in Drafts (RFC 3501 2.3.1.1)."""

    uidvalidity: int
    uid: int


@dataclass(frozen=True)
class Change:
    """A save. token: made for this one; attempts: of earlier ones of which no answer came.

    unread: {to | cc | bcc: what is no address yet}. replaces: the version that was seen last. answers: {folder, uid}.
    """

    draft: Draft
    token: str
    attempts: tuple[str, ...] = ()
    unread: dict[str, list[str]] | None = None
    replaces: Version | None = None
    answers: dict[str, Any] | None = None


@dataclass(frozen=True)
class Saved:
    """version: what is stored now. message_id: of it. is_second: whether another version was left as it is."""

    version: Version
    message_id: str
    is_second: bool


@dataclass(frozen=True)
class _Other:
    uid: int
    message_id: str
    token: str


def save(session: Session, change: Change, bytes_max: int) -> Saved:
    """Store a draft in the place of the version that it replaces. Raises Problem, and then nothing is removed."""
    # One after the other for each user: two tabs that save at once must see each other's drafts.
    with _turns[hash(session.user) % len(_turns)]:
        return POOL.run(session, lambda link: _save(link, change, bytes_max))


def _save(link: Link, change: Change, bytes_max: int) -> Saved:
    folder = mailbox.folder_for(link, "drafts")
    mailbox.open_folder(link, folder)
    validity = link.status["UIDVALIDITY"]
    tokens = {change.token, *change.attempts}
    wanted = change.draft.message_id
    same = _same(link, {wanted, *(second_id(wanted, token) for token in tokens)})
    mine = [one for one in same if one.token in tokens]
    replaced = change.replaces
    is_there = replaced is not None and replaced.uidvalidity == validity and _exists(link, replaced.uid)
    others = [
        one for one in same
        if one.message_id == wanted and one not in mine and not (is_there and replaced and one.uid <= replaced.uid)
    ]  # fmt: skip
    second = next((one.message_id for one in mine if one.message_id != wanted), "")
    if not second and not mine and (others or (replaced is not None and not is_there)):
        second = second_id(wanted, change.token)
    draft = replace(change.draft, message_id=second or wanted)
    with spool() as file:
        length = _write(replace(change, draft=draft), file, bytes_max)
        uid = mailbox.append(link, folder, file, length, FLAGS)
    former = [one.uid for one in mine]
    if is_there and replaced and not second:
        former.append(replaced.uid)
    if former:
        mailbox.delete(link, former)
    return Saved(Version(validity, uid), draft.message_id, bool(second))


def second_id(message_id: str, token: str) -> str:
    """The Message-ID of a draft that could not take the place of another: the same for the same save."""
    name = hashlib.sha256(f"{message_id} {token}".encode()).hexdigest()[:32]
    return f"<{name}@{message_id.rpartition('@')[2]}"


def _same(link: Link, ids: set[str]) -> list[_Other]:
    """The newest drafts with one of these Message-IDs. Read and compared: a full-text index may cut an id."""
    found = mailbox.rows(link, mailbox.sorted_page(link, ("ALL",), 0, NEWEST)[1], SAME)
    known = [(uid, words.decoded(item[b"ENVELOPE"][9]), _fields(item)) for uid, item in found.items()]
    return [_Other(uid, id, _first(fields, REVISION)) for uid, id, fields in known if id in ids]


def _exists(link: Link, uid: int) -> bool:
    return uid in mailbox.rows(link, [uid], "(UID)")


def _write(change: Change, file: IO[bytes], bytes_max: int) -> int:
    draft = change.draft
    fields = [mail_header.structured_field(REVISION, change.token)]
    if draft.bcc:
        fields.append(writing.address_field("Bcc", draft.bcc))
    for name, typed in (change.unread or {}).items():
        if typed:
            fields.append(mail_header.text_field(UNREAD[name], json.dumps(typed)))
    if draft.attachments:
        fields.append(mail_header.structured_field(FILES, *(one.id for one in draft.attachments)))
    if change.answers:
        fields.append(mail_header.text_field(ANSWERS, json.dumps(change.answers)))
    try:
        length = writing.write(draft, file, b"".join(fields))
    except OSError as reason:
        raise Unavailable("The draft cannot be written just now.", next="Try again later.") from reason
    writing.refuse_too_large(length, bytes_max)
    file.seek(0)
    return length


def remove(session: Session, version: Version) -> None:
    """Delete a stored draft for good: it was sent. What is gone already is none of our business."""

    def work(link: Link) -> None:
        mailbox.open_folder(link, mailbox.folder_for(link, "drafts"))
        if link.status["UIDVALIDITY"] == version.uidvalidity:
            mailbox.delete(link, [version.uid])

    POOL.run(session, work)


def opened(session: Session, uid: int, bytes_max: int) -> dict[str, Any]:
    """A stored draft, ours or of another program, as it can be written on. Raises NotFound, Invalid, Unavailable."""

    def work(link: Link) -> dict[str, Any]:
        mailbox.open_folder(link, mailbox.folder_for(link, "drafts"))
        found = reading.message(uid, mailbox.one(link, uid, reading.VIEW))
        fields = _fields(mailbox.one(link, uid, f"(UID BODY.PEEK[HEADER.FIELDS ({' '.join(FIELDS)})])"))
        shown = reading.view(link, found)
        validity = link.status["UIDVALIDITY"]
        listed = [*shown["attachments"], *shown["pictures"]]
        ids = _ids(fields, listed, validity, uid)
        files = list(_files(link, session.user, found, listed, ids, bytes_max))
        return {
            "version": {"uidvalidity": validity, "uid": uid},
            "message_id": shown["message_id"] if writing.MESSAGE_ID.fullmatch(shown["message_id"]) else "",
            **_people(shown, fields),
            "subject": shown["subject"],
            "html": reading.content(link, found),
            "attachments": files,
            "reply_to": _answers(fields),
            "references": _references(fields),
        }

    return POOL.run(session, work)


def restore_files(session: Session, version: Version, bytes_max: int) -> None:
    """Bring back the files of a stored draft that are here no longer. Raises NotFound when it is gone, too."""
    opened(session, version.uid, bytes_max)


def _files(
    link: Link, user: str, found: reading.Message, listed: list[dict[str, Any]], ids: list[str], bytes_max: int
) -> Iterator[dict[str, Any]]:
    for file, id in zip(listed, ids, strict=True):
        part, pieces = reading.attachment(link, found, file["part"])
        upload = uploads.restore(user, id, file["name"], part.kind, pieces, bytes_max)
        yield {"id": upload.id, "name": upload.name, "size": upload.size}


def _ids(fields: dict[str, list[bytes]], listed: list[dict[str, Any]], validity: int, uid: int) -> list[str]:
    """Under which ids its files are kept: those of its own header, or such that opening it again finds the same."""
    own = _first(fields, FILES).split()
    if len(own) == len(listed) and all(uploads.ID.fullmatch(one) for one in own):
        return own
    return [uploads.id_for(f"{validity} {uid} {file['part']}") for file in listed]


def _people(shown: dict[str, Any], fields: dict[str, list[bytes]]) -> dict[str, list[str]]:
    hidden = mailboxes(words.text(b", ".join(fields.get("bcc", []))))
    known = {
        "to": [_recipient(one["name"], one["address"]) for one in shown["to"]],
        "cc": [_recipient(one["name"], one["address"]) for one in shown["cc"]],
        "bcc": [_recipient(words.header(one.name.encode()), one.address) for one in hidden],
    }
    return {name: [*typed, *_typed(fields, UNREAD[name])] for name, typed in known.items()}


def _recipient(name: str, address: str) -> str:
    if not name:
        return address
    plain = re.fullmatch(r"[\w !#$%&'*+/=?^`{|}~-]+", name)
    shown = name if plain else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return f"{shown} <{address}>"


def _typed(fields: dict[str, list[bytes]], name: str) -> list[str]:
    found = _json(fields, name)
    return [one for one in found if isinstance(one, str)][:100] if isinstance(found, list) else []


def _answers(fields: dict[str, list[bytes]]) -> dict[str, Any] | None:
    found = _json(fields, ANSWERS)
    if isinstance(found, dict) and isinstance(found.get("folder"), str) and isinstance(found.get("uid"), int):
        return {"folder": found["folder"], "uid": found["uid"]}
    return None


def _references(fields: dict[str, list[bytes]]) -> list[str]:
    named = " ".join(_first(fields, name) for name in ("REFERENCES", "IN-REPLY-TO"))
    return list(dict.fromkeys(found[0] for found in writing.REFERENCE.finditer(named)))[-writing.REFERENCES_MAX :]


def _json(fields: dict[str, list[bytes]], name: str) -> Any:
    try:
        return json.loads(words.header(_first(fields, name).encode(), 100_000))
    except (ValueError, RecursionError):
        return None


def _first(fields: dict[str, list[bytes]], name: str) -> str:
    found = fields.get(name.lower(), [b""])[0]
    return re.sub(r"\r?\n", "", found.decode("utf-8", "replace")).strip()


def _fields(item: dict[bytes, Any]) -> dict[str, list[bytes]]:
    raw = next((value for key, value in item.items() if key.startswith(b"BODY[HEADER")), None)
    return reading.header_fields(raw or b"")


def read_recipients(typed: dict[str, list[str]]) -> tuple[dict[str, list[Any]], dict[str, list[str]]]:
    """({field: addresses}, {field: what is none yet}) of what was typed."""
    known = {name: [read_address(one) for one in given] for name, given in typed.items()}
    unread = {
        name: [writing.one_line(one) for one, found in zip(typed[name], known[name], strict=True) if not found]
        for name in typed
    }
    return {name: [one for one in found if one] for name, found in known.items()}, unread


def check_token(token: str) -> None:
    """Raises Invalid for what no header can hold."""
    if not TOKEN.fullmatch(token):
        raise Invalid("This names no save.", field="token", fields={"token": "This names no save."})
