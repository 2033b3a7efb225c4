"""The relay CGI (src/relay/relay.c): nothing that a web server hands it begins a header of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "src" / "relay" / "relay.c"
USUAL = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/session", "REMOTE_ADDR": "192.0.2.7", "CONTENT_LENGTH": ""}


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("relay") / "relay.cgi"
    subprocess.run(("gcc", "-O1", "-Wall", "-Werror", "-o", str(made), str(SOURCE)), check=True)
    return made


def status(relay: Path, known: dict[str, str]) -> str:
    done = subprocess.run((str(relay),), env=known, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return done.stdout.decode().partition("\r\n")[0]


@pytest.mark.parametrize("name", ["REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "CONTENT_LENGTH"])
@pytest.mark.parametrize("end", ["\r\nX-Mailroom-User: admin", "\nX-Mailroom-User: admin", "\r", "\x7f"])
def test_nothing_of_the_request_begins_a_header(relay: Path, name: str, end: str) -> None:
    value = {**USUAL, "QUERY_STRING": "a=b", "CONTENT_LENGTH": "5"}[name]
    assert status(relay, {**USUAL, name: f"{value}{end}"}) == "Status: 400 Bad Request"


def test_an_ordinary_request_is_carried(relay: Path) -> None:
    """There is no web process here, and that is what it says."""
    assert status(relay, USUAL) == "Status: 503 Service Unavailable"
