"""Sending a message (rows DL01, PR03)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from mailroom.core.lines import lines
from mailroom.core.mailbox import Mailbox
from mailroom.core.problems import Invalid, NotFound
from mailroom.web import asking
from mailroom.web.portal import drafts, outgoing, uploads, writing
from mailroom.web.portal.imap import mailbox, utf7
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.portal.outgoing import OUTGOING
from mailroom.web.portal.sessions import Session
from mailroom.web.route import PORTAL, USER, Asked, Call, route

RECIPIENTS_MAX = 1_000
UNDO_S_MAX = 30
Count = Annotated[int, Field(ge=1, le=4_294_967_295)]


class Answered(Asked):
    """The message that this one answers."""

    folder: str = Field(min_length=1, max_length=500)
    uid: Count


class Stored(Asked):
    """A message in Drafts."""

    uidvalidity: Count
    uid: Count


class Content(Asked):
    """What a person writes. message_id is made once for each draft. references: of a draft that was opened again."""

    to: list[str] = Field(default_factory=list, max_length=RECIPIENTS_MAX)
    cc: list[str] = Field(default_factory=list, max_length=RECIPIENTS_MAX)
    bcc: list[str] = Field(default_factory=list, max_length=RECIPIENTS_MAX)
    subject: str = Field("", max_length=2_000)
    html: str = Field("", max_length=900_000)
    text: str = Field("", max_length=900_000)
    attachments: list[str] = Field(default_factory=list, max_length=100)
    reply_to: Answered | None = None
    references: list[str] = Field(default_factory=list, max_length=writing.REFERENCES_MAX)
    message_id: str = Field(max_length=250)
    replaces: Stored | None = None


class Written(Content):
    """A message to be sent. A request that is sent again sends nothing twice. replaces: its draft, which then goes.

    undo_s: for so long it waits on the server and can be taken back. token: as in a save, with undo_s.
    """

    undo_s: int = Field(0, ge=0, le=UNDO_S_MAX)
    token: str = Field("", max_length=64)
    attempts: list[str] = Field(default_factory=list, max_length=100)


@route(
    PORTAL,
    "POST",
    "api/send",
    role=USER,
    summary="Send a message and keep it in Sent, once, however often this is asked; with undo_s, after so many seconds",
    answer=(
        "That it has been sent; or, with undo_s, its state as api/outgoing has it, with the stored draft in which it "
        "waits. Signing out ends the waiting: it is sent then."
    ),
    example={"sent": True, "message_id": "<k2f9@example.com>"},
    body=Written,
    errors=(404, 409, 503),
    asked={"to": ["ben@example.net"], "subject": "Lunch?", "text": "At noon?", "message_id": "<k2f9@example.com>"},
)
def send(call: Call) -> dict[str, Any]:
    asked: Written = call.body
    draft = draft_of(call, asked)
    general = asking.general()
    _refuse_too_many(draft, int(general["max_recipients"]))
    # What says how it is sent does not make it another message.
    facts = asked.model_dump_json(exclude={"undo_s", "token", "attempts", "replaces", "references"})
    digest = hashlib.sha256(facts.encode("utf-8", "replace")).hexdigest()
    version = drafts.Version(asked.replaces.uidvalidity, asked.replaces.uid) if asked.replaces else None
    message = outgoing.Message(call.session, draft, digest, max_bytes(), version, answers(asked))
    if asked.undo_s:
        drafts.check_token(asked.token)
        change = drafts.Change(draft, asked.token, tuple(asked.attempts), None, version, answers(asked))
        return OUTGOING.hold(message, change, asked.undo_s)
    outgoing.deliver(message)
    return {"sent": True, "message_id": asked.message_id}


def max_bytes() -> int:
    """Of a whole message."""
    return int(asking.general()["max_message_mb"]) * 1024**2


def answers(asked: Content) -> dict[str, Any] | None:
    """The message that is answered, as a draft notes it."""
    return asked.reply_to.model_dump() if asked.reply_to else None


def _refuse_too_many(draft: writing.Draft, allowed: int) -> None:
    """Before anything is sent, so that none gets it when others cannot (row DL05)."""
    if len(draft.recipients) > allowed:
        words = f"{len(draft.recipients)} recipients are too many; {allowed} are allowed."
        raise Invalid(
            words,
            code="too_many_recipients",
            field="to",
            next="Send it in several messages.",
            fields={"to": words},
        )


def draft_of(call: Call, asked: Content) -> writing.Draft:
    """The message that a request describes. Raises Invalid, and NotFound for a file that is here no longer."""
    known = {name: [writing.address(one, name) for one in getattr(asked, name)] for name in ("to", "cc", "bcc")}
    if not any(known.values()):
        raise Invalid("Say to whom it goes.", field="to", fields={"to": "Say to whom it goes."})
    return compose(call, asked, known)


def compose(call: Call, asked: Content, known: dict[str, list[Mailbox]]) -> writing.Draft:
    """A message to these recipients. Raises as `draft_of`."""
    if not writing.MESSAGE_ID.fullmatch(asked.message_id):
        raise Invalid("This is no Message-ID.", field="message_id", fields={"message_id": "This is no Message-ID."})
    person = asking.person(call.user)
    local, _, domain = person["address"].rpartition("@")
    if not local:
        raise Invalid("This user has no mail address.", next="Ask an administrator of the NAS.")
    given = [one for one in asked.references if writing.REFERENCE.fullmatch(one)]
    return writing.Draft(
        sender=Mailbox(writing.one_line(person["full_name"]), local, domain),
        to=known["to"],
        cc=known["cc"],
        bcc=known["bcc"],
        subject=asked.subject,
        text=asked.text,
        html=asked.html,
        message_id=asked.message_id,
        date=datetime.now().astimezone(),
        references=(_references(call.session, asked.reply_to) if asked.reply_to else []) or given,
        attachments=_attachments(call, asked),
    )


def _attachments(call: Call, asked: Content) -> list[uploads.Upload]:
    """Its files; those that are here no longer are taken from the stored draft."""
    ids = list(dict.fromkeys(asked.attachments))
    try:
        found = [uploads.find(call.user, id) for id in ids]
    except NotFound:
        if not asked.replaces:
            raise
        version = drafts.Version(asked.replaces.uidvalidity, asked.replaces.uid)
        drafts.restore_files(call.session, version, max_bytes())
        found = [uploads.find(call.user, id) for id in ids]
    for one in found:
        uploads.renew(call.user, one)
    return found


def _references(session: Session, answered: Answered) -> list[str]:
    """The Message-IDs of what is answered, oldest first (RFC 5322 3.6.4)."""

    def work(link: Link) -> list[str]:
        mailbox.open_folder(link, answered.folder)
        items = mailbox.one(link, answered.uid, "(UID BODY.PEEK[HEADER.FIELDS (REFERENCES MESSAGE-ID)])")
        raw = next((value for key, value in items.items() if key.startswith(b"BODY[")), b"") or b""
        fields = {"references": "", "message-id": ""}
        text = raw[:20_000].decode("ascii", "replace").replace("\r\n ", " ").replace("\r\n\t", " ")
        for line in lines(text):
            name, _, value = line.partition(":")
            fields[name.lower()] = value
        told = f"{fields['references']} {fields['message-id']}"
        return [found[0] for found in writing.REFERENCE.finditer(told)]

    try:
        return POOL.run(session, work, utf7.encode(answered.folder))
    except NotFound:
        # Deleted meanwhile: the answer goes out all the same.
        return []
