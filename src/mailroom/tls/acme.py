"""A client of ACME, by which certificate authorities give out certificates to programs (RFC 8555), with http-01.

Blocking, one certificate at a time. What a server sends back is bounded in size and in time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from mailroom.core.problems import Problem, cause
from mailroom.tls.acme_link import opener
from mailroom.tls.chain import ROOTS

ANSWER_LIMIT_S, ANSWER_BYTES_MAX = 20.0, 200_000
NONCE_TRIES = 4
POLL_S, POLL_MAX_S = 1.0, 15.0
URN = "urn:ietf:params:acme:error:"
REDIRECTS = range(300, 400)
RATE_LIMITED, BAD_NONCE = "rateLimited", "badNonce"
# RFC 8555 8.3: base64url, with enough of it not to be guessed. It becomes part of a path of ours.
TOKEN = re.compile(r"[A-Za-z0-9_-]{22,200}")
PEM_CHAIN = "application/pem-certificate-chain"


class AcmeFailed(Problem):
    """No certificate. kind: the server's own word (RFC 8555 6.7), "" when there is none; retry_after_s: its wish."""

    status = 424
    code = "acme_failed"

    def __init__(self, message: str, *, kind: str = "", retry_after_s: float = 0.0, next: str | None = None) -> None:
        super().__init__(message, next=next)
        self.kind, self.retry_after_s = kind, retry_after_s


class Answer(NamedTuple):
    """What a server answered."""

    headers: dict[str, str]
    content: bytes

    @property
    def facts(self) -> dict[str, Any]:
        """The JSON object in it. Raises ValueError."""
        found = json.loads(self.content)
        if not isinstance(found, dict):
            raise ValueError
        return found


class Acme:
    """One account at one directory.

    key: the account's, P-256. limit_s: for a whole certificate. publish: {token: what to answer} at
    /.well-known/acme-challenge/TOKEN of each name, until called again.
    """

    def __init__(
        self,
        directory: str,
        key: ec.EllipticCurvePrivateKey,
        publish: Callable[[dict[str, str]], None],
        *,
        roots: Path = ROOTS,
        limit_s: float = 90.0,
        pause: Callable[[float], None] = time.sleep,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self.directory, self.key, self.publish = directory, key, publish
        self.host = urlsplit(directory).hostname or directory
        self.limit_s, self.pause, self.elapsed = limit_s, pause, elapsed
        self.link = opener(ssl.create_default_context(cafile=str(roots)), self.host)
        self.known: dict[str, Any] = {}
        self.nonce = self.account = ""

    def obtain(self, names: list[str], contact: str) -> tuple[bytes, bytes]:
        """(key, chain) for these names, as PEM. contact: an e-mail address or "". Raises AcmeFailed."""
        end = self.elapsed() + self.limit_s
        try:
            return self._obtain(names, contact, end)
        except (KeyError, TypeError, ValueError, StopIteration) as reason:
            raise AcmeFailed(f"{self.host} does not answer as a certificate authority does ({reason}).") from reason
        finally:
            self.publish({})

    def _obtain(self, names: list[str], contact: str, end: float) -> tuple[bytes, bytes]:
        self.known = self._ask(self.directory).facts
        agreed = {"termsOfServiceAgreed": True, **({"contact": [f"mailto:{contact}"]} if contact else {})}
        self.account = self._post(self.known["newAccount"], agreed).headers["location"]
        order = self._post(self.known["newOrder"], {"identifiers": [{"type": "dns", "value": one} for one in names]})
        place, facts = order.headers["location"], order.facts
        for authorization in facts["authorizations"]:
            self._prove(authorization, end)
        key = ec.generate_private_key(ec.SECP256R1())
        self._post(facts["finalize"], {"csr": _b64(_request(key, names))})
        done = self._until(place, ("valid", "invalid"), end)
        if done["status"] != "valid":
            raise self._refused(done.get("error", {}))
        chain = self._post(done["certificate"], None, accept=PEM_CHAIN).content
        form = serialization.PrivateFormat.PKCS8
        return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()), chain

    def _prove(self, authorization: str, end: float) -> None:
        """Show that we answer at a name (RFC 8555 7.5, 8.3)."""
        facts = self._post(authorization, None).facts
        if facts["status"] == "valid":
            return
        name = facts["identifier"]["value"]
        challenge = next((one for one in facts["challenges"] if one["type"] == "http-01"), None)
        if challenge is None or not TOKEN.fullmatch(challenge["token"]):
            raise AcmeFailed(f"{self.host} offers no proof over HTTP for {name}.")
        self.publish({challenge["token"]: f"{challenge['token']}.{self.thumbprint()}"})
        self._post(challenge["url"], {})
        done = self._until(authorization, ("valid", "invalid", "deactivated", "expired", "revoked"), end)
        if done["status"] != "valid":
            errors = [one.get("error", {}).get("detail", "") for one in done.get("challenges", [])]
            detail = next(filter(None, errors), done["status"])
            raise AcmeFailed(f"{self.host} could not look at {name}: {detail}", kind="unauthorized")

    def _until(self, url: str, states: tuple[str, ...], end: float) -> dict[str, Any]:
        """Ask until the thing is in one of these states."""
        while True:
            answer = self._post(url, None)
            if answer.facts["status"] in states:
                return answer.facts
            wish = _seconds(answer.headers.get("retry-after", ""))
            pause_s = min(max(wish, POLL_S), POLL_MAX_S)
            if self.elapsed() + pause_s > end:
                raise AcmeFailed(f"{self.host} was not ready within {round(self.limit_s)} seconds.")
            self.pause(pause_s)

    def thumbprint(self) -> str:
        """The account key's (RFC 7638)."""
        return _b64(hashlib.sha256(json.dumps(self._jwk(), sort_keys=True, separators=(",", ":")).encode()).digest())

    def _jwk(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        x, y = (_b64(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def _post(self, url: str, payload: dict[str, Any] | None, accept: str = "application/json") -> Answer:
        """A signed question; without payload it only reads (RFC 8555 6.3). Raises AcmeFailed."""
        tries = NONCE_TRIES
        while True:
            try:
                return self._ask(url, self._signed(url, payload), accept)
            except AcmeFailed as reason:
                tries -= 1
                if reason.kind != BAD_NONCE or not tries:
                    raise

    def _signed(self, url: str, payload: dict[str, Any] | None) -> bytes:
        """A JWS (RFC 7515) as RFC 8555 6.2 wants it, with ES256 (RFC 7518 3.4)."""
        if not self.nonce:
            self._ask(self.known["newNonce"], method="HEAD")
        nonce, self.nonce = self.nonce, ""
        whose = {"kid": self.account} if self.account else {"jwk": self._jwk()}
        protected = _b64(json.dumps({"alg": "ES256", "nonce": nonce, "url": url, **whose}).encode())
        content = "" if payload is None else _b64(json.dumps(payload).encode())
        r, s = decode_dss_signature(self.key.sign(f"{protected}.{content}".encode(), ec.ECDSA(hashes.SHA256())))
        signature = _b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        return json.dumps({"protected": protected, "payload": content, "signature": signature}).encode()

    def _ask(self, url: str, body: bytes | None = None, accept: str = "application/json", method: str = "") -> Answer:
        """One question. Raises AcmeFailed for whatever is no answer with a status of 2xx."""
        if urlsplit(url).scheme != "https":
            raise AcmeFailed(f"{self.host} does not answer as a certificate authority does ({url}).")
        headers = {"User-Agent": "Mailroom", "Accept": accept}
        if body is not None:
            headers["Content-Type"] = "application/jose+json"
        asked = urllib.request.Request(url, body, headers, method=method or None)
        try:
            with self.link.open(asked, timeout=ANSWER_LIMIT_S) as found:
                return self._heard(found)
        except urllib.error.HTTPError as refusal:
            with refusal:
                if refusal.code in REDIRECTS:
                    raise AcmeFailed(
                        f"{self.host} sends us elsewhere.", next="Enter the address where the authority is now."
                    ) from None
                raise self._refused_by(refusal.code, self._heard(refusal)) from None
        except (OSError, HTTPException) as reason:
            inner = reason.reason if isinstance(reason, urllib.error.URLError) else reason
            said = cause(inner) if isinstance(inner, BaseException) else inner
            raise AcmeFailed(f"{self.host} does not answer ({said}).") from reason

    def _heard(self, found: Any) -> Answer:
        headers = {name.lower(): value for name, value in found.headers.items()}
        self.nonce = headers.get("replay-nonce", self.nonce)
        return Answer(headers, found.read(ANSWER_BYTES_MAX))

    def _refused_by(self, status: int, answer: Answer) -> AcmeFailed:
        try:
            facts = answer.facts
        except ValueError:
            facts = {"detail": f"HTTP {status}"}
        return self._refused(facts, _seconds(answer.headers.get("retry-after", "")))

    def _refused(self, facts: dict[str, Any], retry_after_s: float = 0.0) -> AcmeFailed:
        """What a problem document says (RFC 8555 6.7)."""
        kind, detail = str(facts.get("type", "")).removeprefix(URN), str(facts.get("detail", ""))[:500]
        if kind == RATE_LIMITED:
            text = f"{self.host} gives out no more for now: {detail}"
        else:
            text = f"{self.host} refused: {detail or kind}"
        return AcmeFailed(text, kind=kind, retry_after_s=retry_after_s)


def _request(key: ec.EllipticCurvePrivateKey, names: list[str]) -> bytes:
    """A certificate signing request (RFC 2986) for these names."""
    held = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])] if len(names[0]) <= 64 else [])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject).add_extension(held, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _seconds(text: str) -> float:
    """Retry-After in seconds; its other form, a date, is seldom and means a minute here."""
    return float(text) if text.isdecimal() else 60.0 if text else 0.0
