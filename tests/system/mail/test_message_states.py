"""Messages of every fate: Auditing, explain, the shell, the tiles and Postfix itself say the same (row SL01)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from changing import newest_revision
from desktop import Desktop
from office import DOMAIN, Office, until
from relay_server import RelayServer

EACH = 5
PAGE = "mail_delivery.delivery"
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*\n"
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
POSTFIX = ("-c", "/data/conf/current/postfix")


class Choosy(RelayServer):
    """Takes recipients, puts those off whose name begins with "later", refuses those that begin with "never"."""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("later"):
            return "450 4.2.0 <b>Greylisted</b>, come back"
        if address.startswith("never"):
            return "550 5.1.1 Nobody here of that name"
        return await super().handle_RCPT(server, session, envelope, address, options)


@pytest.fixture
def outside(server: Office) -> Iterator[Choosy]:
    """All mail for others goes to a server in the outside world."""
    link = server.socket(source=server.address(9))
    before = newest_revision(server)
    with Choosy(link) as made:
        server.apply(PAGE, enabled="yes", server=server.address(9), port=link.getsockname()[1], always_tls="no")
        try:
            yield made
        finally:
            until(lambda: not server.late(), 60, "all daemons answer")
            server.inside("postsuper", *POSTFIX, "-d", "ALL")
            server.ctl("settings", "put-back", str(before), "--page", PAGE)


def listed(server: Office, search: str, **query: Any) -> list[dict[str, Any]]:
    asked = urlencode({"search": search, "limit": 100, **query})
    return list(Desktop(server).get(f"api/messages?{asked}")["messages"])


def states(server: Office, mark: str) -> dict[str, str]:
    """{sender or recipient, up to the mark: status} of the messages of this test."""
    return {name_of(one, mark): one["status"] for one in listed(server, mark)}


def name_of(one: dict[str, Any], mark: str) -> str:
    named = next(address for address in (one["sender"], *one["recipients"]) if mark in address)
    return str(named.partition(f"-{mark}")[0])


def queue_of(server: Office) -> dict[str, Any]:
    """{queue id: what Postfix says of it}."""
    lines = server.inside("postqueue", *POSTFIX, "-j").strip()
    return {one["queue_id"]: one for one in map(json.loads, lines.split("\n") if lines else [])}


def send(server: Office, mark: str) -> None:
    """EACH messages of each fate that begins with a user of ours."""
    with server.submission("ben") as client:
        for number in range(EACH):
            for kind in ("ok", "later", "never", "later-gone"):
                to = f"{kind}{number}-{mark}@world.example"
                client.send_message(server.mail("a fate", to=to, sender=f"ben@{DOMAIN}"))


def receive(server: Office, mark: str) -> None:
    """EACH messages of each fate that comes from outside, known by their senders."""
    for number in range(EACH):
        for kind, text in (("local", "Hello.\n"), ("virus", EICAR), ("junk", GTUBE)):
            server.deliver("a fate", sender=f"{kind}{number}-{mark}@world.example", text=text)


def settled(server: Office, mark: str, status: str, count: int) -> list[dict[str, Any]]:
    """The messages of this test with a status, once there are so many."""
    return list(until(lambda: len(found := listed(server, mark, status=status)) == count and found, 60,
                      lambda: f"{count} {status}: {states(server, mark)}"))  # fmt: skip


def test_every_layer_says_what_became_of_a_message(server: Office, outside: Choosy) -> None:
    mark = secrets.token_hex(4)
    sent_before = server.ctl("status")["today"]["sent"]
    send(server, mark)
    # The process that follows the logs is killed while they are being written.
    server.inside("kill", "-9", str(server.daemon("job")["pid"]))
    receive(server, mark)
    until(lambda: server.daemon("job")["state"] == "running", 60, "the job process is back")

    settled(server, mark, "waiting", 2 * EACH)
    gone = [one["queue_id"] for one in listed(server, mark) if name_of(one, mark).startswith("later-gone")]
    held = next(one["queue_id"] for one in listed(server, f"later0-{mark}"))
    for queue_id in gone:
        server.inside("postsuper", *POSTFIX, "-d", queue_id)
    server.inside("postsuper", *POSTFIX, "-h", held)

    wanted = {"ok": "delivered", "later": "waiting", "never": "returned", "later-gone": "removed",
              "local": "delivered", "virus": "quarantine", "junk": "junk"}  # fmt: skip
    expected = {f"{kind}{number}": status for kind, status in wanted.items() for number in range(EACH)}
    expected["later0"] = "on_hold"
    until(lambda: states(server, mark) == expected, 60, lambda: str(states(server, mark)))

    # Each status by itself, in the API and in the shell.
    for status in {*expected.values()}:
        count = list(expected.values()).count(status)
        assert len(settled(server, mark, status, count)) == count
        assert len(server.ctl("messages", mark, "--status", status, "--limit", "100")["messages"]) == count

    # What waits is what Postfix has; what a tile calls sent is what somebody has got.
    queue = queue_of(server)
    waiting = {one["queue_id"] for one in listed(server, mark) if one["status"] in ("waiting", "on_hold")}
    assert waiting <= set(queue) and not {*gone} & set(queue) and queue[held]["queue_name"] == "hold"
    until(lambda: server.ctl("status")["today"]["sent"] - sent_before == EACH, 30, "only what somebody has is sent")
    assert Desktop(server).get("api/overview")["today"]["sent"] - sent_before == EACH
    assert sum(mark in one for taken in outside.messages for one in taken.rcpt_tos) == EACH

    explained(server, mark)


def explained(server: Office, mark: str) -> None:
    """The answer comes first, and has the server's words as text."""
    (waits,) = listed(server, f"later1-{mark}")
    told = Desktop(server).get(f"api/messages/{waits['id']}")
    assert told["status"] == "waiting" and told["explain"][0] == told["answer"]["text"]
    assert "greylisting). The answer was “450 4.2.0 <b>Greylisted</b>, come back”." in told["answer"]["text"]
    assert told["answer"]["since"] and told["answer"]["next_try"] > told["answer"]["since"]
    assert server.ctl("explain", waits["id"])["answer"]["text"] == told["answer"]["text"]
    (junk,) = listed(server, f"junk0-{mark}")
    (one,) = server.ctl("explain", junk["id"])["deliveries"]
    assert (one["state"], one["folder"]) == ("delivered", "Junk")
    answers = {kind: server.ctl("explain", listed(server, f"{kind}1-{mark}")[0]["id"])["answer"]["text"]
               for kind in ("ok", "never", "later-gone", "virus")}  # fmt: skip
    assert answers["ok"].startswith(f"Delivered to ok1-{mark}@world.example: the server {server.address(9)}")
    assert answers["never"].startswith("Returned to the sender: The server")
    assert answers["later-gone"] == "Not delivered: an administrator removed it from the queue."
    assert answers["virus"].startswith("Not delivered: it held a virus (") and "quarantine" in answers["virus"]
