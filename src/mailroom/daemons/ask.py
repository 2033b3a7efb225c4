"""Asking a daemon itself whether it serves: `python3 -I ask.py KIND [TARGET]`, exit 0 when it has answered.

s6 runs this while a service comes up, and the probes and the overview call `ask`. Standard library only, because it
starts many times. KIND is one of the functions below; TARGET is a unix socket's path or "address:port".
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable

TIME_LIMIT_S = 5.0
PAUSE_S = 0.2
PROBE_NAME = b"\x08mailroom\x07invalid\x00"


def connect(target: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A connection to "address:port" or to a unix socket, with our time limit. Raises OSError."""
    is_path = target.startswith("/")
    link = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET, kind)
    link.settimeout(TIME_LIMIT_S)
    if is_path:
        link.connect(target)
    else:
        address, _, port = target.rpartition(":")
        link.connect((address, int(port)))
    return link


def banner(target: str, greeting: bytes) -> bool:
    """Whether the first bytes that the server says are `greeting`."""
    with connect(target) as link:
        return link.recv(512).startswith(greeting)


def talk(target: str, line: bytes, wanted: bytes) -> bool:
    """Whether the server answers `line` with something that holds `wanted`."""
    with connect(target) as link:
        link.sendall(line)
        heard = b""
        while wanted not in heard:
            more = link.recv(4096)
            if not more:
                return False
            heard += more
        return True


def smtp(target: str) -> bool:
    """Postfix's smtpd (or Dovecot's lmtp) greets with 220 (RFC 5321 3.1)."""
    return banner(target, b"220")


def imap(target: str) -> bool:
    """Dovecot greets with * OK (RFC 3501 7.1.1)."""
    return banner(target, b"* OK")


def pop3(target: str) -> bool:
    """Dovecot greets with +OK (RFC 1939 3)."""
    return banner(target, b"+OK")


def managesieve(target: str) -> bool:
    """Pigeonhole greets with its capabilities (RFC 5804 1.8)."""
    return banner(target, b'"IMPLEMENTATION"')


def clamd(target: str) -> bool:
    """clamd(8): zPING answers PONG."""
    return talk(target, b"zPING\0", b"PONG")


def spamd(target: str) -> bool:
    """The SPAMD protocol's PING answers PONG."""
    return talk(target, b"PING SPAMC/1.5\r\n\r\n", b"PONG")


def http(target: str) -> bool:
    """Any answer from an HTTP server to /ping."""
    return talk(target, b"GET /ping HTTP/1.0\r\n\r\n", b"HTTP/1.")


def line(target: str) -> bool:
    """Our own processes answer {"op": "ping"} with a result."""
    return talk(target, json.dumps({"op": "ping"}).encode() + b"\n", b'"result"')


def milter(target: str) -> bool:
    """The filter answers the milter protocol's option negotiation (SMFIC_OPTNEG, version 6)."""
    offer = b"O" + struct.pack("!III", 6, 0x1FF, 0x1FFFFF)
    with connect(target) as link:
        link.sendall(struct.pack("!I", len(offer)) + offer)
        return link.recv(5)[4:5] == b"O"


def dns(target: str) -> bool:
    """The resolver answers a question for a name that cannot exist (RFC 6761 6.4: invalid)."""
    question = struct.pack("!HHHHHH", 0x4D52, 0x0100, 1, 0, 0, 0) + PROBE_NAME + struct.pack("!HH", 1, 1)
    with connect(target, socket.SOCK_DGRAM) as link:
        link.send(question)
        return link.recv(512)[:2] == b"MR"


KINDS: dict[str, Callable[[str], bool]] = {
    kind.__name__: kind for kind in (smtp, imap, pop3, managesieve, clamd, spamd, http, line, milter, dns)
}


def ask(kind: str, target: str) -> bool:
    """Whether the daemon at `target` answers as a `kind` should; a refused or slow connection is a no."""
    try:
        return KINDS[kind](target)
    except (OSError, ValueError):
        return False


def silent_after(asked: Iterable[tuple[str, str]], limit_s: float) -> list[tuple[str, str]]:
    """Ask each (kind, target) again and again until it answers; those that have not after `limit_s` in all."""
    until, silent = time.monotonic() + limit_s, list(asked)
    while silent := [(kind, target) for kind, target in silent if not ask(kind, target)]:
        if time.monotonic() > until:
            break
        time.sleep(PAUSE_S)
    return silent


if __name__ == "__main__":
    sys.exit(0 if ask(sys.argv[1], sys.argv[2]) else 1)
