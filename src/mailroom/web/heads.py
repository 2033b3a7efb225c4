"""Heads of HTTP/1.1 messages: read strictly, because two readers who understand one request differently are a hole.

Source: RFC 9112. What the grammar forbids is refused, and so is what it allows but no client of ours needs: folded
lines, chunked bodies, two lengths.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

HEAD_BYTES_MAX = 32 * 1024
HEADERS_MAX = 100
BODY_BYTES_MAX = 2 * 1024**3
REQUEST_LINE = re.compile(rb"([A-Z]{3,10}) (/[\x21-\x7e]*) HTTP/1\.[01]")
STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: ([\x20-\x7e]*))?")
NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
BAD_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# What belongs to one connection and is not passed on (RFC 9110 7.6.1).
HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}
OURS = "x-mailroom-"
COOKIE = "mailroom="
# DSM's own, on the desktop.
DESKTOP_COOKIE = "id="


class BadHead(Exception):
    """This head is refused: (status, plain words)."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


@dataclass
class Head:
    """A request's head. headers: (name, value) in order, names in lower case. length: bytes of the body."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    length: int = 0

    def get(self, name: str) -> str:
        """The value of the last header of this name, or ""."""
        return next((value for known, value in reversed(self.headers) if known == name), "")


def request(data: bytes) -> Head:
    """The head of a request, without its closing empty line. Raises BadHead."""
    first, *lines = data.split(b"\r\n")
    matched = REQUEST_LINE.fullmatch(first)
    if matched is None:
        raise BadHead(400, "The request line is not HTTP.")
    head = Head(matched[1].decode(), matched[2].decode(), _headers(lines))
    names = [name for name, _ in head.headers]
    if any("_" in name for name in names):
        # In CGI's and WSGI's names "_" and "-" are one letter (RFC 3875 4.1.18), and then X_Mailroom_User is ours.
        raise BadHead(400, "A header is malformed.")
    if "transfer-encoding" in names:
        raise BadHead(411, "Send a Content-Length.")
    if names.count("content-length") > 1 or names.count("host") > 1:
        raise BadHead(400, "A header is there twice.")
    length = head.get("content-length")
    if length and not re.fullmatch(r"[0-9]{1,12}", length):
        raise BadHead(400, "The Content-Length is no number.")
    head.length = int(length or 0)
    if head.length > BODY_BYTES_MAX:
        raise BadHead(413, "The body is too large.")
    return head


def answer(data: bytes) -> tuple[int, str, list[tuple[str, str]]]:
    """(status, reason, headers) of our own server's answer. Raises BadHead."""
    first, *lines = data.split(b"\r\n")
    matched = STATUS_LINE.fullmatch(first)
    if matched is None:
        raise BadHead(502, "The inner server did not answer in HTTP.")
    return int(matched[1]), (matched[2] or b"").decode(), _headers(lines)


def passed_on(head: Head, side: str, address: str, user: str = "", body_later: bool = False) -> bytes:
    """The head for the inner server: nothing of ours that came from outside, and what only the hub may say.

    user: whom the relay has vouched for; "" on the portal's side. body_later: only the guards are to answer.
    """
    kept = [
        (name, value)
        for name, value in head.headers
        if name not in HOP and not name.startswith(OURS) and name not in ("content-length", "cookie")
    ]
    # Other cookies are DSM's own: they are none of our business, and the relay has already asked about them. A digest
    # tells one session from the next.
    pairs = [pair.strip() for pair in head.get("cookie").split(";")]
    desktop = next((pair for pair in pairs if user and pair.startswith(DESKTOP_COOKIE)), "")
    kept += [("cookie", pair) for pair in pairs if pair.startswith(COOKIE)][:1]
    kept += [(f"{OURS}side", side), (f"{OURS}address", address), ("connection", "close")]
    kept += [(f"{OURS}user", user)] if user else []
    kept += [(f"{OURS}session", hashlib.sha256(desktop.encode()).hexdigest()[:16])] if desktop else []
    kept += [] if head.get("host") else [("host", "localhost")]
    if body_later:
        kept += [(f"{OURS}later", str(head.length)), ("content-length", "0")]
    elif head.length or head.method not in ("GET", "HEAD"):
        kept.append(("content-length", str(head.length)))
    lines = [f"{head.method} {head.target} HTTP/1.1", *(f"{name}: {value}" for name, value in kept)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _headers(lines: list[bytes]) -> list[tuple[str, str]]:
    if len(lines) > HEADERS_MAX:
        raise BadHead(431, "There are too many headers.")
    found = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not NAME.fullmatch(name) or BAD_IN_VALUE.search(value):
            raise BadHead(400, "A header is malformed.")
        found.append((name.decode().lower(), value.strip(b" \t").decode("latin-1")))
    return found
