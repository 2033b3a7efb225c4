"""A message as it is sent: headers, text, HTML, files. Nothing that a person types can become a header of its own.

Written to a file piece by piece: an attachment is never whole in memory.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import IO

from mailroom.core.problems import Invalid
from mailroom.web.portal.uploads import Upload

# RFC 5322 3.6.4 msg-id, without quoted strings and comments.
MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,120}@[A-Za-z0-9.-]{1,120}>")
LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
DOMAIN = re.compile(
    r"(?=.{1,253}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
ADDRESS_LETTERS_MAX = 500
LINE_BYTES = 57
CHUNK_LINES = 4_000
REFERENCES_MAX = 20


@dataclass(frozen=True)
class Draft:
    """What is to be sent. sender, to, cc, bcc: read by `address`. references: Message-IDs of what it answers."""

    sender: Address
    to: list[Address]
    cc: list[Address]
    bcc: list[Address]
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
        return list(dict.fromkeys(one.addr_spec for one in [*self.to, *self.cc, *self.bcc]))


def address(given: str, field_name: str) -> Address:
    """An address as people type it: "Anna Adler <anna@example.com>" or anna@example.com. Raises Invalid."""
    typed = given.strip()
    name, spec = "", typed
    if typed.endswith(">"):
        name, _, spec = typed[:-1].rpartition("<")
    local, _, domain = spec.rpartition("@")
    plain = not re.search(r"[\x00-\x1f\x7f<>]", name + spec) and len(typed) <= ADDRESS_LETTERS_MAX
    if plain and len(local) <= 64 and LOCAL_PART.fullmatch(local):
        try:
            ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
        except UnicodeError:
            ascii_domain = ""
        if DOMAIN.fullmatch(ascii_domain):
            shown = name.strip().strip('"').replace('"', "'").replace("\\", "/")
            return Address(shown, local, ascii_domain)
    raise Invalid(
        f"{given.strip()[:100]} is no mail address.",
        field=field_name,
        next="Write it like anna@example.com.",
        fields={field_name: f"{given.strip()[:100]} is no mail address."},
    )


def write(draft: Draft, out: IO[bytes]) -> int:
    """Write the message, without its Bcc, with CRLF line ends; its length in bytes."""
    text = _text_parts(draft)
    if not draft.attachments:
        for name, value in _headers(draft).items():
            text[name] = value
        out.write(text.as_bytes(policy=SMTP))
        return out.tell()
    head = EmailMessage(policy=SMTP)
    for name, value in _headers(draft).items():
        head[name] = value
    boundary = _boundary(draft)
    head["MIME-Version"] = "1.0"
    # By hand: the library would close a multipart that has no parts yet.
    out.write(head.as_bytes(policy=SMTP).rstrip(b"\r\n"))
    out.write(f'\r\nContent-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode())
    del text["MIME-Version"]
    out.write(f"--{boundary}\r\n".encode())
    out.write(text.as_bytes(policy=SMTP))
    for upload in draft.attachments:
        out.write(f"\r\n--{boundary}\r\n".encode())
        _write_attachment(upload, out)
    out.write(f"\r\n--{boundary}--\r\n".encode())
    return out.tell()


def _headers(draft: Draft) -> dict[str, object]:
    found: dict[str, object] = {
        "Message-ID": draft.message_id,
        "Date": format_datetime(draft.date),
        "From": draft.sender,
        "To": draft.to,
        "Cc": draft.cc,
        "Subject": one_line(draft.subject),
    }
    if draft.references:
        found["In-Reply-To"] = draft.references[-1]
        found["References"] = " ".join(draft.references[-REFERENCES_MAX:])
    found["User-Agent"] = "Mailroom"
    return {name: value for name, value in found.items() if value != []}


def one_line(text: str) -> str:
    """A header's value: line ends and other controls would end the header, so they become spaces."""
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+", " ", text).strip()


def _text_parts(draft: Draft) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message.set_content(_whole(draft.text), cte="quoted-printable")
    if draft.html:
        message.add_alternative(_whole(draft.html), subtype="html", cte="quoted-printable")
        # The library makes boundaries when it writes, and looks for them in the text: the same words, the same bytes.
        message.set_boundary(f"alternative-{_boundary(draft)}")
    return message


def _whole(text: str) -> str:
    """Text that can be encoded: lone surrogates, which JSON can carry, become "?"."""
    return text.encode("utf-8", "replace").decode()


def _boundary(draft: Draft) -> str:
    """A line that no part can have: the Message-ID is new, and quoted-printable and base64 never write "=_"."""
    return "=_" + re.sub(r"[^A-Za-z0-9]", "", draft.message_id)[:60]


def _write_attachment(upload: Upload, out: IO[bytes]) -> None:
    part = EmailMessage(policy=SMTP)
    main, _, sub = upload.kind.partition("/")
    safe = main in ("image", "audio", "video", "application", "text", "font") and re.fullmatch(
        r"[a-z0-9.+-]{1,80}", sub
    )
    part["Content-Type"] = upload.kind if safe else "application/octet-stream"
    part["Content-Transfer-Encoding"] = "base64"
    part["Content-Disposition"] = "attachment"
    part.set_param("filename", one_line(upload.name), header="Content-Disposition", charset="utf-8")
    out.write(part.as_bytes(policy=SMTP).rstrip(b"\r\n") + b"\r\n\r\n")
    with upload.file.open("rb") as content:
        while chunk := content.read(LINE_BYTES * CHUNK_LINES):
            out.writelines(_lines(chunk))


def _lines(chunk: bytes) -> Iterable[bytes]:
    for at in range(0, len(chunk), LINE_BYTES):
        yield base64.b64encode(chunk[at : at + LINE_BYTES]) + b"\r\n"
