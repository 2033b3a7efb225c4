"""Domains that announce the security of their mail servers, in the outside world of a machine, and mail to them."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from desktop import Desktop
from office import DOMAIN, PACKAGE, Office, until
from relay_server import RelayServer
from signed_dns import Records, SignedDns

PAGE = "mail_delivery.delivery"
POSTFIX = "/data/conf/current/postfix"
LOG = f"{PACKAGE}/var/data/log/postfix/current"
ROOT_KEYS = f"{PACKAGE}/target/root/opt/mailroom/app/mailroom/daemons/resolver/root.key"
# Strangers in the outside world (dsmhost/world.py).
DNS, MAIL = 12, 9


def bound(server: Office, last: int, port: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """A socket of the outside world at one of its addresses."""
    link = server.socket(kind=kind)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    link.bind((server.address(last), port))
    if kind == socket.SOCK_STREAM:
        link.listen()
    return link


def tlsa(certificate: x509.Certificate) -> str:
    """The record that names exactly this key (RFC 6698 2.1: 3 1 1)."""
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate.public_key().public_bytes(*form))
    return f"3 1 1 {digest.finalize().hex()}"


@contextlib.contextmanager
def signed_dns(server: Office, signed: dict[str, Records], plain: Records) -> Iterator[SignedDns]:
    """The NAS's own DNS server hands signatures on; the root's key is known to the resolver."""
    made = SignedDns(bound(server, DNS, 53, socket.SOCK_DGRAM), bound(server, DNS, 53), signed, plain)
    for file, line in (("/etc/resolv.conf", f"nameserver {server.address(DNS)}"), (ROOT_KEYS, made.anchor)):
        server.machine.run("sh", "-c", f"cp {file} {file}.before && echo '{line}' >{file}")
    try:
        yield made
    finally:
        for file in ("/etc/resolv.conf", ROOT_KEYS):
            server.machine.run("sh", "-c", f"cp {file}.before {file} && rm {file}.before")
        # Has the resolver ask the former server again.
        server.apply(PAGE, dane="yes")
        server.apply(PAGE, dane="no")
        made.close()


def send(server: Office, domain: str) -> str:
    """Ben writes to somebody there; the subject."""
    subject = f"announced {secrets.token_hex(4)}"
    with server.submission("ben") as client:
        client.send_message(server.mail(subject, to=f"friend@{domain}", sender=f"ben@{DOMAIN}"))
    return subject


def arrives(made: RelayServer, subject: str) -> None:
    """Waited for."""
    until(
        lambda: any(f"Subject: {subject}".encode() in one.content for one in made.messages), 60, f"{subject} is there"
    )


def waits(server: Office, domain: str, *words: str) -> None:
    """The message waits, and the window says that, for which domain and why."""

    def told() -> bool:
        found = [one for one in Desktop(server).get("api/overview")["problems"] if one["id"] == "announced"]
        text = " ".join(f"{one['title']} {one['text']}" for one in found).lower()
        return bool(found) and all(word.lower() in text for word in (domain, *words))

    queue = lambda: server.inside("postqueue", "-c", POSTFIX, "-p")  # noqa: E731
    until(told, 60, lambda: f"the window says {words}; the queue: {queue()}")


def try_again(server: Office) -> None:
    server.inside("postqueue", "-c", POSTFIX, "-f")


def forget(server: Office) -> None:
    """Nothing waits any more: what another test has left would be told, too."""
    server.inside("postsuper", "-c", POSTFIX, "-d", "ALL")


def log(server: Office, words: str) -> bool:
    """Whether Postfix has said this."""
    return words in server.machine.run("cat", LOG).stdout
