"""Which clients are ours: who has signed in, who came to a port for users, networks that need no sign-in, the NAS."""

from __future__ import annotations

import ipaddress

from mailroom.filtering.message import Message
from mailroom.filtering.rules import Rules

# What master.cf.j2 calls the services for users (RFC 6409, RFC 8314).
PORTAL = "portal"
USERS_PORTS = ("submission", "smtps", PORTAL)


def is_own_client(message: Message, rules: Rules) -> bool:
    """Whether this is a submission by one of ours, and no relay from another server (RFC 6409 3)."""
    return bool(message.login) or message.daemon in USERS_PORTS or is_near(message, rules)


def must_sign_in(message: Message, rules: Rules) -> bool:
    """Whether it came to a port for users from somebody who has to sign in and did not (RFC 6409 4.3)."""
    if message.login or message.daemon not in USERS_PORTS:
        return False
    return message.daemon == PORTAL or not _is_trusted(message, rules)


def is_near(message: Message, rules: Rules) -> bool:
    """Whether the client is this machine or in a network that needs no sign-in (row DL10)."""
    return is_this_machine(message) or _is_trusted(message, rules)


def is_this_machine(message: Message) -> bool:
    """Whether the client is this server or the NAS beneath it."""
    try:
        return ipaddress.ip_address(message.client.address).is_loopback
    except ValueError:
        return False


def _is_trusted(message: Message, rules: Rules) -> bool:
    try:
        client = ipaddress.ip_address(message.client.address)
    except ValueError:
        return False
    return any(client in network for network in rules.trusted)
