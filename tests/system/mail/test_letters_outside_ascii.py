"""Addresses with letters outside ASCII in the portal: sent where they are taken, refused in time, shown as people write
them (decisions 0034 and 0038)."""

from __future__ import annotations

import secrets

import pytest

from desktop import Portal, Refusal
from office import DOMAIN, Office


def written(*to: str) -> dict[str, object]:
    """A message as the composer sends it."""
    mark = secrets.token_hex(6)
    return {"to": list(to), "subject": f"letters {mark}", "text": "Hello.\n", "message_id": f"<{mark}@{DOMAIN}>"}


@pytest.fixture
def ben(server: Office) -> Portal:
    made = Portal(server)
    made.sign_in("ben")
    return made


def test_a_recipient_outside_ascii_is_sent_to_and_kept_in_sent(server: Office, ben: Portal) -> None:
    asked = written("Dörte <dörte@world.example>")
    assert ben.ask("POST", "api/send", asked)["sent"]
    assert server.sent_out(str(asked["subject"]))["to"] == ["dörte@world.example"]
    (kept,) = [one for one in server.folder_of("ben", "Sent") if str(asked["subject"]).encode() in one]
    assert "<dörte@world.example>".encode() in kept
    listed = ben.ask("GET", "api/folders/Sent/messages")["messages"]
    (row,) = [one for one in listed if one["subject"] == asked["subject"]]
    assert row["to"] == [{"name": "Dörte", "address": "dörte@world.example"}]


def test_with_a_mailbox_here_nothing_is_sent_and_the_reason_is_told(server: Office, ben: Portal) -> None:
    asked = written("dörte@world.example", f"chloe@{DOMAIN}")
    with pytest.raises(Refusal) as refused:
        ben.ask("POST", "api/send", asked)
    assert refused.value.status == 422 and "outside ASCII" in str(refused.value.problem)
    assert not [one for one in server.machine.world_mail() if str(asked["subject"]) in one["content"]]


def test_a_domain_is_shown_in_letters_and_answered(server: Office, ben: Portal) -> None:
    subject = f"letters {secrets.token_hex(6)}"
    server.deliver(subject, sender="jana@xn--bcher-kva.world.example")
    server.arrived("ben", subject)
    (row,) = [one for one in ben.ask("GET", "api/folders/INBOX/messages")["messages"] if one["subject"] == subject]
    assert row["from"]["address"] == "jana@bücher.world.example"
