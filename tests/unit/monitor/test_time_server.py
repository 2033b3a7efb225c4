"""Asking a time server: one that is right, one that is ahead, one without time, one that says nothing."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailroom.monitor.time_server import EPOCH_S, NoTime, of_the_host, offset_s

Answer = Callable[[bytes], list[bytes]]


@contextmanager
def time_server(answer: Answer) -> Iterator[int]:
    """A server at 127.0.0.1 that answers one question; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(10)

        def serve() -> None:
            question, whose = link.recvfrom(512)
            for one in answer(question):
                link.sendto(one, whose)

        thread = threading.Thread(target=serve)
        thread.start()
        yield link.getsockname()[1]
        thread.join()


def packet(question: bytes, ahead_s: float = 0.0, first: int = 0x24, stratum: int = 2) -> bytes:
    now = time.time() + ahead_s + EPOCH_S
    stamp = struct.pack("!II", int(now) & 0xFFFFFFFF, int((now % 1) * 2**32))
    return bytes([first, stratum]) + bytes(22) + question[40:48] + stamp + stamp


@pytest.mark.parametrize("ahead_s", [0.0, 90.0, -3600.0])
def test_how_far_the_clock_is_off(ahead_s: float) -> None:
    with time_server(lambda question: [packet(question, ahead_s)]) as port:
        assert offset_s("127.0.0.1", 5, port) == pytest.approx(ahead_s, abs=2)


def test_an_answer_to_somebody_else_is_not_believed() -> None:
    def answer(question: bytes) -> list[bytes]:
        return [packet(bytes(48), 7200), b"short", packet(question, 30)]

    with time_server(answer) as port:
        assert offset_s("127.0.0.1", 5, port) == pytest.approx(30, abs=2)


@pytest.mark.parametrize(("first", "stratum"), [(0xE4, 2), (0x24, 0), (0x24, 16), (0x23, 2)])
def test_a_server_without_time_is_told(first: int, stratum: int) -> None:
    with time_server(lambda question: [packet(question, first=first, stratum=stratum)]) as port, pytest.raises(NoTime):
        offset_s("127.0.0.1", 5, port)


def test_silence_ends() -> None:
    with time_server(lambda question: []) as port, pytest.raises(OSError):
        offset_s("127.0.0.1", 0.2, port)


@pytest.mark.parametrize(
    ("file", "text", "server"),
    [
        ("ntp.conf", "driftfile /x\nserver time.google.com iburst\n", "time.google.com"),
        ("ntp.conf", "server 127.127.1.0\nfudge 127.127.1.0 stratum 10\npool 2.pool.example\n", "2.pool.example"),
        ("ntp.conf", "# server commented.example\nserver 127.127.1.0\n", ""),
        ("chrony/chrony.conf", "pool 2.debian.pool.ntp.org iburst\n", "2.debian.pool.ntp.org"),
        ("systemd/timesyncd.conf", "[Time]\n#NTP=\nNTP=time.example other.example\n", "time.example"),
    ],
)
def test_the_server_that_the_nas_is_set_to(tmp_path: Path, file: str, text: str, server: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert of_the_host(tmp_path) == server


def test_no_server_is_none(tmp_path: Path) -> None:
    assert of_the_host(tmp_path) == ""
