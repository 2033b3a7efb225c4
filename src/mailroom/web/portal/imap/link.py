"""One connection to the IMAP server, from this machine, signed in with a session's token."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from typing import IO, Any

from mailroom.core.problems import Invalid, NotFound, Problem, Unavailable
from mailroom.daemons.places import PORTAL_IMAP_PORT
from mailroom.web.portal.imap.tokens import Garbled, Incoming, Response, quote

ADDRESS = ("127.0.0.1", PORTAL_IMAP_PORT)
TIME_LIMIT_S = 30.0
LOGIN_LIMIT_S = 10.0
CHUNK = 64 * 1024
DOWN = "The mailbox cannot be read just now."
FULL = "Too many programs are connected to this mailbox at once."

# An argument: an atom or ready-made syntax (str), a text that must be quoted (bytes), or a long one from a file.
Argument = str | bytes | tuple[IO[bytes], int]


class TokenRefused(Exception):
    """The session's token does not work (any more)."""


class Lost(Exception):
    """The connection has ended or makes no sense; a new one may do better."""


class Link:
    """A signed-in connection.

    folder: the name that is selected, as IMAP writes it; status: what it was like when it was last looked at.
    """

    def __init__(self, user: str, token: str, address: tuple[str, int] = ADDRESS) -> None:
        self.user = user
        self.folder: bytes | None = None
        self.status: dict[str, int] = {}
        self.closed = False
        self.made = self.used = time.monotonic()
        self.count = 0
        self.incoming = Incoming()
        try:
            self.socket = socket.create_connection(address, LOGIN_LIMIT_S)
        except OSError as reason:
            raise Unavailable(DOWN, next="Try again in a few seconds.") from reason
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._next()
            self._sign_in(user, token)
            self.socket.settimeout(TIME_LIMIT_S)
        except (Lost, OSError) as reason:
            self.close()
            raise Unavailable(DOWN, next="Try again in a few seconds.") from reason
        except (TokenRefused, Problem):
            self.close()
            raise

    def _sign_in(self, user: str, token: str) -> None:
        done, _ = self._exchange("LOGIN", user.encode(), token.encode())
        if done.kind == "OK":
            return
        codes = {word.upper() for word in done.code if isinstance(word, bytes)}
        if b"LIMIT" in codes or b"user+IP" in done.text:
            raise Unavailable(FULL, code="busy", next="Close some of them, or try again in a minute.")
        if b"UNAVAILABLE" in codes:
            raise Unavailable(DOWN, next="Try again in a few seconds.")
        raise TokenRefused

    def ask(self, *words: Argument) -> list[Response]:
        """Run a command; its untagged responses. Raises Problem when the server says no, Lost when it is gone."""
        done, untagged = self._exchange(*words)
        if done.kind == "OK":
            return untagged
        raise refusal(done)

    def follow(self, *words: Argument) -> tuple[Response, list[Response]]:
        """As `ask`, with the closing response. Raises as `ask` does."""
        done, untagged = self._exchange(*words)
        if done.kind != "OK":
            raise refusal(done)
        return done, untagged

    def close(self) -> None:
        """End the connection."""
        self.closed = True
        self.socket.close()

    def _exchange(self, *words: Argument) -> tuple[Response, list[Response]]:
        self.count += 1
        tag = f"m{self.count}".encode()
        try:
            self._send(tag, words)
            untagged: list[Response] = []
            while True:
                response = self._next()
                if response.tag == tag:
                    self.used = time.monotonic()
                    return response, untagged
                if response.tag == b"*":
                    if response.kind == "BYE":
                        raise Lost(response.text.decode("utf-8", "replace"))
                    untagged.append(response)
        except TimeoutError as reason:
            # It is at work, and would be again if it were asked again: a search that first has to make its index.
            self.close()
            raise Unavailable(
                "The mailbox takes too long for this.", code="slow", next="Try again in a few minutes."
            ) from reason
        except (OSError, Garbled) as reason:
            raise Lost(str(reason)) from reason

    def _send(self, tag: bytes, words: Sequence[Argument]) -> None:
        out = bytearray(tag)
        for word in words:
            out += b" "
            if isinstance(word, str):
                out += word.encode("ascii")
            elif isinstance(word, bytes):
                # Dovecot takes literals without waiting (LITERAL+, RFC 7888).
                out += quote(word) or b"{%d+}\r\n%b" % (len(word), word)
            else:
                file, length = word
                out += b"{%d+}\r\n" % length
                self.socket.sendall(out)
                out = bytearray()
                while length > 0 and (chunk := file.read(min(CHUNK, length))):
                    self.socket.sendall(chunk)
                    length -= len(chunk)
        self.socket.sendall(out + b"\r\n")

    def _next(self) -> Response:
        while (response := self.incoming.take()) is None:
            data = self.socket.recv(CHUNK)
            if not data:
                raise Lost("The server has closed the connection.")
            self.incoming.feed(data)
        return response


def refusal(done: Response) -> Problem:
    """The server's no as a problem of ours (RFC 5530 response codes)."""
    codes = {word.upper() for word in done.code if isinstance(word, bytes)}
    words = done.text.decode("utf-8", "replace")
    if b"ALREADYEXISTS" in codes:
        return Invalid("There is a folder of this name already.", code="taken", field="name")
    # CANNOT: a name that no folder can have, e.g. "..".
    if codes & {b"NONEXISTENT", b"TRYCREATE", b"CANNOT"} or "doesn't exist" in words:
        return NotFound("There is no such folder.", field="folder")
    if b"OVERQUOTA" in codes:
        return Invalid("The mailbox is full.", code="over_quota", next="Delete mail that is no longer needed.")
    if codes & {b"UNAVAILABLE", b"INUSE", b"SERVERBUG", b"LIMIT"} or done.kind == "NO":
        return Unavailable(DOWN, next="Try again in a few seconds.")
    return Invalid("The mailbox does not understand this.", code="refused_by_mailbox")


def each(responses: list[Response], wanted: bytes) -> list[list[Any]]:
    """The values of all data responses of this name: b"FETCH" for "* 12 FETCH (...)", b"LIST" for "* LIST ..."."""
    return [
        response.values
        for response in responses
        if any(isinstance(value, bytes) and value.upper() == wanted for value in response.values[:2])
    ]


Work = Callable[[Link], Any]
