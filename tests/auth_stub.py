"""Stands for Dovecot's sign-in service, as Postfix speaks with it (Dovecot's auth protocol 1.1): one password."""

from __future__ import annotations

import base64
import socket
from pathlib import Path

from listening_server import ListeningServer


class AuthStub(ListeningServer):
    """Listens on a unix socket until closed; every user has the password."""

    def __init__(self, file: Path, password: str) -> None:
        self.password = password
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(file))
        file.chmod(0o777)
        super().__init__(listener)

    def serve(self, link: socket.socket) -> None:
        """Say yes or no to each question."""
        with link.makefile("rb") as lines:
            link.sendall(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0\nDONE\n")
            for line in lines:
                verb, *words = line.decode().rstrip("\n").split("\t")
                if verb == "AUTH":
                    given = next(one.removeprefix("resp=") for one in words if one.startswith("resp="))
                    _, user, password = base64.b64decode(given).decode().split("\0")
                    result = "OK" if password == self.password else "FAIL"
                    link.sendall(f"{result}\t{words[0]}\tuser={user}\n".encode())
