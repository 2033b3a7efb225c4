"""The inner server: whatever is asked of it, its answer is ours and names no program."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import cherrypy
import pytest

from mailroom.web import app

LATER = b"X-Mailroom-Later: abc"
ODD = [
    b"GET /api/session HTTP/1.1\r\nHost: a\r\n" + LATER,
    b"GET /api/session HTTP/1.1\r\nHost: a\r\nContent-Length: abc",
    b'GET /api/session HTTP/1.1\r\nHost: a\r\nCookie: \xff\x01=b; (]="',
    b"GET /api/session?a=%FF%zz HTTP/1.1\r\nHost: a",
    b"GET /api/%FF HTTP/1.1\r\nHost: a",
    b"GET /api/session HTTP/1.1\r\nHost: a\r\nAuthorization: Basic !!!",
    b'GET /api/session HTTP/1.1\r\nHost: a\r\nContent-Type: \xff; a="',
    b"GET /api/session HTTP/1.1\r\nHost: a\r\nX-Thing: =?utf-8?b?////?=",
    b"GET /api/session HTTP/1.1\r\nHost: a\r\nX-Thing: =?no-charset?q?=FF?=",
    b"GET /api/session HTTP/1.1",
    b"BREW /api/session HTTP/1.1\r\nHost: a",
    b"GET api HTTP/1.1\r\nHost: a",
    b"nonsense",
]


@pytest.fixture(scope="module")
def inner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("inner") / "s"
    server = app.server(place, app.application())
    server.prepare()
    running = threading.Thread(target=server.serve)
    running.start()
    yield place
    server.stop()
    running.join(10)


def ask(place: Path, head: bytes) -> tuple[bytes, bytes]:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(20)
        link.connect(str(place))
        link.sendall(head + b"\r\nConnection: close\r\n\r\n")
        told = b""
        while piece := link.recv(65_536):
            told += piece
    known, _, body = told.partition(b"\r\n\r\n")
    return known, body


@pytest.mark.parametrize("head", ODD)
def test_no_answer_is_cherrypys_own(inner: Path, head: bytes) -> None:
    known, body = ask(inner, head)
    assert cherrypy.__version__.encode() not in known + body
    assert b"CherryPy" not in body and b"<html" not in body.lower() and b"Traceback" not in body


def test_what_fails_before_it_is_answered_is_a_problem_in_json(inner: Path) -> None:
    known, body = ask(inner, ODD[0])
    assert known.startswith(b"HTTP/1.1 500 ") and b"application/json" in known and b"no-store" in known
    assert json.loads(body)["code"] == "internal"


@pytest.mark.parametrize("head", [head for head in ODD if b"=?" in head])
def test_a_header_that_cannot_be_decoded_is_a_bad_request(inner: Path, head: bytes) -> None:
    assert ask(inner, head)[0].startswith(b"HTTP/1.1 400 ")
