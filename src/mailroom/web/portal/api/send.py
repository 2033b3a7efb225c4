"""Sending a message (rows DL01, PR03)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from pydantic import Field

from mailroom.core.lines import lines
from mailroom.core.mailbox import Mailbox
from mailroom.core.problems import Invalid, NotFound, Problem
from mailroom.web import asking
from mailroom.web.portal import sending, uploads, writing
from mailroom.web.portal.imap import mailbox, utf7
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.portal.sessions import Session
from mailroom.web.route import PORTAL, USER, Asked, Call, route

RECIPIENTS_MAX = 1_000


class Answered(Asked):
    """The message that this one answers."""

    folder: str = Field(min_length=1, max_length=500)
    uid: int = Field(ge=1, le=4_294_967_295)


class Written(Asked):
    """A message. message_id is made once for each draft, so that a request that is sent again sends nothing twice."""

    to: list[str] = Field(default_factory=list, max_length=RECIPIENTS_MAX)
    cc: list[str] = Field(default_factory=list, max_length=RECIPIENTS_MAX)
    bcc: list[str] = Field(default_factory=list, max_length=RECIPIENTS_MAX)
    subject: str = Field("", max_length=2_000)
    html: str = Field("", max_length=900_000)
    text: str = Field("", max_length=900_000)
    attachments: list[str] = Field(default_factory=list, max_length=100)
    reply_to: Answered | None = None
    message_id: str = Field(max_length=250)


@route(
    PORTAL,
    "POST",
    "api/send",
    role=USER,
    summary="Send a message and keep it in Sent, once, however often this is asked",
    answer="That it has been sent.",
    example={"sent": True, "message_id": "<k2f9@example.com>"},
    body=Written,
    errors=(404, 409, 503),
    asked={"to": ["ben@example.net"], "subject": "Lunch?", "text": "At noon?", "message_id": "<k2f9@example.com>"},
)
def send(call: Call) -> dict[str, Any]:
    asked: Written = call.body
    draft = _draft(call, asked)
    general = asking.general()
    _refuse_too_many(draft, int(general["max_recipients"]))
    digest = hashlib.sha256(asked.model_dump_json().encode("utf-8", "replace")).hexdigest()
    sending.send(call.session, draft, digest, int(general["max_message_mb"]) * 1024**2)
    if asked.reply_to:
        _mark_answered(call.session, asked.reply_to)
    return {"sent": True, "message_id": asked.message_id}


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


def _draft(call: Call, asked: Written) -> writing.Draft:
    if not writing.MESSAGE_ID.fullmatch(asked.message_id):
        raise Invalid("This is no Message-ID.", field="message_id", fields={"message_id": "This is no Message-ID."})
    known = {name: [writing.address(one, name) for one in getattr(asked, name)] for name in ("to", "cc", "bcc")}
    if not any(known.values()):
        raise Invalid("Say to whom it goes.", field="to", fields={"to": "Say to whom it goes."})
    person = asking.person(call.user)
    local, _, domain = person["address"].rpartition("@")
    if not local:
        raise Invalid("This user has no mail address.", next="Ask an administrator of the NAS.")
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
        references=_references(call.session, asked.reply_to) if asked.reply_to else [],
        attachments=[uploads.find(call.user, id) for id in dict.fromkeys(asked.attachments)],
    )


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


def _mark_answered(session: Session, answered: Answered) -> None:
    """It has been sent: whatever happens here is no reason to say otherwise."""

    def work(link: Link) -> None:
        mailbox.open_folder(link, answered.folder)
        mailbox.store(link, [answered.uid], ["answered"], [])

    try:
        POOL.run(session, work, utf7.encode(answered.folder))
    except Problem:
        return
