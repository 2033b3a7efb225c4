"""A ManageSieve client (RFC 5804), as much of it as the clients of mail programs use."""

from __future__ import annotations

import base64
import re
import socket
import ssl

ANSWER = re.compile(rb"(OK|NO|BYE)(?: \(([^)]*)\))?(?: (.*))?\Z", re.DOTALL)


class Refused(Exception):
    """The server's NO, with its words."""


class ManageSieve:
    """A connection that has been greeted. capabilities: {NAME: value}."""

    def __init__(self, link: socket.socket) -> None:
        self.link, self.stream = link, link.makefile("rb")
        self.capabilities = self._capabilities()

    def starttls(self, context: ssl.SSLContext) -> None:
        """Encrypt; the server says anew what it offers (RFC 5804 2.2)."""
        self.ask(b"STARTTLS")
        self.link = context.wrap_socket(self.link, server_hostname="nas")
        self.stream = self.link.makefile("rb")
        self.capabilities = self._capabilities()

    def login(self, user: str, password: str) -> None:
        """AUTHENTICATE PLAIN (RFC 4616). Raises Refused."""
        words = base64.b64encode(f"\0{user}\0{password}".encode())
        self.ask(b'AUTHENTICATE "PLAIN" "%b"' % words)

    def put(self, name: str, script: str) -> None:
        """Store a script. Raises Refused with the compiler's words when it has errors."""
        self.ask(b'PUTSCRIPT "%b" %b' % (name.encode(), _literal(script.encode())))

    def activate(self, name: str) -> None:
        """Run this script at delivery; "" for none."""
        self.ask(b'SETACTIVE "%b"' % name.encode())

    def scripts(self) -> dict[str, bool]:
        """{name: whether it is the active one}."""
        lines = self.ask(b"LISTSCRIPTS")
        return {line.split(b'"')[1].decode(): line.endswith(b" ACTIVE") for line in lines}

    def get(self, name: str) -> str:
        """A script's text."""
        return b"\n".join(self.ask(b'GETSCRIPT "%b"' % name.encode())).decode()

    def delete(self, name: str) -> None:
        """Remove a script that is not active."""
        self.ask(b'DELETESCRIPT "%b"' % name.encode())

    def close(self) -> None:
        """End the connection."""
        self.stream.close()
        self.link.close()

    def ask(self, command: bytes) -> list[bytes]:
        """The lines before the closing OK. Raises Refused."""
        self.link.sendall(command + b"\r\n")
        return self._answer()

    def _answer(self) -> list[bytes]:
        lines: list[bytes] = []
        while True:
            line = self._line()
            if found := ANSWER.match(line):
                if found[1] == b"OK":
                    return lines
                raise Refused(line.decode())
            lines.append(line)

    def _line(self) -> bytes:
        """One line; a literal at its end belongs to it, without its length."""
        line = self.stream.readline()
        assert line, "the server has closed the connection"
        if found := re.search(rb"\{(\d+)\}\r\n\Z", line):
            return line[: found.start()] + self.stream.read(int(found[1])) + self.stream.readline().rstrip()
        return line.rstrip(b"\r\n")

    def _capabilities(self) -> dict[str, str]:
        pairs = [re.findall(rb'"([^"]*)"', line) for line in self._answer()]
        return {pair[0].decode(): pair[1].decode() if len(pair) > 1 else "" for pair in pairs if pair}


def _literal(content: bytes) -> bytes:
    return b"{%d+}\r\n%b" % (len(content), content)
