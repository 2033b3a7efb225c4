"""A message on its way through the filter, and the answers that checks give about it."""

from __future__ import annotations

from dataclasses import dataclass, field

Header = tuple[bytes, bytes]


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
    """One SMTP transaction. headers: (name, value as received, with its leading space); body: bytes after the blank line."""

    id: str
    arrived: float
    client: Client
    daemon: str = ""
    tls: str = ""
    login: str = ""
    sender: str = ""
    queue_id: str = ""
    recipients: list[Recipient] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    header_bytes: int = 0
    body_bytes: int = 0
    complete: bool = False

    @property
    def size(self) -> int:
        """Bytes of headers and body."""
        return self.header_bytes + self.body_bytes

    @property
    def accepted(self) -> list[Recipient]:
        """Recipients that were not refused."""
        return [recipient for recipient in self.recipients if not recipient.refusal]

    def first(self, name: bytes) -> str:
        """The first header of this name, without surrounding space; "" when there is none."""
        for known, value in self.headers:
            if known.lower() == name:
                return value.strip().decode("utf-8", "replace")
        return ""

    def whole(self) -> bytes:
        """The message as it arrived, CRLF line ends (RFC 5322 2.1)."""
        lines = [name + b":" + value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for name, value in self.headers]
        return b"\r\n".join([*lines, b"", b""]) + b"".join(self.chunks)


@dataclass(frozen=True)
class Answer:
    """What one check says.

    result:  "pass" | "spam" | "virus" | "reject" | "tempfail" | "unscanned".
    detail:  for people: the virus, the rules that hit, the reason.
    score:   points, when the check gives points.
    reply:   the SMTP reply it wants, when result is "reject" or "tempfail".
    setting: `page.key` of the setting at work.
    """

    result: str
    detail: str = ""
    score: float | None = None
    reply: str = ""
    setting: str = ""


@dataclass
class Asked:
    """An answer with who gave it and how long it took, as the journal keeps it."""

    check: str
    answer: Answer
    ms: float


@dataclass
class Changes:
    """What the actions did with a message: header edits, and the reply that ends the transaction.

    final: "accept" | "discard" | an SMTP reply ("550 5.7.1 ...").
    """

    added: list[Header] = field(default_factory=list)
    replaced: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    final: str = "accept"
    taken: list[str] = field(default_factory=list)
