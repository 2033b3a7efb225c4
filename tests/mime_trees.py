"""MIME messages of any shape, by a seed: raw, and as an IMAP server describes them (RFC 3501 7.4.2)."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

KINDS = (
    *("text/plain",) * 5,
    *("text/html",) * 5,
    "text/calendar",
    "text/csv",
    "text/markdown",
    "text/rfc822-headers",
    "text/x-patch",
    "image/png",
    "image/png",
    "application/pdf",
    "message/delivery-status",
)
HOLDERS = ("mixed", "mixed", "alternative", "alternative", "related", "related", "report", "signed", "x-unknown")
ENCODINGS = ("7bit", "base64", "quoted-printable")
FORMS = ("text/plain", "text/html")


@dataclass
class Leaf:
    """A leaf. word: is in its content and nowhere else, or "" for one that shows nothing."""

    kind: str
    word: str
    name: str = ""
    disposition: str = ""
    cid: str = ""
    encoding: str = "7bit"
    refers: tuple[str, ...] = ()
    number: str = ""
    content: bytes = b""


@dataclass
class Holder:
    """A multipart."""

    kind: str
    children: list[Leaf | Holder]
    boundary: str = ""
    number: str = ""
    content: bytes = field(default=b"", repr=False)


class Maker:
    """Makes one message after the other."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.count = 0

    def tree(self, depth: int = 0) -> Leaf | Holder:
        """A message, or a part of one."""
        chance = self.random.random()
        if depth > 4 or chance < (0.15 if depth == 0 else 0.6):
            return self.leaf()
        self.count += 1
        boundary = f"edge-{self.count}-"
        made = [self.tree(depth + 1) for _ in range(self.random.choice((1, 2, 2, 3, 3, 4)))]
        kind = self.random.choice(HOLDERS)
        if kind == "related" and self.random.random() < 0.7:
            _refer(made)
        return Holder(kind, made, boundary)

    def leaf(self) -> Leaf:
        """One leaf; of each property sometimes one."""
        pick = self.random.random
        self.count += 1
        kind = self.random.choice(KINDS)
        made = Leaf(kind, "" if pick() < 0.15 else f"word{self.count}x", encoding=self.random.choice(ENCODINGS))
        if pick() < 0.25:
            made.name = f"name{self.count}.bin"
        if pick() < 0.3:
            made.disposition = self.random.choice(("inline", "attachment"))
        if kind == "image/png" and pick() < 0.7:
            made.cid = f"cid{self.count}@here"
        return made


def _refer(children: list[Leaf | Holder]) -> None:
    """Let the HTML texts among these refer to the pictures among them."""
    cids = tuple(one.cid for one in children if isinstance(one, Leaf) and one.cid)
    for one in children:
        if isinstance(one, Leaf) and one.kind == "text/html":
            one.refers = cids


def leaves(node: Leaf | Holder) -> Iterator[Leaf]:
    """Every leaf, in order."""
    if isinstance(node, Leaf):
        yield node
    else:
        for child in node.children:
            yield from leaves(child)


def raw(node: Leaf | Holder, number: str = "", head: str = "") -> bytes:
    """The part with its header; numbers and contents are noted in it."""
    node.number = number or ("1" if isinstance(node, Leaf) else "")
    lines = [head] if head else []
    if isinstance(node, Leaf):
        lines.append(f"Content-Type: {node.kind}" + (f'; name="{node.name}"' if node.name else ""))
        lines.append(f"Content-Transfer-Encoding: {node.encoding}")
        lines += [f"Content-Disposition: {node.disposition}"] if node.disposition else []
        lines += [f"Content-ID: <{node.cid}>"] if node.cid else []
        node.content = _encoded(node)
    else:
        lines.append(f'Content-Type: multipart/{node.kind}; boundary="{node.boundary}"')
        pieces = [
            raw(child, f"{number}.{turn}" if number else str(turn)) for turn, child in enumerate(node.children, 1)
        ]
        edge = f"--{node.boundary}".encode()
        node.content = b"".join(edge + b"\r\n" + piece + b"\r\n" for piece in pieces) + edge + b"--\r\n"
    return "\r\n".join([*lines, "", ""]).encode() + node.content


def _encoded(leaf: Leaf) -> bytes:
    pictures = "".join(f'<img src="cid:{cid}">' for cid in leaf.refers)
    text = {"text/html": f"<html><body><p>{leaf.word}</p>{pictures}</body></html>"}.get(leaf.kind, leaf.word)
    data = text.encode() if leaf.word or pictures else (b"<p> </p>" if leaf.kind == "text/html" else b"")
    if leaf.encoding == "base64":
        return base64.encodebytes(data).replace(b"\n", b"\r\n")
    return quopri.encodestring(data).replace(b"\n", b"\r\n") if leaf.encoding == "quoted-printable" else data


def structure(node: Leaf | Holder) -> list[Any]:
    """BODYSTRUCTURE; call `raw` first."""
    if isinstance(node, Holder):
        parameters = [b"boundary", node.boundary.encode()]
        return [*map(structure, node.children), node.kind.encode(), parameters, None, None, None]
    main, _, sub = node.kind.encode().partition(b"/")
    parameters = [b"name", node.name.encode()] if node.name else None
    lines = [b"1"] if main == b"text" else []
    disposition = [node.disposition.encode(), None] if node.disposition else None
    cid = f"<{node.cid}>".encode() if node.cid else None
    size = str(len(node.content)).encode()
    return [main, sub, parameters, cid, None, node.encoding.encode(), size, *lines, None, disposition, None, None]


def sections(node: Leaf | Holder) -> dict[str, bytes]:
    """What BODY[...] is of each number."""
    found = {node.number or "TEXT": node.content}
    if isinstance(node, Holder):
        for child in node.children:
            found |= sections(child)
    return found


def lost(node: Leaf | Holder, body: str, facts: dict[str, Any]) -> list[str]:
    """The leaves that a reader of this message never sees: neither shown, nor used by what is shown, nor listed."""
    listed = [one["part"] for one in facts["attachments"]]
    used = [one["part"] for one in facts["pictures"] if f"parts/{one['part']}" in body]
    found = []
    for leaf in leaves(node):
        seen = (leaf.word and leaf.word in body) or leaf.number in listed or leaf.number in used
        # A text without a word shows its pictures at most, and they are looked for by themselves.
        nothing = not leaf.word and leaf.kind in FORMS
        if not (seen or nothing or _has_other_form(node, leaf, body)):
            found.append(f"{leaf.number} {leaf.kind} {leaf.name} {leaf.disposition}")
    return found


def _has_other_form(node: Leaf | Holder, leaf: Leaf, body: str) -> bool:
    """Whether it is a text beside which another form of the same is shown (RFC 2046 5.1.4)."""
    if leaf.kind not in FORMS or leaf.name or leaf.disposition == "attachment":
        return False
    for holder in _above(node, leaf):
        if holder.kind == "alternative":
            mine = next(one for one in holder.children if any(each is leaf for each in leaves(one)))
            others = [each for one in holder.children if one is not mine for each in leaves(one)]
            if any(one.word and one.word in body for one in others) or any(one.kind in FORMS for one in others):
                return True
    return False


def _above(node: Leaf | Holder, leaf: Leaf) -> list[Holder]:
    """The holders that it lies in."""
    if isinstance(node, Leaf):
        return []
    for child in node.children:
        if any(one is leaf for one in leaves(child)):
            return [node, *_above(child, leaf)]
    return []
