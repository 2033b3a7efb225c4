"""Where an authority may send us: to its own host, or to public ones; always by HTTPS, and never by a redirect.

Whoever may name an authority in the settings could else have this server look into the network behind it.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.request
from typing import Any

from mailroom.core.net import is_ours, kind


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other refusal: the question was signed for one URL (RFC 8555 6.4)."""

    def redirect_request(self, *_: Any) -> None:
        return None


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, trust: ssl.SSLContext, own: str) -> None:
        super().__init__(context=trust)
        self.trust, self.own = trust, own

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)

    def _connection(self, host: str, **how: Any) -> http.client.HTTPSConnection:
        made = http.client.HTTPSConnection(host, context=self.trust, **how)
        # The one place in which it dials: names are looked up here, and what was looked at is what is connected to.
        made._create_connection = self._dial  # type: ignore[attr-defined]
        return made

    def _dial(self, place: tuple[str, int], timeout: Any = None, source_address: Any = None) -> socket.socket:
        host, port = place
        if host == self.own:
            return socket.create_connection(place, timeout)
        known = dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        failed: OSError = OSError(f"{host} is in a network of our own.")
        for address in known:
            if kind(address) == "public" and not is_ours(address):
                try:
                    return socket.create_connection((address, port), timeout)
                except OSError as reason:
                    failed = reason
        raise failed


def opener(trust: ssl.SSLContext, own: str) -> urllib.request.OpenerDirector:
    """What asks an authority. trust: whose certificates count. own: the host that was entered; it may be inside."""
    return urllib.request.build_opener(_NoRedirects, _Https(trust, own))
