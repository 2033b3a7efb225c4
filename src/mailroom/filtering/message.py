"""A message on its way through the filter, and the answers that checks give about it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mailroom.filtering.body import Body
from mailroom.store.usage import Taken

Header = tuple[bytes, bytes]
# What is beyond is counted, not kept; the check `header_limit` refuses such a message.
HEADERS_MAX = 1000
HEADER_BYTES_MAX = 1024 * 1024


@dataclass
class Recipient:
    """One RCPT TO. refusal: the reply that refused it ("550 5.1.1 ..."), or "" when it was accepted."""

    address: str
    refusal: str = ""


@dataclass
class Client:
    """The machine at the other end. name is what its address resolves to, helo what it calls itself."""

    address: str = ""
    name: str = ""
    helo: str = ""


@dataclass
class Message:
    """One SMTP transaction. headers: (name, value as received, with its leading space).

    data: whether the client has begun to send the message itself. complete: whether all of it has come.
    smtputf8: whether the client asked for it (RFC 6531).
    blocked: whether it comes from an address that may send no mail today.
    is_return: whether its sender is a return address that we have made (SRS), which others may bring back.
    is_over: whether the sign-in of its connection holds no longer.
    owned: the addresses that who is signed in may send as; None when nobody is, or when that is not known.
    longest_header: bytes of the longest header. completed: headers that it lacked (filtering/completing.py).
    released: the checks that an administrator has released it from (filtering/released.py); None when it is no release.
    taken: how it was taken into account for its user's daily quota; None when it was not.
    """

    id: str
    arrived: float
    client: Client
    body: Body
    daemon: str = ""
    tls: str = ""
    login: str = ""
    sender: str = ""
    queue_id: str = ""
    recipients: list[Recipient] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    header_count: int = 0
    header_bytes: int = 0
    longest_header: int = 0
    completed: list[Header] = field(default_factory=list)
    data: bool = False
    complete: bool = False
    smtputf8: bool = False
    blocked: bool = False
    is_return: bool = False
    is_over: bool = False
    owned: frozenset[str] | None = None
    released: frozenset[str] | None = None
    taken: Taken | None = None

    @property
    def size(self) -> int:
        """Bytes of headers and body."""
        return self.header_bytes + self.body.size

    @property
    def accepted(self) -> list[Recipient]:
        """Recipients that were not refused."""
        return [recipient for recipient in self.recipients if not recipient.refusal]

    def add_header(self, name: bytes, value: bytes) -> None:
        """Append a header; one beyond the limits is only counted."""
        self.header_count += 1
        self.header_bytes += len(name) + len(value) + 3
        self.longest_header = max(self.longest_header, len(name) + 1 + len(value))
        if self.header_count <= HEADERS_MAX and self.header_bytes <= HEADER_BYTES_MAX:
            self.headers.append((name, value))

    def count(self, name: bytes) -> int:
        """How many headers have this name."""
        return sum(known.strip().lower() == name for known, _ in self.headers)

    def first(self, name: bytes) -> str:
        """The first header of this name, without surrounding space; "" when there is none."""
        for known, value in self.headers:
            if known.strip().lower() == name:
                return value.strip().decode("utf-8", "replace")
        return ""

    def pieces(self) -> Iterator[bytes]:
        """The message as it arrived, piece by piece, CRLF line ends (RFC 5322 2.1)."""
        lines = [name + b":" + value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for name, value in self.headers]
        yield b"\r\n".join([*lines, b"", b""])
        yield from self.body.pieces()

    def whole(self) -> bytes:
        """All pieces in one; for messages that are known to be small."""
        return b"".join(self.pieces())

    @property
    def whole_size(self) -> int:
        """Bytes that `pieces` yields."""
        return sum(len(piece) for piece in self.pieces())


@dataclass(frozen=True)
class Answer:
    """What one check says.

    result:  "pass" | "spam" | "virus" | "delete" | "reject" | "tempfail" | "unscanned" | "released".
    detail:  for people: the virus, the rules that hit, the reason.
    score:   points, when the check gives points.
    reply:   the SMTP reply it wants, when result is "reject" or "tempfail".
    setting: `page.key` of the setting at work.
    skips:   the tests that the message may skip (core/bypass.py).
    drops:   recipients whose copy is to vanish while others get theirs.
    """

    result: str
    detail: str = ""
    score: float | None = None
    reply: str = ""
    setting: str = ""
    skips: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()


@dataclass
class Asked:
    """An answer with who gave it and how long it took, as the journal keeps it."""

    check: str
    answer: Answer
    ms: float


@dataclass
class Changes:
    """What the actions did with a message: edits, and the reply that ends the transaction.

    body:  the new body in pieces, or None when it stays as it is. told: sentences for the journal.
    dropped: recipients that are taken off. copies: addresses that get a copy nobody knows of.

    final: "accept" | "discard" | an SMTP reply ("550 5.7.1 ...").
    kept:  files made for it, which must go again when the sender has to come back.
    undone: whether they went.
    """

    added: list[Header] = field(default_factory=list)
    replaced: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    final: str = "accept"
    body: Iterable[bytes | memoryview] | None = None
    taken: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    undone: bool = False

    def undo(self, final: str) -> Changes:
        """What is left when the sender must come back: the files are removed again, the reply is `final`."""
        for file in self.kept:
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
        return Changes(final=final, taken=self.taken, undone=True)
