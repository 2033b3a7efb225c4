"""What the portal shows of messages: a row of the list, one message, its text, its attachments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from mailroom.core.mailbox import mailboxes, readable
from mailroom.web.portal import html, words
from mailroom.web.portal.contents import Contents, Pictures
from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.structure import Node, Part, tree
from mailroom.web.portal.leaves import file_name, has_files

PREVIEW_LETTERS = 160
# Of a message in a list; the message itself shows all.
ADDRESSES_IN_LISTS_MAX = 50
VIEW = f"(UID FLAGS INTERNALDATE ENVELOPE BODYSTRUCTURE {mailbox.SINGLE_FIELDS})"
# Dovecot's words for a domain that it could not read; what stands behind the latter is not in the envelope at all.
UNREAD = (b"MISSING_DOMAIN", b"SYNTAX_ERROR")
# The fields with addresses, and their places in the envelope.
PEOPLE = {"from": 2, "reply-to": 4, "to": 5, "cc": 6}
HEADER_BYTES_MAX = 100_000
UNFOLDED = re.compile(rb"\r?\n(?![ \t])")
# Where a text ends that is too long to be shown.
CUT = "[…]"

Items = dict[bytes, Any]


@dataclass(frozen=True)
class Message:
    """One message, with everything but its parts' contents."""

    uid: int
    items: Items
    root: Node

    @property
    def envelope(self) -> list[Any]:
        """RFC 3501 7.4.2: date, subject, from, sender, reply-to, to, cc, bcc, in-reply-to, message-id."""
        found = self.items.get(b"ENVELOPE") or []
        return [*found, *[None] * (10 - len(found))]

    @cached_property
    def fields(self) -> dict[str, list[bytes]]:
        """The fields of which there may be but one, each as often as it is there (RFC 5322 3.6)."""
        raw = next((value for key, value in self.items.items() if key.startswith(b"BODY[HEADER")), None)
        return header_fields(raw or b"")

    @property
    def subject(self) -> str:
        """The first Subject: the envelope has the last."""
        return words.header(self.fields.get("subject", [self.envelope[1]])[0])

    @property
    def date(self) -> str:
        """When it was sent, ISO 8601 with an offset; when it arrived, if that cannot be read."""
        return _date(self.fields.get("date", [self.envelope[0]])[0], self.items.get(b"INTERNALDATE"))

    @property
    def arrived(self) -> str:
        """When it arrived here, ISO 8601 with an offset; when it was sent, if a server does not tell."""
        return _date(None, self.items.get(b"INTERNALDATE")) or self.date

    @property
    def repeated(self) -> list[str]:
        """The fields that are there more than once. The first of each counts (decision 0037)."""
        return [name for name in ("from", "subject", "date") if len(self.fields.get(name, ())) > 1]


def message(uid: int, items: Items) -> Message:
    """The message that these items describe."""
    return Message(uid, items, tree(items.get(b"BODYSTRUCTURE")))


def header_fields(raw: bytes) -> dict[str, list[bytes]]:
    """The values of each field of a header, unfolded, in their order."""
    found: dict[str, list[bytes]] = {}
    for line in UNFOLDED.split(raw[:HEADER_BYTES_MAX]):
        name, colon, value = line.partition(b":")
        if colon:
            found.setdefault(name.strip().decode("ascii", "replace").lower(), []).append(value.strip())
    return found


def row(uid: int, items: Items) -> dict[str, Any]:
    """A line of the list."""
    found = message(uid, items)
    return {
        "uid": uid,
        "from": (addresses(found.envelope[2], 1) or [{"name": "", "address": ""}])[0],
        "to": addresses(found.envelope[5], ADDRESSES_IN_LISTS_MAX),
        "subject": found.subject,
        # What the list is sorted by: a Date says what its sender's clock said.
        "date": found.arrived,
        **flags(items),
        "attachments": has_files(found.root),
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
            whole = local.replace("MISSING_MAILBOX", "") if entry[3] in UNREAD else readable(local, domain)
            found.append({"name": name, "address": whole})
    return found


def view(link: Link, found: Message) -> dict[str, Any]:
    """One message as the API shows it."""
    contents = Contents(link, found.uid, found.root)
    arranged = contents.arranged()
    bodies = [_body(contents, part, remote=False) for part in arranged.shown]
    referred = {part.number: part for body in bodies for part in body.referred}
    cut = [body.part for body in bodies if body.is_cut]
    listed = [*(part for part in cut if part not in arranged.files), *arranged.attachments(referred.values())]
    people = _people(link, found)
    return {
        "uid": found.uid,
        "from": (people["from"] or [{"name": "", "address": ""}])[0],
        "to": people["to"],
        "cc": people["cc"],
        "reply_to": people["reply-to"],
        "subject": found.subject,
        "date": found.date,
        "message_id": words.decoded(found.envelope[9]),
        **flags(found.items),
        "remote_images": any(body.has_remote for body in bodies),
        "repeated": found.repeated,
        "truncated": bool(cut),
        "attachments": [_file(part) for part in listed],
        "pictures": [_file(part) for part in referred.values()],
        "text": "\n".join(_plain(contents, part) for part in contents.arranged(plain=True).shown),
    }


def _people(link: Link, found: Message) -> dict[str, list[dict[str, str]]]:
    """The addresses of each field. What the server could not read (a dot behind a domain) is read from the field."""
    listed = {name: found.envelope[place] for name, place in PEOPLE.items()}
    known = {name: addresses(entries) for name, entries in listed.items()}
    if any(_is_unread(entry) for entries in listed.values() for entry in entries or []):
        items = mailbox.one(link, found.uid, f"(UID BODY.PEEK[HEADER.FIELDS ({' '.join(PEOPLE).upper()})])")
        raw = next((value for key, value in items.items() if key.startswith(b"BODY[HEADER")), None)
        for name, values in header_fields(raw or b"").items():
            read = mailboxes(words.text(b", ".join(values)))
            if name in known and len(read) >= len(known[name]):
                known[name] = [
                    {"name": words.header(one.name.encode()), "address": readable(one.local, one.domain)}
                    for one in read
                ]
    return known


def _is_unread(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 4 and entry[3] in UNREAD


def _file(part: Part) -> dict[str, Any]:
    return {"part": part.number, "name": file_name(part), "type": part.kind, "size": part.bytes_about}


def _plain(contents: Contents, part: Part) -> str:
    content = contents.text(part).content
    return html.plain_text(content) if part.kind == "text/html" else content


@dataclass(frozen=True)
class Body:
    """A text part as harmless HTML. referred: the pictures of the message that are in it."""

    part: Part
    html: str
    has_remote: bool = False
    is_cut: bool = False
    referred: tuple[Part, ...] = ()


def _body(contents: Contents, part: Part, remote: bool) -> Body:
    text = contents.text(part)
    more = html.from_text(CUT) if text.is_cut else ""
    if part.kind != "text/html":
        return Body(part, (html.from_text(text.content) if text.content.strip() else "") + more, is_cut=text.is_cut)
    pictures = Pictures(contents.leaves, text.pictures)
    cleaned = html.clean(text.content, pictures, remote)
    is_cut = text.is_cut or cleaned.is_text
    return Body(part, cleaned.body + more, cleaned.has_remote, is_cut, tuple(pictures.referred.values()))


def document(link: Link, found: Message, remote: bool, theme: str) -> str:
    """The message as an HTML document that can do no harm (see html.py)."""
    return html.document(content(link, found, remote), theme)


def content(link: Link, found: Message, remote: bool = False) -> str:
    """All texts that are shown, in their order, as harmless HTML."""
    contents = Contents(link, found.uid, found.root)
    bodies = [_body(contents, part, remote).html for part in contents.arranged().shown]
    return bodies[0] if len(bodies) == 1 else "".join(f"<div>{body}</div>" for body in bodies)


def attachment(link: Link, found: Message, number: str) -> tuple[Part, Iterator[bytes]]:
    """(the part of this number, its content in pieces). Raises NotFound."""
    contents = Contents(link, found.uid, found.root)
    part = contents.part(number)
    return part, contents.pieces(part)


def _date(sent: bytes | None, arrived: bytes | None) -> str:
    for raw, read in ((sent, parsedate_to_datetime), (arrived, _arrival)):
        try:
            if raw:
                found = read(raw[:100].decode("ascii"))
                # Without a zone, or with one that nobody knows, it is UTC (RFC 5322 3.3, 4.3).
                return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()
        except (ValueError, TypeError, IndexError, OverflowError, UnicodeDecodeError):
            continue
    return ""


def _arrival(text: str) -> datetime:
    return datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z")


def _preview(value: Any) -> str:
    """PREVIEW as a text, or as (FUZZY "text") from older servers (RFC 8970)."""
    raw = value[-1] if isinstance(value, list) and value else value
    return words.header(raw)[:PREVIEW_LETTERS] if isinstance(raw, bytes) else ""
