"""The next server on a message's way: announces what it is told to, keeps each command and each message as bytes."""

from __future__ import annotations

import socket
import threading

from listening_server import ListeningServer
from own_room import CLIENT, Room

PORT = 2525
WORDS = ("PIPELINING", "8BITMIME", "SIZE 99999999", "SMTPUTF8")


class NextServer(ListeningServer):
    """Listens in the room's network until closed. words: what it announces after EHLO."""

    def __init__(self, room: Room) -> None:
        self.words: tuple[str, ...] = WORDS
        self.commands: list[bytes] = []
        self.messages: list[bytes] = []
        self.news = threading.Condition()
        listener = room.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((CLIENT, PORT))
        super().__init__(listener)

    def holding(self, words: bytes, limit_s: float = 20.0) -> bytes:
        """Wait for the message that holds `words`."""

        def found() -> bytes | None:
            return next((one for one in self.messages if words in one), None)

        with self.news:
            assert self.news.wait_for(lambda: found() is not None, limit_s), f"{len(self.messages)} messages came"
            return found() or b""

    def serve(self, link: socket.socket) -> None:
        """Answer each command, and keep it."""
        with link.makefile("rb") as lines:
            link.sendall(b"220 next ESMTP\r\n")
            for line in lines:
                self.commands.append(line)
                verb = line[:4].upper()
                if verb == b"EHLO":
                    announced = [*("next", *self.words)]
                    last = announced.pop()
                    link.sendall("".join([*(f"250-{one}\r\n" for one in announced), f"250 {last}\r\n"]).encode())
                elif verb == b"DATA":
                    link.sendall(b"354 Go on\r\n")
                    content = b""
                    while (got := lines.readline()) not in (b".\r\n", b""):
                        content += got[1:] if got.startswith(b".") else got
                    with self.news:
                        self.messages.append(content)
                        self.news.notify_all()
                    link.sendall(b"250 2.0.0 Ok\r\n")
                elif verb == b"QUIT":
                    link.sendall(b"221 2.0.0 Bye\r\n")
                    return
                else:
                    link.sendall(b"250 2.0.0 Ok\r\n")
