"""Handing a message over to a submission server that fails at each place: what is said, and what counts as sent."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator

import pytest

from mailroom.core.problems import Unavailable
from mailroom.web.portal import submit
from mailroom.web.portal.sessions import Session

ANNA = Session("anna", "t")


class Server:
    """SMTP for one connection. answers: by command, or "." for the message; b"" closes the connection."""

    def __init__(self, **answers: bytes) -> None:
        self.answers = {
            "EHLO": b"250-here\r\n250 AUTH PLAIN",
            "AUTH": b"235 ok",
            "DATA": b"354 go",
            ".": b"250 queued",
            "QUIT": b"221 bye",
        }
        self.answers |= {name.replace("END", "."): answer for name, answer in answers.items()}
        self.door = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        link, _ = self.door.accept()
        with link, link.makefile("rwb", buffering=0) as lines:
            lines.write(b"220 here\r\n")
            is_data = False
            while line := lines.readline():
                word = line[:4].decode().upper().strip()
                if is_data and line != b".\r\n":
                    continue
                answer = self.answers.get("." if is_data else word, b"250 ok")
                is_data = word == "DATA"
                if not answer:
                    return
                lines.write(answer + b"\r\n")


def hand_over(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setattr(submit, "ADDRESS", server.door.getsockname())
    with server.door:
        submit.submit(ANNA, "anna@example.com", ["ben@example.net"], io.BytesIO(b"Subject: x\r\n\r\n.y\r\n"), 19)
        server.thread.join(10.0)


@pytest.fixture(params=[b"221 bye", b"421 4.3.2 shutting down", b""])
def farewell(request: pytest.FixtureRequest) -> Iterator[bytes]:
    yield request.param


def test_what_was_taken_was_sent_whatever_comes_after(monkeypatch: pytest.MonkeyPatch, farewell: bytes) -> None:
    hand_over(monkeypatch, Server(QUIT=farewell))


def test_a_message_without_an_answer_is_not_said_to_be_here_still(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="did not say") as caught:
        hand_over(monkeypatch, Server(END=b""))
    assert caught.value.code == "unanswered"


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_connection_that_breaks_before_the_message_has_sent_nothing(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    with pytest.raises(Unavailable, match="cannot be sent just now"):
        hand_over(monkeypatch, Server(**{command: b""}))


def test_a_message_that_is_refused_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable) as caught:
        hand_over(monkeypatch, Server(END=b"451 4.3.0 later"))
    assert caught.value.code == "put_off"
