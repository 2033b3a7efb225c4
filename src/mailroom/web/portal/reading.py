"""What the portal shows of messages: a row of the list, one message, its text, its attachments."""

from __future__ import annotations

import binascii
import quopri
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from mailroom.core.problems import NotFound
from mailroom.web.portal import html, words
from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.structure import Part, parts

TEXT_BYTES_MAX = 2_000_000
PREVIEW_LETTERS = 160
# Of a message in a list; the message itself shows all.
ADDRESSES_IN_LISTS_MAX = 50
VIEW = "(UID FLAGS INTERNALDATE ENVELOPE BODYSTRUCTURE)"
# Shown inside a message; everything else is only ever saved.
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}
NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
ALTERNATIVES = ("text/html", "text/plain")

Items = dict[bytes, Any]


@dataclass(frozen=True)
class Message:
    """One message, with everything but its parts' contents."""

    uid: int
    items: Items
    parts: list[Part]

    @property
    def envelope(self) -> list[Any]:
        """RFC 3501 7.4.2: date, subject, from, sender, reply-to, to, cc, bcc, in-reply-to, message-id."""
        found = self.items.get(b"ENVELOPE") or []
        return [*found, *[None] * (10 - len(found))]

    @property
    def attachments(self) -> list[Part]:
        """The parts that are listed below the message."""
        shown = self.text_part
        return [part for part in self.parts if part is not shown and part.is_attachment]

    @property
    def text_part(self) -> Part | None:
        """The part that is read: HTML before plain text, whichever comes first and is no attachment."""
        for kind in ALTERNATIVES:
            for part in self.parts:
                if part.kind == kind and part.disposition != "attachment":
                    return part
        return None


def message(uid: int, items: Items) -> Message:
    """The message that these items describe."""
    return Message(uid, items, parts(items.get(b"BODYSTRUCTURE")))


def row(uid: int, items: Items) -> dict[str, Any]:
    """A line of the list."""
    found = message(uid, items)
    return {
        "uid": uid,
        "from": (addresses(found.envelope[2], 1) or [{"name": "", "address": ""}])[0],
        "to": addresses(found.envelope[5], ADDRESSES_IN_LISTS_MAX),
        "subject": words.header(found.envelope[1]),
        "date": _date(items),
        **flags(items),
        "attachments": bool(found.attachments),
        "size": int(items.get(b"RFC822.SIZE") or 0),
        "preview": _preview(items.get(b"PREVIEW")),
    }


def flags(items: Items) -> dict[str, bool]:
    """seen, flagged, answered."""
    known = {flag.lower() for flag in items.get(b"FLAGS") or [] if isinstance(flag, bytes)}
    return {name: flag.lower().encode() in known for name, flag in mailbox.FLAGS.items()}


def addresses(listed: Any, most: int | None = None) -> list[dict[str, str]]:
    """[{name, address}], at most so many; groups are left out, their members are not."""
    found: list[dict[str, str]] = []
    for entry in listed or []:
        if most is not None and len(found) >= most:
            break
        if isinstance(entry, list) and len(entry) == 4 and entry[3] is not None:
            local, domain = words.decoded(entry[2]), words.decoded(entry[3])
            name = words.header(entry[0], words.NAME_BYTES_MAX)
            # Dovecot's word for what it could not read.
            address = "" if domain == "MISSING_DOMAIN" and local == "MISSING_MAILBOX" else f"{local}@{domain}"
            found.append({"name": name, "address": address.removesuffix("@MISSING_DOMAIN")})
    return found


def view(link: Link, found: Message) -> dict[str, Any]:
    """One message as the API shows it."""
    part = found.text_part
    text, remote = text_of(link, found, part)
    envelope = found.envelope
    return {
        "uid": found.uid,
        "from": (addresses(envelope[2]) or [{"name": "", "address": ""}])[0],
        "to": addresses(envelope[5]),
        "cc": addresses(envelope[6]),
        "reply_to": addresses(envelope[4]),
        "subject": words.header(envelope[1]),
        "date": _date(found.items),
        "message_id": words.decoded(envelope[9]),
        **flags(found.items),
        "remote_images": remote,
        "attachments": [
            {"part": one.number, "name": one.name or _name_for(one), "type": one.kind, "size": one.bytes_about}
            for one in found.attachments
        ],
        "text": text,
    }


def text_of(link: Link, found: Message, part: Part | None) -> tuple[str, bool]:
    """(the message in plain text, whether its HTML refers to pictures elsewhere)."""
    if part is None:
        return "", False
    content = content_of(link, found.uid, part)
    if part.kind != "text/html":
        return content, False
    plain = next((one for one in found.parts if one.kind == "text/plain" and one.disposition != "attachment"), None)
    text = content_of(link, found.uid, plain) if plain else html.plain_text(content)
    return text, html.clean(content, {}, remote=False).has_remote


def document(link: Link, found: Message, remote: bool, theme: str) -> str:
    """The message as an HTML document that can do no harm (see html.py)."""
    part = found.text_part
    if part is None:
        return html.document("", theme)
    content = content_of(link, found.uid, part)
    if part.kind != "text/html":
        return html.document(html.from_text(content), theme)
    pictures = {one.cid: f"parts/{one.number}" for one in found.parts if one.cid and one.kind in PICTURES}
    return html.document(html.clean(content, pictures, remote).body, theme)


def content_of(link: Link, uid: int, part: Part) -> str:
    """A text part, decoded; one that is too long is cut."""
    raw = mailbox.whole_part(link, uid, part.number, TEXT_BYTES_MAX)
    return words.text(decoded(raw, part.encoding), part.charset)


def decoded(raw: bytes, encoding: str) -> bytes:
    """Content without its transfer encoding (RFC 2045 6); bad encoding gives what can be read, never an error."""
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    if encoding == "base64":
        return _base64(raw, last=True)[0]
    return raw


def _base64(raw: bytes, rest: bytes = b"", last: bool = False) -> tuple[bytes, bytes]:
    """(what `raw` means, letters left over for the next piece). Foreign bytes, padding too, are passed over."""
    letters = rest + raw.translate(None, NOT_BASE64)
    whole, left = letters[: len(letters) // 4 * 4], letters[len(letters) // 4 * 4 :]
    data = binascii.a2b_base64(whole)
    if last and len(left) > 1:
        data += binascii.a2b_base64(left + b"A" * (4 - len(left)))[: len(left) * 3 // 4]
    return data, left


def attachment(found: Message, number: str) -> Part:
    """The part of this number. Raises NotFound."""
    for part in found.parts:
        if part.number == number:
            return part
    raise NotFound("This message has no such part.", field="part")


def pieces(link: Link, uid: int, part: Part) -> Iterator[bytes]:
    """A part's content, decoded piece by piece, so that no large file is ever whole in memory."""
    at, left = 0, b""
    while True:
        raw = mailbox.part(link, uid, part.number, at, mailbox.CHUNK)
        at += len(raw)
        last = len(raw) < mailbox.CHUNK
        if part.encoding == "base64":
            data, left = _base64(raw, left, last)
            yield data
        elif part.encoding == "quoted-printable":
            # Never cut between "=" and its two digits: lines are decoded whole.
            raw = left + raw
            cut = len(raw) if last else raw.rfind(b"\n") + 1
            left = raw[cut:]
            yield quopri.decodestring(raw[:cut])
        else:
            yield raw
        if last:
            return


def _date(items: Items) -> str:
    """When it was sent, ISO 8601 in UTC or with its own offset; when it arrived, if that cannot be read."""
    envelope = items.get(b"ENVELOPE") or [None]
    for raw, read in ((envelope[0], parsedate_to_datetime), (items.get(b"INTERNALDATE"), _arrival)):
        try:
            if raw:
                return read(raw[:100].decode("ascii")).isoformat()
        except (ValueError, TypeError, IndexError, OverflowError, UnicodeDecodeError):
            continue
    return ""


def _arrival(text: str) -> datetime:
    return datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z")


def _preview(value: Any) -> str:
    """PREVIEW as a text, or as (FUZZY "text") from older servers (RFC 8970)."""
    raw = value[-1] if isinstance(value, list) and value else value
    return words.header(raw)[:PREVIEW_LETTERS] if isinstance(raw, bytes) else ""


def _name_for(part: Part) -> str:
    return f"part-{part.number}.{part.kind.rpartition('/')[2].split('+')[0]}"
