"""A small certificate authority that speaks ACME (RFC 8555) over TLS on loopback, or wherever its socket is.

It takes nothing on trust: every signature, nonce, URL and key authorization is checked as the RFC wants it. What it
does wrong, a test asks for: `rate_limited`, `refuses`, `bad_nonces`, `broken`, `slow`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from authority import Authority
from authority import certificate as made_certificate

URN = "urn:ietf:params:acme:error:"


class Refusal(Exception):
    def __init__(self, status: int, kind: str, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    assert "=" not in text, "RFC 8555 6.1: no padding"
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return bytes(answer.read())


class AcmeServer:
    """name: its own, in its TLS certificate. look: fetches http://NAME/.well-known/..., as the Internet sees NAME."""

    def __init__(
        self, folder: Path, look: Callable[[str, str], bytes], link: socket | None = None, name: str = "localhost"
    ) -> None:
        self.authority, self.look = Authority("Acme"), look
        self.tls = made_certificate(name, days=30)
        (folder / "acme.pem").write_bytes(self.tls.pem + self.tls.key_pem())
        self.roots = folder / "acme-roots.pem"
        self.roots.write_bytes(self.tls.pem)
        self.nonces: set[str] = set()
        self.accounts: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.looked: list[str] = []
        self.posts: list[str] = []
        self.rate_limited = self.refuses = self.broken = ""
        # Where it sends its clients: for everything, and from its directory on.
        self.moved = self.base_told = ""
        self.bad_nonces, self.slow, self.days = 0, 0, 90.0
        self.turn = threading.Lock()
        self.web = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=link is None)
        self.web.daemon_threads = True
        if link is not None:
            self.web.socket.close()
            self.web.socket, self.web.server_address = link, link.getsockname()
            link.listen()
        self.web.acme = self  # type: ignore[attr-defined]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "acme.pem")
        self.base = f"https://{name}:{self.web.server_address[1]}"
        self.web.socket = context.wrap_socket(self.web.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.web.serve_forever, args=(0.1,))
        self.thread.start()

    @property
    def directory(self) -> str:
        return f"{self.base}/directory"

    def __enter__(self) -> AcmeServer:
        return self

    def __exit__(self, *_: Any) -> None:
        self.web.shutdown()
        self.thread.join(10)
        self.web.server_close()

    def nonce(self) -> str:
        made = secrets.token_urlsafe(16)
        self.nonces.add(made)
        return made

    def issued(self) -> int:
        return sum("certificate" in one for one in self.orders.values())

    def opened(self, url: str, body: bytes) -> tuple[str, dict[str, Any], Any]:
        """(account's URL or "", its key, payload) of a JWS whose signature, nonce and URL are right (RFC 8555 6)."""
        jws = json.loads(body)
        protected = json.loads(unb64(jws["protected"]))
        if protected.get("alg") != "ES256" or ("jwk" in protected) == ("kid" in protected):
            raise Refusal(400, "malformed", "wrong header")
        if protected.get("url") != url:
            raise Refusal(401, "unauthorized", "the url is another")
        if self.bad_nonces or protected.get("nonce") not in self.nonces:
            self.bad_nonces = max(0, self.bad_nonces - 1)
            raise Refusal(400, "badNonce", "unknown nonce")
        self.nonces.remove(protected["nonce"])
        kid = protected.get("kid", "")
        if kid and kid not in self.accounts:
            raise Refusal(400, "accountDoesNotExist", "unknown account")
        jwk = self.accounts[kid]["jwk"] if kid else protected["jwk"]
        numbers = ec.EllipticCurvePublicNumbers(
            int.from_bytes(unb64(jwk["x"])), int.from_bytes(unb64(jwk["y"])), ec.SECP256R1()
        )
        raw = unb64(jws["signature"])
        assert len(raw) == 64, "RFC 7518 3.4"
        signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        signed = f"{jws['protected']}.{jws['payload']}".encode()
        numbers.public_key().verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        return kid, jwk, json.loads(unb64(jws["payload"])) if jws["payload"] else None

    def answer(self, path: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        """(status, JSON or text, headers) to a POST."""
        kid, jwk, payload = self.opened(self.base + path, body)
        what, _, id = path.strip("/").partition("/")
        if (what == "new-account") == bool(kid):
            raise Refusal(400, "malformed", "jwk is for new accounts alone")
        self.posts.append(what)
        if self.broken == what:
            return 200, "<html>", {}
        return getattr(self, f"_{what.replace('-', '_')}")(id, payload, kid, jwk)

    def _new_account(self, id: str, payload: Any, kid: str, jwk: Any) -> Any:
        if not payload.get("termsOfServiceAgreed"):
            raise Refusal(403, "userActionRequired", "agree to the terms")
        url = next((one for one, facts in self.accounts.items() if facts["jwk"] == jwk), "")
        status = 200 if url else 201
        url = url or f"{self.base}/account/{len(self.accounts) + 1}"
        self.accounts[url] = {"jwk": jwk, "contact": payload.get("contact", [])}
        return status, {"status": "valid", **self.accounts[url]}, {"Location": url}

    def _new_order(self, id: str, payload: Any, kid: str, jwk: Any) -> Any:
        if self.rate_limited:
            raise Refusal(429, "rateLimited", "too many certificates already issued", Retry_After=self.rate_limited)
        id = str(len(self.orders) + 1)
        names = [one["value"] for one in payload["identifiers"]]
        self.orders[id] = {
            "names": names,
            "status": "pending",
            "kid": kid,
            "tokens": {name: secrets.token_urlsafe(24) for name in names},
            "proved": {name: "pending" for name in names},
            "waits": self.slow,
        }
        return 201, self._told(id), {"Location": f"{self.base}/order/{id}"}

    def _told(self, id: str) -> dict[str, Any]:
        order = self.orders[id]
        return {
            "status": order["status"],
            "identifiers": [{"type": "dns", "value": name} for name in order["names"]],
            "authorizations": [f"{self.base}/authz/{id}/{name}" for name in order["names"]],
            "finalize": f"{self.base}/finalize/{id}",
            **({"certificate": f"{self.base}/cert/{id}"} if "certificate" in order else {}),
        }

    def _authz(self, id: str, payload: Any, kid: str, jwk: Any) -> Any:
        assert payload is None, "POST-as-GET"
        number, _, name = id.partition("/")
        order = self.orders[number]
        url = f"{self.base}/challenge/{id}"
        proof = {"type": "http-01", "url": url, "token": order["tokens"][name], "status": order["proved"][name]}
        if order["proved"][name] == "invalid":
            proof["error"] = {"type": f"{URN}{'unauthorized'}", "detail": order["why"]}
        other = {"type": "dns-01", "url": f"{url}/dns", "token": "x" * 43, "status": "pending"}
        told = {"identifier": {"type": "dns", "value": name}, "status": order["proved"][name]}
        return 200, {**told, "challenges": [other, proof]}, {}

    def _challenge(self, id: str, payload: Any, kid: str, jwk: Any) -> Any:
        assert payload == {}, "RFC 8555 7.5.1"
        number, _, name = id.partition("/")
        order = self.orders[number]
        token = order["tokens"][name]
        key = {field: jwk[field] for field in ("crv", "kty", "x", "y")}
        print_ = b64(hashlib.sha256(json.dumps(key, sort_keys=True, separators=(",", ":")).encode()).digest())
        try:
            self.looked.append(name)
            found = self.look(name, f"/.well-known/acme-challenge/{token}")
            right = found.strip() == f"{token}.{print_}".encode() and not self.refuses
            order["why"] = self.refuses or "Invalid response"
        except OSError as reason:
            right, order["why"] = False, f"Connection refused ({reason})"
        order["proved"][name] = "valid" if right else "invalid"
        if set(order["proved"].values()) == {"valid"}:
            order["status"] = "ready"
        told = {"type": "http-01", "status": "processing", "token": token, "url": f"{self.base}/challenge/{id}"}
        return 200, told, {"Link": f'<{self.base}/authz/{id}>;rel="up"'}

    def _finalize(self, id: str, payload: Any, kid: str, jwk: Any) -> Any:
        order = self.orders[id]
        if order["status"] != "ready":
            raise Refusal(403, "orderNotReady", "not every name is proved")
        request = x509.load_der_x509_csr(unb64(payload["csr"]))
        held = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if not request.is_signature_valid or held.get_values_for_type(x509.DNSName) != order["names"]:
            raise Refusal(400, "badCSR", "other names than ordered")
        made = made_certificate(
            *order["names"], by=self.authority.middle, key=Public(request.public_key()), days=self.days, begins_days=0
        )
        order["certificate"] = (made.pem + self.authority.middle.pem).decode()
        order["status"] = "processing"
        return 200, self._told(id), {}

    def _order(self, id: str, payload: Any, kid: str, jwk: Any) -> Any:
        assert payload is None, "POST-as-GET"
        order = self.orders[id]
        if order["waits"]:
            order["waits"] -= 1
        elif order["status"] == "processing":
            order["status"] = "valid"
        return 200, self._told(id), {"Retry-After": "1"}

    def _cert(self, id: str, payload: Any, kid: str, jwk: Any) -> Any:
        return 200, self.orders[id]["certificate"], {}


class Public:
    """A key of which only the public half is known, as the authority sees it."""

    def __init__(self, key: Any) -> None:
        self.key = key

    def public_key(self) -> Any:
        return self.key


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def acme(self) -> AcmeServer:
        return self.server.acme  # type: ignore[attr-defined,no-any-return]

    def do_HEAD(self) -> None:
        self._send(200, "", {})

    def do_GET(self) -> None:
        if self.acme.moved:
            return self._send(302, "", {"Location": self.acme.moved})
        base = self.acme.base_told or self.acme.base
        known = {"newNonce": "new-nonce", "newAccount": "new-account", "newOrder": "new-order"}
        self._send(200, {name: f"{base}/{path}" for name, path in known.items()}, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/jose+json"
        with self.acme.turn:
            try:
                self._send(*self.acme.answer(self.path, body))
            except Refusal as reason:
                told = {"type": URN + reason.kind, "detail": reason.detail, "status": reason.status}
                self._send(reason.status, told, reason.headers)

    def _send(self, status: int, told: Any, headers: dict[str, str]) -> None:
        content = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"Replay-Nonce": self.acme.nonce(), **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        return None
