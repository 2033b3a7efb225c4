"""What a mail program needs to know to work with this server (row CL07): said once, from the settings in force.

The documents that mail programs fetch, the pages that people read and `mailroomctl clients` all show these facts.
IMAP comes before POP3, and TLS from the first byte before STARTTLS (RFC 8314 3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mailroom.core.pages.mail_delivery_general import is_set_up, named_domains
from mailroom.core.settings import AllValues, Values

TLS, STARTTLS = "tls", "starttls"
INCOMING, OUTGOING, RULES = ("imap", "pop3"), ("smtp",), "sieve"
UNKNOWN, HERE, ELSEWHERE = "unknown", "here", "elsewhere"


@dataclass(frozen=True)
class Way:
    """One way to reach a mailbox or to send. port: a number, or the key of Service > Protocol that has it."""

    id: str
    kind: str
    title: str
    security: str
    port: int | str
    enabled: str
    # RFC 6186 and RFC 8314 5.1: what DNS calls it.
    service: str


# In the order in which a mail program should try them.
WAYS = (
    Way("imaps", "imap", "IMAP", TLS, 993, "imaps_enabled", "_imaps._tcp"),
    Way("imap", "imap", "IMAP", STARTTLS, 143, "imap_enabled", "_imap._tcp"),
    Way("pop3s", "pop3", "POP3", TLS, 995, "pop3s_enabled", "_pop3s._tcp"),
    Way("pop3", "pop3", "POP3", STARTTLS, 110, "pop3_enabled", "_pop3._tcp"),
    Way("smtps", "smtp", "SMTP", TLS, "smtps_port", "smtps_enabled", "_submissions._tcp"),
    Way("submission", "smtp", "SMTP", STARTTLS, "submission_port", "submission_enabled", "_submission._tcp"),
    # RFC 5804 1.8. No mail program finds it by the documents: they have no word for it.
    Way("managesieve", RULES, "ManageSieve", STARTTLS, 4190, "managesieve_enabled", "_sieve._tcp"),
)
ADVICE = {
    "not_set_up": (
        "The server has no domain and host name of its own yet.",
        "Set Domain name and Hostname at Mail Delivery > General.",
    ),
    "no_incoming": (
        "No protocol for reading mail is enabled.",
        "Enable IMAP SSL/TLS at Service > Protocol.",
    ),
    "no_outgoing": (
        "No protocol for sending mail is enabled.",
        "Enable SMTP-SSL at Service > Protocol.",
    ),
    "no_sign_in": (
        "Nobody can sign in to send mail.",
        "Tick Enable SMTP Authentication at Mail Delivery > General.",
    ),
    "no_imap": (
        "Only POP3 is enabled: mail is fetched from the inbox, and folders stay on the server.",
        "Enable IMAP SSL/TLS at Service > Protocol if people use more than one device.",
    ),
}

Served = Callable[[str, str], bool | None]


def clients(settings: AllValues) -> dict[str, Any]:
    """Everything about these settings, as JSON (see the example at GET api/clients). Asks nobody."""
    general, protocol = settings["mail_delivery.general"], settings["service.protocol"]
    protocols = [_protocol(way, general, protocol) for way in WAYS]
    incoming, outgoing = _first(protocols, INCOMING), _first(protocols, OUTGOING)
    return {
        "hostname": general["hostname"],
        "domain": general["domain"],
        "domains": named_domains(general),
        "protocols": protocols,
        "incoming": incoming,
        "outgoing": outgoing,
        "user_names": [
            {"id": "address", "form": f"name@{general['domain']}"},
            {"id": "short", "form": "name"},
        ],
        "advice": [_advice(code) for code in _codes(general, protocol, incoming, outgoing)],
        "addresses": addresses(general["hostname"], general["domain"]),
        "srv": srv(protocols, general["domain"]),
    }


def _protocol(way: Way, general: Values, protocol: Values) -> dict[str, Any]:
    enabled = bool(protocol[way.enabled])
    return {
        "id": way.id,
        "kind": way.kind,
        "title": way.title,
        "enabled": enabled,
        # Without SMTP authentication nobody who is outside can send (DL09).
        "usable": enabled and (way.kind != "smtp" or bool(general["smtp_auth"])),
        "host": general["hostname"],
        "port": protocol[way.port] if isinstance(way.port, str) else way.port,
        "security": way.security,
        "setting": f"service.protocol.{way.enabled}",
    }


def _first(protocols: list[dict[str, Any]], kinds: tuple[str, ...]) -> str | None:
    return next((one["id"] for one in protocols if one["usable"] and one["kind"] in kinds), None)


def _codes(general: Values, protocol: Values, incoming: str | None, outgoing: str | None) -> list[str]:
    sending = protocol["smtps_enabled"] or protocol["submission_enabled"]
    found = {
        "not_set_up": not (is_set_up(general["hostname"]) and is_set_up(general["domain"])),
        "no_incoming": incoming is None,
        "no_imap": incoming in ("pop3s", "pop3"),
        "no_outgoing": outgoing is None and not sending,
        "no_sign_in": outgoing is None and sending,
    }
    return [code for code, true in found.items() if true]


def _advice(code: str) -> dict[str, str]:
    text, step = ADVICE[code]
    return {"code": code, "text": text, "next": step}


def addresses(hostname: str, domain: str) -> list[dict[str, str]]:
    """Where mail programs look for the documents. needs: the name that must lead here in DNS."""
    known = (
        ("autoconfig", "thunderbird", f"https://autoconfig.{domain}/mail/config-v1.1.xml"),
        ("well_known", "thunderbird", f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"),
        ("autodiscover", "outlook", f"https://autodiscover.{domain}/autodiscover/autodiscover.xml"),
        ("autodiscover_domain", "outlook", f"https://{domain}/autodiscover/autodiscover.xml"),
        ("profile", "apple", f"https://{hostname}/mail/mailroom.mobileconfig"),
    )
    return [
        {"id": id, "client": client, "url": url, "needs": urlsplit(url).hostname or "", "state": UNKNOWN}
        for id, client, url in known
    ]


def srv(protocols: list[dict[str, Any]], domain: str) -> list[dict[str, Any]]:
    """SRV records that tell the same (RFC 6186, RFC 8314); the better way has the lower priority.

    A way that is off is not named: "." would stop programs that could still try another one by themselves.
    """
    services = {way.id: way.service for way in WAYS}
    usable = [one for one in protocols if one["usable"]]
    found = [
        {
            "name": f"{services[one['id']]}.{domain}",
            "priority": 10 * rank,
            "weight": 1,
            "port": one["port"],
            "target": one["host"],
        }
        for rank, one in enumerate(usable)
    ]
    if usable:
        outlook = {"priority": 0, "weight": 1, "port": 443, "target": usable[0]["host"]}
        found.append({"name": f"_autodiscover._tcp.{domain}", **outlook})
    return found


def with_states(facts: dict[str, Any], served: Served) -> dict[str, Any]:
    """The facts with what this machine's own web server answers at each address.

    served: (path, host) -> whether the document is there; None when the web server could not be asked. What DNS says of
    the names is another question (Server Management > DNS records).
    """
    states = {True: HERE, False: ELSEWHERE, None: UNKNOWN}
    told = [{**one, "state": states[served(urlsplit(one["url"]).path, one["needs"])]} for one in facts["addresses"]]
    return {**facts, "addresses": told}


def operations(values: Callable[[], AllValues], served: Served) -> dict[str, Callable[..., Any]]:
    """What can be asked about mail programs."""

    def read() -> dict[str, Any]:
        return clients(values())

    def checked() -> dict[str, Any]:
        return with_states(clients(values()), served)

    return {"clients.read": read, "clients.checked": checked}
