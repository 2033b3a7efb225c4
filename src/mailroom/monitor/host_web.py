"""What the NAS's own web server answers, asked as a browser on the NAS would."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from contextlib import closing

LIMIT_S = 3.0
BYTES_MAX = 64 * 1024
# Stands in each of our documents for mail programs.
OURS = b"Mailroom"


def serves(path: str, host: str) -> bool | None:
    """Whether what lies at this path is ours, over http or https; None when no web server answers at all."""
    answers = [_ask(made, path, host) for made in (_plain, _encrypted)]
    known = [answer for answer in answers if answer is not None]
    return any(known) if known else None


def _plain() -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", 80, timeout=LIMIT_S)


def _encrypted() -> http.client.HTTPConnection:
    # To this machine itself: whose certificate it is does not matter.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", 443, timeout=LIMIT_S, context=context)


def _ask(made: Callable[[], http.client.HTTPConnection], path: str, host: str) -> bool | None:
    try:
        with closing(made()) as link:
            link.request("GET", path, headers={"Host": host})
            return OURS in link.getresponse().read(BYTES_MAX)
    except (OSError, http.client.HTTPException):
        return None
