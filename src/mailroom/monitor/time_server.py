"""How far this machine's clock is off, as a time server tells (SNTP, RFC 4330), and which one the NAS itself uses."""

from __future__ import annotations

import re
import socket
import struct
import time
from pathlib import Path

from mailroom.core import paths

PORT = 123
# 1 January 1900 to 1970, in seconds (RFC 4330 3).
EPOCH_S = 2_208_988_800
CLIENT_V4 = 0x23
STRANGERS_MAX = 10
OUTSIDE = paths.RUN / "outside" / "root" / "etc"
# What DSM writes, and what plain Debian has: ntp.conf(5), chrony.conf(5), timesyncd.conf(5).
FILES = ("ntp.conf", "chrony.conf", "chrony/chrony.conf", "systemd/timesyncd.conf")
NAMED = re.compile(r"^[ \t]*(?:(?:server|pool)[ \t]+|NTP[ \t]*=[ \t]*)([A-Za-z0-9.:-]+)", re.MULTILINE)


class NoTime(Exception):
    """The server answered, but has no time to tell: it is not set itself, or wants to be left alone."""


def of_the_host(folder: Path = OUTSIDE) -> str:
    """The NTP server that the NAS is set to, "" when it follows none."""
    for name in FILES:
        try:
            text = (folder / name).read_text(errors="replace")
        except OSError:
            continue
        # The local clock as its own server (127.127.1.0) is none.
        named = [server for server in NAMED.findall(text) if not server.startswith("127.127.")]
        if named:
            return str(named[0])
    return ""


def offset_s(address: str, limit_s: float, port: int = PORT) -> float:
    """Seconds by which the server is ahead of us. Raises OSError (TimeoutError too) and NoTime."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as link:
        link.settimeout(limit_s)
        link.connect((address, port))
        began = time.time()
        sent = _stamp(began)
        link.send(bytes([CLIENT_V4]) + bytes(39) + sent)
        answer = link.recv(512)
        # What does not carry our own time back answers somebody else.
        for _ in range(STRANGERS_MAX):
            if len(answer) >= 48 and answer[24:32] == sent:
                break
            answer = link.recv(512)
        else:
            raise NoTime(address)
        ended = time.time()
    leap, mode, stratum = answer[0] >> 6, answer[0] & 7, answer[1]
    if leap == 3 or mode != 4 or not 0 < stratum < 16:
        raise NoTime(address)
    received, left = _seconds(answer[32:40]), _seconds(answer[40:48])
    return ((received - began) + (left - ended)) / 2


def _stamp(moment: float) -> bytes:
    whole = int(moment)
    return struct.pack("!II", (whole + EPOCH_S) & 0xFFFFFFFF, int((moment - whole) * 2**32))


def _seconds(stamp: bytes) -> float:
    whole, part = struct.unpack("!II", stamp)
    # The count began anew in 2036 (RFC 4330 3).
    return float(whole + (2**32 if whole < EPOCH_S else 0) - EPOCH_S + part / 2**32)
