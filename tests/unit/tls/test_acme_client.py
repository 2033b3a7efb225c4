"""Certificates by ACME, against a small authority on loopback that checks each signature, nonce and proof."""

from __future__ import annotations

import socket
import threading
import urllib.error
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from acme_server import AcmeServer, fetched
from mailroom.tls.acme import Acme, AcmeFailed
from mailroom.tls.brought import Files, read
from mailroom.tls.chain import joined
from mailroom.tls.challenge import PATH, Listener
from mailroom.tls.served import of_pem

NAMES = ["mail.example.com", "autodiscover.example.com"]
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener(("127.0.0.1",), 0) as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, listener: Listener) -> Iterator[AcmeServer]:
    with AcmeServer(tmp_path, lambda name, path: fetched(f"http://127.0.0.1:{listener.port}{path}")) as made:
        yield made


def client(server: AcmeServer, listener: Listener, **more: Any) -> Acme:
    return Acme(server.directory, KEY, listener.publish, roots=server.roots, **more)


def failed(server: AcmeServer, listener: Listener, **more: Any) -> AcmeFailed:
    with pytest.raises(AcmeFailed) as reason:
        client(server, listener, **more).obtain(NAMES, "anna@example.com")
    assert listener.answers == {}
    return reason.value


def test_a_certificate_for_all_names(server: AcmeServer, listener: Listener) -> None:
    key, chain = client(server, listener).obtain(NAMES, "anna@example.com")
    pair = joined(*read(Files(chain, key)), of_pem(chain).begins + 1, server.roots, complete=False)
    assert of_pem(pair.chain_pem()).names == tuple(NAMES) and len(pair.certificates) == 2
    assert server.looked == NAMES and listener.answers == {}
    assert [one["contact"] for one in server.accounts.values()] == [["mailto:anna@example.com"]]


def test_the_account_is_found_again_by_its_key(server: AcmeServer, listener: Listener) -> None:
    for _ in range(2):
        client(server, listener).obtain(NAMES[:1], "")
    assert len(server.accounts) == 1 and server.issued() == 2


@pytest.mark.parametrize("times", [1, 3])
def test_a_nonce_that_is_refused_is_renewed(server: AcmeServer, listener: Listener, times: int) -> None:
    server.bad_nonces = times
    client(server, listener).obtain(NAMES[:1], "")
    assert server.issued() == 1


def test_not_for_ever(server: AcmeServer, listener: Listener) -> None:
    server.bad_nonces = 99
    assert failed(server, listener).kind == "badNonce"


def test_an_order_that_takes_a_while_is_waited_for(server: AcmeServer, listener: Listener) -> None:
    server.slow, waited = 3, []
    client(server, listener, pause=waited.append).obtain(NAMES[:1], "")
    assert waited == [1.0] * 3


def test_and_not_longer_than_the_limit(server: AcmeServer, listener: Listener) -> None:
    server.slow, time = 10_000, [0.0]

    def pause(seconds: float) -> None:
        time[0] += seconds

    reason = failed(server, listener, pause=pause, elapsed=lambda: time[0], limit_s=30.0)
    assert "not ready within 30 seconds" in reason.message and time[0] <= 30


def test_a_proof_that_is_refused(server: AcmeServer, listener: Listener) -> None:
    server.refuses = "CAA record forbids it"
    reason = failed(server, listener)
    assert "could not look at mail.example.com: CAA record forbids it" in reason.message
    assert server.looked == ["mail.example.com"] and server.issued() == 0


def test_nobody_reaches_us(server: AcmeServer, listener: Listener) -> None:
    def nobody(name: str, path: str) -> bytes:
        raise urllib.error.URLError("refused")

    server.look = nobody
    assert "could not look at mail.example.com: Connection refused" in failed(server, listener).message


def test_the_rate_limit_is_told_with_its_time(server: AcmeServer, listener: Listener) -> None:
    server.rate_limited = "7200"
    reason = failed(server, listener)
    assert (reason.kind, reason.retry_after_s) == ("rateLimited", 7200.0) and "too many certificates" in reason.message


@pytest.mark.parametrize("where", ["new-account", "new-order", "authz", "order"])
def test_a_server_that_answers_nonsense(server: AcmeServer, listener: Listener, where: str) -> None:
    server.broken = where
    assert "does not answer as a certificate authority does" in failed(server, listener).message


def test_a_server_that_is_down(server: AcmeServer, listener: Listener) -> None:
    server.__exit__()
    assert "localhost does not answer" in failed(server, listener).message


def test_a_server_whose_own_certificate_is_not_trusted(server: AcmeServer, listener: Listener, tmp_path: Path) -> None:
    from authority import certificate

    server.roots = tmp_path / "others.pem"
    server.roots.write_bytes(certificate("Another", authority=True).pem)
    assert "does not answer" in failed(server, listener).message and not server.posts


def test_only_https_is_spoken(server: AcmeServer, listener: Listener) -> None:
    made = Acme("http://127.0.0.1:1/directory", KEY, listener.publish, roots=server.roots)
    with pytest.raises(AcmeFailed):
        made.obtain(NAMES, "")


def test_no_redirect_is_followed(server: AcmeServer, listener: Listener) -> None:
    """Neither to http, nor inside: the certificate proves who the authority is, and not where it may send us."""
    visitors: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visitors.append(self.path)

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as web:
        threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
        server.moved = f"http://127.0.0.1:{web.server_port}/inside"
        reason = failed(server, listener)
        web.shutdown()
    assert "sends us elsewhere" in reason.message and reason.next and not visitors


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.1.1"])
def test_an_authority_does_not_send_us_into_the_network(server: AcmeServer, listener: Listener, host: str) -> None:
    server.base_told = f"https://{host}:{server.base.rpartition(':')[2]}"
    reason = failed(server, listener)
    assert "network of our own" in reason.message and not server.posts


def test_the_listener_answers_open_questions_alone(listener: Listener) -> None:
    listener.publish({"abc": "abc.print"})
    base = f"http://127.0.0.1:{listener.port}"
    assert fetched(f"{base}{PATH}abc") == b"abc.print"
    for path in (f"{PATH}abcd", PATH, "/abc", "/", f"{PATH}../abc"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetched(base + path)
        assert refused.value.code == 404
        refused.value.close()
    listener.publish({})
    with pytest.raises(urllib.error.HTTPError) as gone:
        fetched(f"{base}{PATH}abc")
    gone.value.close()


def test_a_port_that_is_taken_leaves_nothing_open() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError), Listener(("127.0.0.1",), taken.getsockname()[1]):
            raise AssertionError("it was not taken")
