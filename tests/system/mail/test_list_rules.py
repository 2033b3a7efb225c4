"""Each type of rule of the black and white lists on a whole machine, and what it lets mail skip (rows BW02-BW11)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from test_scanning import EICAR

from changing import changed
from mailroom.core.bypass import SKIPS
from office import DOMAIN, Office, until

PAGE, SECURITY = "mail_delivery.lists", "mail_delivery.security"
USUAL = {"last": 9, "sender": "bob@out.example", "to": f"ben@{DOMAIN}"}


def types(server: Office, place: int) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """{type: (criteria, mail that they match, mail just beside it)}. place: an even last number of an address."""
    ip, sender = server.address(place), f"offers@p{place}.rows.example"
    return {
        "ip": (ip, {"last": place}, {"last": place + 1}),
        "ip_mask": (f"{ip}/255.255.255.254", {"last": place + 1}, {"last": place + 2}),
        "sender": (f"*ff*@p{place}.rows.*", {"sender": sender}, {"sender": f"o{sender}".replace("off", "of")}),
        "recipient": (f"CHL*@{DOMAIN}", {"to": f"chloe@{DOMAIN}"}, {"to": f"ben@{DOMAIN}"}),
        "domain": (f"p{place}.rows.example", {"sender": sender}, {"sender": f"offers@p{place}.rows.example.org"}),
    }


def rule(kind: str, criteria: str, **more: str) -> dict[str, Any]:
    return {"name": f"Rule by {kind}", "type": kind, "criteria": criteria, **more}


def send(server: Office, subject: str, text: str = "Hello.\n", **who: Any) -> int:
    """The last answer to a message of this client and sender to this recipient."""
    one = {**USUAL, **who}
    content = server.mail(subject, text, to=one["to"], sender=one["sender"]).as_bytes()
    with server.smtp(source=server.address(one["last"])) as client:
        client.ehlo("mx.world.example")
        client.mail(one["sender"])
        code = client.rcpt(one["to"])[0]
        return code if code >= 400 else client.data(content)[0]


def user(who: dict[str, Any]) -> str:
    return str({**USUAL, **who}["to"].partition("@")[0])


def has(server: Office, who: dict[str, Any], subject: str) -> bool:
    return any(f"Subject: {subject}\r\n".encode() in one for one in server.folder_of(user(who)))


@pytest.mark.parametrize("kind", ["ip", "ip_mask", "sender", "recipient"], ids=["BW02", "BW03", "BW04", "BW05"])
def test_a_rule_of_the_blacklist_by_what_it_matches(server: Office, kind: str) -> None:
    """BW02-BW05, BW07, BW08: refused, vanished, and what is just beside comes in; without the rule all of it."""
    criteria, match, beside = types(server, 12)[kind]
    for action, code in (("reject", 550), ("discard", 250)):
        with changed(server, PAGE, blacklist=[rule(kind, criteria, action=action)], whitelist=[]):
            assert send(server, f"{action} by {kind}", **match) == code
            assert send(server, f"{action} beside {kind}", **beside) == 250
            server.arrived(user(beside), f"{action} beside {kind}")
            assert not has(server, match, f"{action} by {kind}")
    assert send(server, f"no rule by {kind}", **match) == 250
    assert server.arrived(user(match), f"no rule by {kind}")


def test_a_whitelisted_domain_wins(server: Office) -> None:
    """BW06, BW10: over a rule that rejects all of its senders; the domain beside it is refused as before."""
    criteria, match, beside = types(server, 12)["domain"]
    stop = rule("sender", "offers@*", action="reject")
    with changed(server, PAGE, blacklist=[stop], whitelist=[rule("domain", criteria)]):
        assert send(server, "from a good domain", **match) == 250
        assert server.arrived("ben", "from a good domain")
        assert send(server, "from another domain", **beside) == 550
        with changed(server, PAGE, whitelist=[]):
            assert send(server, "from no good domain", **match) == 550


@pytest.fixture
def strict(server: Office) -> Iterator[None]:
    """Senders of unknown domains are refused, and no domain below rows.example is known."""
    file = server.machine.folder / "zone.json"
    before = file.read_text() if file.exists() else "{}"
    unknown = {f"p{place}.rows.example": "nxdomain" for place in (12, 14)}
    known = {"out.example": {"A": ["192.0.2.80"]}}
    file.write_text(json.dumps({**json.loads(before), **unknown, **known}))
    with changed(server, SECURITY, sender_domain=True):
        yield
    file.write_text(before)


def verdict(server: Office, who: dict[str, Any]) -> str:
    """What was made of the newest message of a sender."""
    found = until(lambda: server.ctl("messages", who["sender"])["messages"], 20, "a record")
    return str(found[0]["verdict"])


@pytest.mark.parametrize("kind", SKIPS)
def test_what_a_rule_of_the_whitelist_lets_mail_skip(server: Office, strict: None, kind: str) -> None:
    """BW11, a row of its table: policies and antivirus, with the rule and without it."""
    criteria, match, _ = types(server, 14)[kind]
    unknown, known = (f"offers@{domain}" for domain in ("p14.rows.example", "out.example"))
    by_sender = "sender" in match
    policies = {**match, "sender": unknown}
    virus = {**match, "sender": match["sender"] if by_sender else known}
    assert send(server, "before the rule", **policies) == 550
    with changed(server, PAGE, blacklist=[], whitelist=[rule(kind, criteria)]):
        skips = SKIPS[kind]
        assert (send(server, f"policies {kind}", **policies) == 250) is ("restrictions" in skips)
        assert send(server, f"virus {kind}", EICAR, **virus) == 250
        assert verdict(server, virus) == ("deliver" if "antivirus" in skips else "quarantine")
    if not by_sender:
        assert send(server, f"virus without {kind}", EICAR, **virus) == 250
        assert verdict(server, virus) == "quarantine"
