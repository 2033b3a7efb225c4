"""An LMTP server (RFC 2033) in the test's own process: takes every message and lets tests wait for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from listening_server import ListeningServer


@dataclass
class Taken:
    """One message: envelope and content as it came over the wire, dots removed."""

    sender: str
    recipients: list[str] = field(default_factory=list)
    content: bytes = b""


class LmtpSink(ListeningServer):
    """Listens on a unix socket until closed."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.taken: list[Taken] = []
        self.news = threading.Condition()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(file))
        file.chmod(0o777)
        super().__init__(listener)

    def wait(self, true: Callable[[list[Taken]], bool], limit_s: float = 20.0) -> list[Taken]:
        """Wait until `true(messages)`; a copy of the messages."""
        with self.news:
            assert self.news.wait_for(lambda: true(self.taken), limit_s), f"{len(self.taken)} messages came"
            return list(self.taken)

    def holding(self, words: bytes, limit_s: float = 20.0) -> Taken:
        """Wait for the message whose content holds `words`."""
        known = self.wait(lambda taken: any(words in one.content for one in taken), limit_s)
        return next(one for one in known if words in one.content)

    def serve(self, link: socket.socket) -> None:
        """Take what comes."""
        with link.makefile("rb") as lines:
            link.sendall(b"220 sink LMTP\r\n")
            self._talk(link, lines)

    def _talk(self, link: socket.socket, lines: BinaryIO) -> None:
        message = Taken("")
        while line := lines.readline():
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            reply = "250 2.0.0 Ok"
            if verb == "LHLO":
                reply = "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"
            elif verb == "MAIL":
                message = Taken(_address(rest))
            elif verb == "RCPT":
                message.recipients.append(_address(rest))
            elif verb == "DATA":
                link.sendall(b"354 Go on\r\n")
                message.content = _content(lines)
                with self.news:
                    self.taken.append(message)
                    self.news.notify_all()
                reply = "\r\n".join(["250 2.0.0 Taken"] * len(message.recipients))
            link.sendall(reply.encode() + b"\r\n")
            if verb == "QUIT":
                return


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


def _content(lines: BinaryIO) -> bytes:
    got: list[bytes] = []
    while (line := lines.readline()) not in (b".\r\n", b""):
        got.append(line[1:] if line.startswith(b".") else line)
    return b"".join(got)
