"""X06-08: a policy is fetched as other servers do it: over TLS that is checked, within a time, and not without end."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from authority import Authority
from mailroom.core.sts_policy import BYTES_MAX
from mailroom.monitor.policy_host import NotTrusted, fetch
from policy_web import AUTHORITY, HOST, answering, web


def got(port: int, limit_s: float = 5.0) -> tuple[int, str]:
    return fetch("127.0.0.1", HOST, limit_s, AUTHORITY.root.pem.decode(), port)


def test_the_text_and_the_status_are_told(tmp_path: Path) -> None:
    with web(tmp_path, answering(b"version: STSv1\r\n")) as port:
        assert got(port) == (200, "version: STSv1\r\n")
    with web(tmp_path, answering(b"no", "404 Not Found")) as port:
        assert got(port)[0] == 404


def test_a_redirection_is_not_followed(tmp_path: Path) -> None:
    with web(tmp_path, answering(b"", "301 Moved", f"Location: https://{HOST}/other\r\n")) as port:
        assert got(port) == (301, "")


def test_a_certificate_for_another_name_or_of_nobody_known_does_not_count(tmp_path: Path) -> None:
    with web(tmp_path, answering(b"x"), "www.example.com") as port, pytest.raises(NotTrusted, match="mta-sts"):
        got(port)
    with web(tmp_path, answering(b"x")) as port, pytest.raises(NotTrusted):
        fetch("127.0.0.1", HOST, 5.0, Authority("Other").root.pem.decode(), port)


def test_no_more_is_read_than_a_policy_may_have(tmp_path: Path) -> None:
    with web(tmp_path, answering(b"x" * (BYTES_MAX + 5_000))) as port:
        assert len(got(port)[1]) == BYTES_MAX


def test_who_answers_by_the_drop_is_left_when_the_time_is_over(tmp_path: Path) -> None:
    over = threading.Event()

    def drops(link: ssl.SSLSocket) -> None:
        with contextlib.suppress(OSError):
            while not over.wait(0.05):
                link.sendall(b"H")

    with web(tmp_path, drops) as port:
        began = time.monotonic()
        try:
            with pytest.raises(OSError):
                got(port, 0.5)
            assert time.monotonic() - began < 5
        finally:
            over.set()


def test_nobody_there_and_no_tls_are_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(OSError):
        got(port)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OSError):
        got(silent.getsockname()[1], 0.3)
    with web(tmp_path, lambda link: link.sendall(b"220 this is no web server\r\n")) as port, pytest.raises(OSError):
        got(port)
