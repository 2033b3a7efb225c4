"""Whatever becomes of a message, the journal has a record that explains it (rows AC06, DL09, SA01, AV01)."""

from __future__ import annotations

from typing import Any

import pytest

from office import DOMAIN, Office, until


def record(server: Office, search: str) -> dict[str, Any]:
    """The newest record of an address, with its explanation."""
    found = until(lambda: server.ctl("messages", search)["messages"], 30, f"a record of {search}")
    return dict(server.ctl("explain", found[0]["id"]))


def test_accepted_from_outside(server: Office) -> None:
    sent = server.deliver("into the journal", sender="writer@world.example")
    server.arrived("ben", "into the journal")
    told = record(server, "writer@world.example")
    assert (told["verdict"], told["login"], told["daemon"]) == ("deliver", "", "smtp")
    assert told["client"] == server.address(1) and told["message_id"] == sent["Message-ID"] and told["size"] > 200
    assert told["recipients"] == [{"address": f"ben@{DOMAIN}", "refusal": ""}]
    checks = {one["check"]: one for one in told["checks"]}
    assert {"hop_limit", "clamav", "spamassassin"} <= set(checks)
    assert checks["spamassassin"]["setting"] == "security.spam.threshold" and checks["clamav"]["ms"] > 0
    assert "into the journal" not in str(told), "the subject is nobody's business"
    assert told["id"] == server.ctl("explain", told["queue_id"])["id"], "found by its queue id too"


def test_accepted_from_somebody_who_signed_in(server: Office) -> None:
    with server.submission("chloe") as client:
        mail = server.mail("signed in", to="partner@world.example", sender=f"chloe@{DOMAIN}")
        client.send_message(mail)
    told = record(server, "partner@world.example")
    assert (told["verdict"], told["login"], told["daemon"]) == ("deliver", "chloe", "submission")
    assert told["tls"].startswith("TLSv1.") and "signed in as chloe" in told["explain"][1]
    assert "spamassassin" not in [one["check"] for one in told["checks"]], "the own users' mail is not judged as spam"


@pytest.mark.parametrize(
    ("recipient", "reply", "setting"),
    [
        ("stranger@elsewhere.example", "554 5.7.1", "mail_delivery.general.smtp_auth"),
        (f"no-such-person@{DOMAIN}", "550 5.1.1", "account.user"),
    ],
)
def test_refused(server: Office, recipient: str, reply: str, setting: str) -> None:
    with server.smtp() as client:
        client.ehlo()
        client.mail("friend@world.example")
        code, said = client.rcpt(recipient)
    told = record(server, recipient)
    assert told["verdict"] == "reject" and told["reply"].startswith(reply) and told["reply"].startswith(str(code))
    assert told["recipients"][0]["refusal"] == told["reply"] and said.decode().split()[0] == reply.split()[1]
    assert any(one["check"] == "recipient" and one["setting"] == setting for one in told["checks"])
    assert told["explain"][0].startswith("Refused. ") and recipient in told["explain"][1]


def test_one_recipient_of_two_refused(server: Office) -> None:
    with server.smtp() as client:
        refused = client.sendmail(
            "half@world.example", [f"ben@{DOMAIN}", f"gone@{DOMAIN}"], server.mail("for one of two").as_bytes()
        )
    assert list(refused) == [f"gone@{DOMAIN}"]
    told = record(server, "half@world.example")
    assert told["verdict"] == "deliver" and [bool(one["refusal"]) for one in told["recipients"]] == [False, True]
    assert server.arrived("ben", "for one of two")


def test_dropped_half_way(server: Office) -> None:
    with server.smtp() as client:
        client.ehlo()
        client.mail("leaver@world.example")
        client.rcpt(f"ben@{DOMAIN}")
        client.docmd("DATA")
        client.send(b"Subject: half of it\r\n\r\nand then noth")
        client.close()
    told = record(server, "leaver@world.example")
    assert told["verdict"] == "dropped" and told["explain"][0].startswith("Nothing was taken")
    assert not [one for one in server.folder_of("ben") if b"half of it" in one]
