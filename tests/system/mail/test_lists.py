"""Black and white lists on a whole machine: applied, counted at once, told, put back (rows BW01, BW07-BW10)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from changing import changed
from office import DOMAIN, Office, until

PAGE = "mail_delivery.lists"
SPAMMERS = {"name": "Spammers", "enabled": True, "type": "sender", "criteria": "*@spam.example", "action": "reject"}
PARTNER = {"name": "Partner", "enabled": True, "type": "sender", "criteria": "sales@spam.example"}


def send(server: Office, subject: str, sender: str) -> int:
    """The last reply to a message from outside."""
    with server.smtp() as client:
        client.ehlo()
        client.mail(sender)
        code = client.rcpt(f"ben@{DOMAIN}")[0]
        return code if code >= 400 else client.data(server.mail(subject, sender=sender).as_bytes())[0]


def explained(server: Office, sender: str) -> str:
    found = until(lambda: server.ctl("messages", sender)["messages"], 20)[0]
    return " ".join(server.ctl("explain", found["id"])["explain"])


def edit(server: Office, key: str, **how: Any) -> None:
    """Change items of a list, as the window does; all others stay."""
    server.ctl("settings", "set", f"{PAGE}.{key}={json.dumps(how)}")


def rules(server: Office, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.ctl("settings", "get", f"{PAGE}.{key}")
    return found


def test_a_rule_counts_from_its_apply_to_its_end(server: Office) -> None:
    """Rows BW01, BW07-BW10."""
    with changed(server, PAGE, blacklist=[], whitelist=[]):
        assert send(server, "before the rule", "offers@spam.example") == 250
        edit(server, "blacklist", put=[SPAMMERS])
        assert send(server, "against the rule", "offers@spam.example") == 550
        assert "“Spammers” of the blacklist rejects" in explained(server, "offers@spam.example")
        edit(server, "whitelist", put=[PARTNER])
        assert send(server, "from the partner", "sales@spam.example") == 250
        assert server.arrived("ben", "from the partner")
        assert "“Partner” of the whitelist matches" in explained(server, "sales@spam.example")
        (rule,) = rules(server, "blacklist")
        edit(server, "blacklist", put=[{**rule, "action": "discard"}])
        assert send(server, "vanishes", "offers@spam.example") == 250
        assert "“Spammers” of the blacklist discards" in explained(server, "offers@spam.example")
        edit(server, "blacklist", put=[{**rule, "enabled": False}])
        assert send(server, "while it is off", "offers@spam.example") == 250
        assert server.arrived("ben", "while it is off")
        edit(server, "blacklist", drop=[rule["id"]])
        assert rules(server, "blacklist") == [] and len(rules(server, "whitelist")) == 1
        assert not [one for one in server.folder_of("ben") if b"Subject: vanishes" in one]


@pytest.mark.parametrize(
    ("criteria", "words"),
    [("nonsense", "e-mail address"), ("*@*", "every address"), ("a b@c.example", "e-mail address")],
)
def test_a_rule_of_the_wrong_form_is_refused_and_nothing_changes(server: Office, criteria: str, words: str) -> None:
    """Rows BW04, BW09."""
    before = rules(server, "blacklist")
    change = f"{PAGE}.blacklist={json.dumps({'put': [{**SPAMMERS, 'criteria': criteria}]})}"
    refused = server.ctl("settings", "set", change, check=False)
    assert words in json.dumps(refused) and "criteria" in json.dumps(refused)
    assert rules(server, "blacklist") == before
