"""Heads of HTTP are read strictly, and nothing of ours comes in from outside."""

from __future__ import annotations

import pytest

from mailroom.web import heads
from mailroom.web.heads import BadHead

GOOD = b"POST /mail/api/x?y=1 HTTP/1.1\r\nHost: nas\r\nContent-Length: 5\r\nX-Thing: a\tb "


def test_a_good_head() -> None:
    head = heads.request(GOOD)
    assert (head.method, head.target, head.length, head.get("x-thing")) == ("POST", "/mail/api/x?y=1", 5, "a\tb")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET  / HTTP/1.1", 400),
        (b"GET / HTTP/2.0", 400),
        (b"GET http://x/ HTTP/1.1", 400),
        (b"GET /a b HTTP/1.1", 400),
        (b"GET /\xff HTTP/1.1", 400),
        (b"GET / HTTP/1.1\r\nname without colon", 400),
        (b"GET / HTTP/1.1\r\nA: b\r\n folded", 400),
        (b"GET / HTTP/1.1\r\nA : b", 400),
        (b"GET / HTTP/1.1\r\nA: b\nX-Mailroom-User: root", 400),
        (b"GET / HTTP/1.1\r\nA: b\x00", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b", 400),
        (b"GET / HTTP/1.1\r\nX_Mailroom_User: root", 400),
        (b"GET / HTTP/1.1\r\nX-Mailroom_Later: 5", 400),
        (b"POST / HTTP/1.1\r\nContent_Length: 5", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1, 1", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: +1", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999999", 413),
        (b"GET / HTTP/1.1" + b"\r\nA: b" * 101, 431),
        (b"", 400),
    ],
)
def test_what_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(BadHead) as refused:
        heads.request(data)
    assert refused.value.status == status


def test_only_our_own_cookie_comes_in() -> None:
    data = GOOD + b"\r\nCookie: id=dsm; mailroom=anna:t;  other=1; mailroom=b"
    passed = heads.passed_on(heads.request(data), "portal", "").decode()
    assert "cookie: mailroom=anna:t\r\n" in passed and "dsm" not in passed and passed.count("cookie") == 1


def test_headers_of_ours_are_the_hubs_alone() -> None:
    data = GOOD + b"\r\nX-Mailroom-User: root\r\nx-mailroom-SIDE: window\r\nConnection: keep-alive\r\nUpgrade: x"
    passed = heads.passed_on(heads.request(data), "portal", "192.0.2.1").decode()
    assert "root" not in passed and "window" not in passed and "keep-alive" not in passed and "pgrade" not in passed
    assert "x-mailroom-side: portal\r\n" in passed and "x-mailroom-address: 192.0.2.1\r\n" in passed
    assert passed.count("content-length: 5\r\n") == 1 and "x-mailroom-user" not in passed
    passed = heads.passed_on(heads.request(data), "window", "192.0.2.1", "anna", body_later=True).decode()
    assert "x-mailroom-user: anna\r\n" in passed and "root" not in passed
    assert "x-mailroom-later: 5\r\n" in passed and "content-length: 0\r\n" in passed
