"""A message as it is sent: headers, text, HTML, files. Nothing that a person types can become a header of its own.

Written to a file piece by piece: an attachment is never whole in memory.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import IO

from mailroom.core import mail_header
from mailroom.core.mail_text import text_part
from mailroom.core.mailbox import Mailbox, mailbox
from mailroom.core.problems import Invalid
from mailroom.web.portal.uploads import Upload

# RFC 5322 3.6.4 msg-id, without quoted strings and comments.
MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,120}@[A-Za-z0-9.-]{1,120}>")
# Of others, as it came: a thread is found only by the very same bytes. One line holds it (RFC 5322 2.1.1).
REFERENCE = re.compile(r"<[!-;=?-~]{1,990}>")
LINE_BYTES = 57
CHUNK_LINES = 4_000
REFERENCES_MAX = 20
# RFC 2046 5.1.1 allows 70 letters.
BOUNDARY_LETTERS = 50


@dataclass(frozen=True)
class Draft:
    """What is to be sent. sender, to, cc, bcc: read by `address`. references: Message-IDs of what it answers."""

    sender: Mailbox
    to: list[Mailbox]
    cc: list[Mailbox]
    bcc: list[Mailbox]
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    references: list[str] = field(default_factory=list)
    attachments: list[Upload] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """Every address once, in order."""
        return list(dict.fromkeys(one.address for one in [*self.to, *self.cc, *self.bcc]))


def address(given: str, field_name: str) -> Mailbox:
    """An address as people type it, or as it came: "Anna Adler <anna@example.com>". Raises Invalid."""
    if found := mailbox(given):
        return found
    raise Invalid(
        f"{given.strip()[:100]} is no mail address.",
        field=field_name,
        next="Write it like anna@example.com.",
        fields={field_name: f"{given.strip()[:100]} is no mail address."},
    )


def write(draft: Draft, out: IO[bytes], more: bytes = b"") -> int:
    """Write the message, without its Bcc, with CRLF line ends; its length in bytes.

    more: further header fields, as `mail_header` makes them.
    """
    out.write(_headers(draft) + more)
    if not draft.attachments:
        out.write(_texts(draft))
        return out.tell()
    boundary = _boundary(draft)
    out.write(mail_header.parameter_field("Content-Type", "multipart/mixed", {"boundary": boundary}))
    out.write(f"\r\n--{boundary}\r\n".encode())
    out.write(_texts(draft))
    for upload in draft.attachments:
        out.write(f"\r\n--{boundary}\r\n".encode())
        _write_attachment(upload, out)
    out.write(f"\r\n--{boundary}--\r\n".encode())
    return out.tell()


def refuse_too_large(length: int, bytes_max: int) -> None:
    """Raises Invalid for a message with more than `bytes_max` bytes, in the units of the administrator's setting."""
    if length > bytes_max:
        words = f"The message has {length / 1024**2:.1f} MB; {bytes_max // 1024**2} MB are allowed."
        raise Invalid(
            words, code="too_large", field="attachments", next="Remove an attachment.", fields={"attachments": words}
        )


def _headers(draft: Draft) -> bytes:
    """The message's own fields, without those that say what its body is."""
    fields = [
        mail_header.structured_field("Message-ID", draft.message_id),
        mail_header.structured_field("Date", *format_datetime(draft.date).split(" ")),
        mail_header.address_field("From", [_pair(draft.sender)]),
    ]
    for name, addresses in (("To", draft.to), ("Cc", draft.cc)):
        if addresses:
            fields.append(address_field(name, addresses))
    fields.append(mail_header.text_field("Subject", one_line(draft.subject)))
    if draft.references:
        fields.append(mail_header.structured_field("In-Reply-To", draft.references[-1]))
        fields.append(mail_header.structured_field("References", *draft.references[-REFERENCES_MAX:]))
    fields.append(mail_header.structured_field("User-Agent", "Mailroom"))
    fields.append(mail_header.structured_field("MIME-Version", "1.0"))
    return b"".join(fields)


def address_field(name: str, addresses: list[Mailbox]) -> bytes:
    """To, Cc or Bcc. Raises Invalid when it would be longer than the server passes on."""
    known = list(map(_pair, addresses))
    whole = mail_header.address_field(name, known)
    if len(whole) <= mail_header.FIELD_BYTES_MAX:
        return whole
    fit = bisect_left(
        range(1, len(known)),
        mail_header.FIELD_BYTES_MAX,
        key=lambda count: len(mail_header.address_field(name, known[:count])),
    )
    words = f"{len(known)} recipients do not fit into {name}; {fit} do."
    raise Invalid(
        words,
        code="too_many_recipients",
        field=name.lower(),
        next="Move the others to Bcc, or send them a message of their own.",
        fields={name.lower(): words},
    )


def _pair(one: Mailbox) -> tuple[str, str]:
    return one_line(one.name), one.address


def one_line(text: str) -> str:
    """A header's value: line ends and other controls would end the header, so they become spaces."""
    return mail_header.one_line(text)


def _texts(draft: Draft) -> bytes:
    """The text, or both its versions, with the fields that say so."""
    if not draft.html:
        return text_part(draft.text)
    boundary = f"alternative-{_boundary(draft)}"
    versions = (text_part(draft.text), text_part(draft.html, "html"))
    return b"".join(
        [
            mail_header.parameter_field("Content-Type", "multipart/alternative", {"boundary": boundary}),
            *(b"\r\n--%b\r\n%b" % (boundary.encode(), one) for one in versions),
            b"\r\n--%b--\r\n" % boundary.encode(),
        ]
    )


def _boundary(draft: Draft) -> str:
    """A line that no part can have: the Message-ID is new, and quoted-printable and base64 never write "=_"."""
    return "=_" + re.sub(r"[^A-Za-z0-9]", "", draft.message_id)[:BOUNDARY_LETTERS]


def _write_attachment(upload: Upload, out: IO[bytes]) -> None:
    main, _, sub = upload.kind.partition("/")
    safe = main in ("image", "audio", "video", "application", "text", "font") and re.fullmatch(
        r"[a-z0-9.+-]{1,80}", sub
    )
    out.write(mail_header.file_fields(upload.kind if safe else "application/octet-stream", one_line(upload.name)))
    out.write(mail_header.structured_field("Content-Transfer-Encoding", "base64") + b"\r\n")
    with upload.file.open("rb") as content:
        while chunk := content.read(LINE_BYTES * CHUNK_LINES):
            out.writelines(_lines(chunk))


def _lines(chunk: bytes) -> Iterable[bytes]:
    for at in range(0, len(chunk), LINE_BYTES):
        yield base64.b64encode(chunk[at : at + LINE_BYTES]) + b"\r\n"
