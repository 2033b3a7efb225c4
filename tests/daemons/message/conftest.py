"""Chains of real daemons, one for each module of tests."""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from auth_stub import AuthStub
from mail_chain import READY, Chain
from mailroom.daemons.places import PORTAL_SMTP_PORT
from next_server import PORT, NextServer
from own_room import CLIENT, LAN_CLIENT, bundle

USERS = {"alice@example.com": "OK", "carol@example.com": "OK", "gone@example.com": "OK"}
MANY = {f"u{number}@example.com": "OK" for number in range(10_000)}
HELD = {"gone@example.com": "450 4.2.1 This mailbox cannot be reached now; try again later"}
PASSWORD = "secret"
OFFICE = {
    "security.antivirus": {"enabled": False},
    "security.spam": {"enabled": False},
    "mail_delivery.general": {"skip_auth_on_lan": True, "lan_networks": [f"{LAN_CLIENT}/32"]},
}

Start = Callable[..., Chain]


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """start(*daemons, settings=..., data_size=...): a running chain with three users, ended after the module."""
    root = bundle()
    if root is None:
        pytest.skip("needs root and a built bundle")
    chains: list[Chain] = []

    def make(*daemons: str, **how: Any) -> Chain:
        chains.append(Chain(root, **how))
        chains[-1].maps(recipients={**USERS, **MANY}, held=HELD)
        chains[-1].run_all(*daemons)
        return chains[-1]

    yield make
    for chain in chains:
        chain.end()


class Office(Chain):
    """A chain whose users sign in with PASSWORD, and whose mail to others goes to `outside`."""

    auth: AuthStub
    outside: NextServer

    def signed_in(self, user: str = "alice", port: int = 587) -> smtplib.SMTP:
        """A client that has signed in on a port for users."""
        place = {"server": "127.0.0.1", "client": "127.0.0.1"} if port == PORTAL_SMTP_PORT else {}
        client = self.smtp(port, **place)
        if port == 587:
            # Checks no name; only this is needed of it.
            client._host = "mail.example.com"  # type: ignore[attr-defined]
            client.starttls(context=ssl._create_unverified_context())
        client.login(user, PASSWORD)
        return client


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """Postfix and the filter, without scanners; 192.0.2.10 may send without signing in."""
    root = bundle()
    if root is None:
        pytest.skip("needs root and a built bundle")
    chain = Office(root, settings=OFFICE)
    chain.maps(recipients=USERS, senders={"alice@example.com": "alice"})
    chain.postconf(f"relayhost = [{CLIENT}]:{PORT}", f"smtp_bind_address = {CLIENT}", "smtp_tls_security_level = none")
    chain.run_all("filter")
    chain.start("postfix")
    chain.auth = AuthStub(chain.run_folder / "dovecot/auth-postfix", PASSWORD)
    chain.outside = NextServer(chain)
    facts = chain.run_folder / "accounts" / "facts.json"
    facts.write_text(json.dumps({"senders": {"alice@example.com": ["alice"]}, "ended": {}}))
    facts.chmod(0o644)
    chain.ready(*READY["postfix"])
    yield chain
    chain.end()
    chain.auth.close()
    chain.outside.close()
