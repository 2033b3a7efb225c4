"""How mail programs are set up (row CL07): for administrators at Service, for everybody at Personal."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.route import ADMIN, USER, WINDOW, Call, route

AREA = "server"
EXAMPLE = {
    "hostname": "mail.example.com",
    "domain": "example.com",
    "domains": ["example.com", "example.org"],
    "protocols": [
        {
            "id": "imaps",
            "kind": "imap",
            "title": "IMAP",
            "enabled": True,
            "usable": True,
            "host": "mail.example.com",
            "port": 993,
            "security": "tls",
            "setting": "service.protocol.imaps_enabled",
        }
    ],
    "incoming": "imaps",
    "outgoing": "smtps",
    "user_names": [{"id": "address", "form": "name@example.com"}, {"id": "short", "form": "name"}],
    "advice": [],
    "addresses": [
        {
            "id": "autoconfig",
            "client": "thunderbird",
            "url": "https://autoconfig.example.com/mail/config-v1.1.xml",
            "needs": "autoconfig.example.com",
            "state": "here",
        }
    ],
    "srv": [{"name": "_imaps._tcp.example.com", "priority": 0, "weight": 1, "port": 993, "target": "mail.example.com"}],
    "own": {"user": "anna", "address": "anna@example.com", "full_name": "Anna Adler", "active": True},
}


@route(
    WINDOW,
    "GET",
    "api/clients",
    role=USER,
    summary="How to set up a mail program",
    answer="Hosts, ports and security of each protocol, the user's own name and address, what is missing; for "
    "administrators also whether this machine's web server serves the documents that mail programs look for.",
    example=EXAMPLE,
    errors=(503,),
)
def clients(call: Call) -> dict[str, Any]:
    admin = asking.person(call.person)["role"] == ADMIN
    return shown(asking.job("clients.checked") if admin else asking.clients_now(), call.person)


def shown(facts: dict[str, Any], user: str) -> dict[str, Any]:
    """The facts with those of whoever looks."""
    person = asking.person(user)
    return {**facts, "own": {"user": user, **{name: person[name] for name in ("address", "full_name", "active")}}}
