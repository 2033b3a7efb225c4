"""The contents of one message: each part fetched once, decoded, cut where it is too long to be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from mailroom.core.problems import NotFound
from mailroom.web.portal import html, split, transfer, words
from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.structure import Node, Part, leaves
from mailroom.web.portal.leaves import PICTURES, Arrangement, arranged

TEXT_BYTES_MAX = 3_000_000
# Of all texts of a message.
TEXTS_BYTES_MAX = 2 * TEXT_BYTES_MAX
TEXT_LETTERS_MAX = 2_000_000
SPLIT_BYTES_MAX = 8_000_000
# An HTML text that is longer than this is not looked at to say whether it is empty.
EMPTY_LETTERS_MAX = 20_000
# A picture that stands in the text itself; it counts for nothing in what is too long.
PICTURE_DATA = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]{2000,}", re.IGNORECASE)


@dataclass(frozen=True)
class Text:
    """A text as it is shown. is_cut: whether its end is missing. pictures: those in the text itself, by Content-ID."""

    content: str
    is_cut: bool = False
    pictures: dict[str, str] = field(default_factory=dict)


class Pictures(dict[str, str]):
    """{Content-ID: URL} of the pictures of a message and of one text of it, and those parts that were referred to."""

    def __init__(self, parts: Iterator[Part], inside: dict[str, str]) -> None:
        self.parts = {part.cid: part for part in parts if part.cid and part.kind in PICTURES}
        super().__init__({cid: f"parts/{part.number}" for cid, part in self.parts.items()} | inside)
        self.referred: dict[str, Part] = {}

    def get(self, cid: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The URL of a picture. cid: as a URL has it, which may be encoded (RFC 2392)."""
        for name in (cid, unquote(cid)):
            if name in self:
                if name in self.parts:
                    self.referred[name] = self.parts[name]
                return self[name]
        return default


class Contents:
    """Reads a message's parts over a connection. root: as the server describes the message."""

    def __init__(self, link: Link, uid: int, root: Node) -> None:
        self.link, self.uid = link, uid
        self.texts: dict[str, Text] = {}
        self.room = TEXTS_BYTES_MAX
        self.root = self._whole(root)

    def _whole(self, node: Node) -> Node:
        """The node with what the server could not find in it."""
        if isinstance(node, Part):
            return node
        if node.is_read:
            return replace(node, children=tuple(self._whole(child) for child in node.children))
        raw = mailbox.whole_part(self.link, self.uid, node.section, SPLIT_BYTES_MAX)
        if len(raw) >= SPLIT_BYTES_MAX:
            return Part(node.section, "text/plain", size=len(raw))
        return split.split(node, raw)

    @property
    def leaves(self) -> Iterator[Part]:
        """Every leaf, in order."""
        return leaves(self.root)

    def part(self, number: str) -> Part:
        """The part of this number. Raises NotFound."""
        for part in self.leaves:
            if part.number == number:
                return part
        raise NotFound("This message has no such part.", field="part")

    def arranged(self, plain: bool = False) -> Arrangement:
        """What becomes of each leaf."""
        return arranged(self.root, self._is_empty, plain)

    def text(self, part: Part) -> Text:
        """A text part, decoded, and cut at a whole line or element if it is too long."""
        if part.number not in self.texts:
            self.texts[part.number] = self._text(part)
        return self.texts[part.number]

    def _text(self, part: Part) -> Text:
        most = min(TEXT_BYTES_MAX, self.room)
        if most <= 0:
            return Text("", is_cut=True)
        raw = part.raw
        if raw is None:
            raw = mailbox.whole_part(self.link, self.uid, part.number, most)
        is_cut = len(raw) >= most
        raw = raw[:most]
        self.room -= len(raw)
        is_html = part.kind == "text/html"
        found = words.text(transfer.decoded(raw, part.encoding), part.charset, is_html)
        return html_cut(found, is_cut) if is_html else text_cut(found, is_cut)

    def _is_empty(self, part: Part) -> bool:
        if part.size == 0 and part.raw is None:
            return True
        content = self.text(part).content
        if part.kind != "text/html":
            return not content.strip()
        if len(content) > EMPTY_LETTERS_MAX or "<img" in content.lower():
            return False
        return not html.plain_text(content)

    def pieces(self, part: Part) -> Iterator[bytes]:
        """A part's content, decoded piece by piece, so that no large file is ever whole in memory."""
        raw = iter([part.raw]) if part.raw is not None else self._fetched(part)
        return transfer.pieces(raw, part.encoding)

    def _fetched(self, part: Part) -> Iterator[bytes]:
        at = 0
        while True:
            raw = mailbox.part(self.link, self.uid, part.number, at, mailbox.CHUNK)
            at += len(raw)
            yield raw
            if len(raw) < mailbox.CHUNK:
                return


def text_cut(text: str, is_cut: bool) -> Text:
    """A plain text with whole lines only. is_cut: its end is missing already."""
    if len(text) > TEXT_LETTERS_MAX:
        text, is_cut = text[:TEXT_LETTERS_MAX], True
    if is_cut and (end := text.rfind("\n")) > 0:
        text = text[: end + 1]
    return Text(text, is_cut)


def html_cut(source: str, is_cut: bool) -> Text:
    """HTML that ends behind a whole tag; pictures in it count for nothing. is_cut: its end is missing already."""
    pictures: dict[str, str] = {}

    def held(found: re.Match[str]) -> str:
        name = f"data-{len(pictures)}@mailroom.invalid"
        pictures[name] = "".join(found[0].split())
        return f"cid:{name}"

    source = PICTURE_DATA.sub(held, source)
    if len(source) > html.LETTERS_MAX:
        source, is_cut = source[: html.LETTERS_MAX], True
    return Text(source[: source.rfind(">") + 1] if is_cut else source, is_cut, pictures)
