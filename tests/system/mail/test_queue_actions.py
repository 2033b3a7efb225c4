"""The queue on the whole server, through the API and the shell (rows QE01-QE05)."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from changing import newest_revision
from desktop import Desktop, Refusal
from office import DOMAIN, Office, until
from relay_server import RelayServer

PAGE = "mail_delivery.delivery"
FULL = "452 4.2.2 The mailbox is over quota"


@contextlib.contextmanager
def full_mailboxes(server: Office) -> Iterator[RelayServer]:
    """A relay that puts every recipient off, in force for a while; the queue is empty afterwards."""
    before = newest_revision(server)
    link = server.socket(source=server.address(9))
    with RelayServer(link, refuses=FULL) as made:
        server.apply(PAGE, enabled="yes", server=server.address(9), port=link.getsockname()[1], always_tls="no")
        try:
            yield made
        finally:
            left = [one["id"] for one in waiting(server)]
            if left:
                server.ctl("queue", "delete", *left, check=False)
            server.ctl("settings", "put-back", str(before), "--page", PAGE)


def waiting(server: Office, *words: str) -> list[dict[str, Any]]:
    return list(server.ctl("queue", "list", *words)["messages"])


def sent(server: Office, to: str = "") -> dict[str, Any]:
    """Ben writes to somebody outside, whose server puts it off: the row of the queue."""
    to = to or f"friend-{secrets.token_hex(4)}@world.example"
    with server.submission("ben") as client:
        client.send_message(server.mail(f"waits for {to}", to=to, sender=f"ben@{DOMAIN}"))

    def row() -> dict[str, Any] | None:
        return next((one for one in waiting(server, to) if one["words"]), None)

    return dict(until(row, 60, f"{to} waits"))


def state(server: Office, id: str) -> str:
    return next((one["state"] for one in waiting(server, id)), "gone")


@pytest.fixture(scope="module")
def relay(server: Office) -> Iterator[RelayServer]:
    with full_mailboxes(server) as made:
        yield made


def test_why_a_message_waits_is_told(server: Office, relay: RelayServer) -> None:
    row = sent(server)
    assert row["reason"] == "The recipient's mailbox or server is full."
    assert FULL in row["words"] and row["sender"] == f"ben@{DOMAIN}" and row["state"] == "waiting"
    told = Desktop(server).get(f"api/queue?search={row['id']}")
    assert told["found"] == 1 and told["messages"][0]["id"] == row["id"]
    assert told["messages"][0]["next_try"] is None or told["messages"][0]["next_try"] > told["time"]


def test_a_message_is_held_released_and_tried(server: Office, relay: RelayServer) -> None:
    row, window = sent(server), Desktop(server)
    assert window.post("api/queue/hold", ids=[row["id"]]) == {"done": [row["id"]], "gone": []}
    assert state(server, row["id"]) == "on_hold"
    assert server.ctl("queue", "release", row["id"])["done"] == [row["id"]]
    until(lambda: state(server, row["id"]) == "waiting", 30, "it waits again")
    relay.refuses = ""
    try:
        window.post("api/queue/retry", ids=[row["id"]])
        until(lambda: state(server, row["id"]) == "gone", 60, "it is delivered")
    finally:
        relay.refuses = FULL
    assert any(row["recipients"][0]["address"] in one.rcpt_tos for one in relay.messages)
    told = server.ctl("events", "--kind", "queue", "--limit", "3")
    assert [one["text"].partition(":")[0] for one in told] == [
        "Tried again now",
        "Released in the queue",
        "Put on hold in the queue",
    ]
    assert told[0]["who"] == "admin" and row["id"] in told[0]["text"]


def notices(server: Office) -> list[bytes]:
    """Postfix's notices to ben."""
    return [one for one in server.folder_of("ben") if b"Undelivered Mail Returned to Sender" in one]


def test_a_returned_message_comes_back_with_postfixs_own_notice(server: Office, relay: RelayServer) -> None:
    row = sent(server)
    server.ctl("queue", "hold", row["id"])
    server.ctl("queue", "return", row["id"])
    address = row["recipients"][0]["address"].encode()
    (notice,) = until(lambda: [one for one in notices(server) if address in one], 60, "the notice")
    assert b"over quota" in notice
    until(lambda: state(server, row["id"]) == "gone", 30, "it has left the queue")


def test_two_admins_delete_the_same_message(server: Office, relay: RelayServer) -> None:
    row, other = sent(server), sent(server)
    assert server.ctl("queue", "delete", row["id"], other["id"])["done"] == [row["id"], other["id"]]
    with pytest.raises(Refusal) as refused:
        Desktop(server).post("api/queue/delete", ids=[row["id"]])
    assert refused.value.status == 404 and refused.value.problem["code"] == "gone"
    assert "delivered, returned or removed meanwhile" in refused.value.problem["message"]


@pytest.mark.parametrize("id", ["ALL", "-", "-d", "../../etc/passwd", "AAAAAA1; touch /tmp/x", "AAAAAA1\nALL"])
def test_nothing_but_a_number_reaches_postfix(server: Office, relay: RelayServer, id: str) -> None:
    row = sent(server)
    for action in ("retry", "hold", "release", "return", "delete"):
        with pytest.raises(Refusal) as refused:
            Desktop(server).post(f"api/queue/{action}", ids=[id])
        assert refused.value.status == 422
    assert state(server, row["id"]) == "waiting"
