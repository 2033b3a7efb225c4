"""Additional domains, localhost.DOMAIN and the size of attachments (rows DL02, DL03, DL04, DL08)."""

from __future__ import annotations

import contextlib
import json
import smtplib
from collections.abc import Iterator

import pytest

from desktop import Desktop, Refusal
from office import DOMAIN, Office, until

PAGE = "mail_delivery.general"
MORE = "branch.example"
MB = 1024 * 1024


def rcpt(server: Office, recipient: str) -> int:
    with server.smtp() as client:
        client.ehlo()
        client.mail("friend@world.example")
        return client.rcpt(recipient)[0]


@contextlib.contextmanager
def put_back(server: Office) -> Iterator[Desktop]:
    """A desktop whose changes of the page are put back."""
    desktop = Desktop(server)
    before = desktop.get(f"api/settings/{PAGE}")["revision"]
    try:
        yield desktop
    finally:
        server.ctl("settings", "put-back", str(before), "--page", PAGE)


def apply(desktop: Desktop, **changes: object) -> None:
    revision = desktop.get(f"api/settings/{PAGE}")["revision"]
    desktop.post("api/settings/apply", revision=revision, page=PAGE, changes=changes)


def test_all_users_receive_at_every_domain_as_long_as_it_is_there(server: Office) -> None:
    """DL02, DL03: created, edited, deleted."""
    with put_back(server) as desktop:
        assert rcpt(server, f"ben@{MORE}") == 554
        apply(desktop, additional_domains={"put": [{"domain": MORE.upper()}]})
        assert [rcpt(server, f"{name}@{MORE}") for name in ("ben", "chloe", "postmaster", "nobody")] == [250] * 3 + [
            550
        ]
        server.deliver("to the branch", to=f"ben@{MORE}")
        assert server.arrived("ben", "to the branch")
        with server.imap(f"ben@{MORE}", server.passwords["ben"]) as client:
            assert client.select("INBOX")[0] == "OK"
        (kept,) = desktop.get(f"api/settings/{PAGE}")["values"]["additional_domains"]
        apply(desktop, additional_domains={"put": [{**kept, "domain": "new.example"}]})
        assert rcpt(server, "ben@new.example") == 250 and rcpt(server, f"ben@{MORE}") == 554
        for taken in (DOMAIN, f"localhost.{DOMAIN}", "new.example"):
            with pytest.raises(Refusal) as refused:
                apply(desktop, additional_domains={"put": [{"domain": taken}]})
            assert refused.value.status == 422 and "already" in json.dumps(refused.value.problem)
        apply(desktop, additional_domains={"drop": [kept["id"]]})
        assert rcpt(server, "ben@new.example") == 554


def test_localhost_below_the_domain(server: Office) -> None:
    """DL04: there, and nowhere else below the domain."""
    assert rcpt(server, f"ben@other.{DOMAIN}") == 554
    assert rcpt(server, f"ben@localhost.{DOMAIN}") == 250 and rcpt(server, f"nobody@localhost.{DOMAIN}") == 550
    server.deliver("to localhost", to=f"ben@localhost.{DOMAIN}")
    assert server.arrived("ben", "to localhost")


def test_attachments_in_and_out(server: Office) -> None:
    """DL08: at the limit and above it; without the limit both pass."""

    def send(client: smtplib.SMTP, size: int, subject: str, to: str, sender: str) -> int:
        made = server.mail(subject, to=to, sender=sender)
        made.add_attachment(b"\n".join([b"x" * 99] * (size // 100)), "application", "octet-stream", filename="plan.bin")
        try:
            client.send_message(made)
        except smtplib.SMTPResponseException as refused:
            return refused.smtp_code
        return 250

    def inward(size: int, subject: str) -> int:
        with server.smtp() as client:
            return send(client, size, subject, f"ben@{DOMAIN}", "friend@world.example")

    def outward(size: int, subject: str) -> int:
        with server.submission("ben") as client:
            return send(client, size, subject, "friend@world.example", f"ben@{DOMAIN}")

    assert inward(2 * MB, "no limit yet") == 250
    with put_back(server) as desktop:
        apply(desktop, attachment_limit=True, max_attachment_mb=1)
        assert inward(MB, "small plan") == 250 and outward(MB, "small plan out") == 250
        assert inward(2 * MB, "large plan") == 552 and outward(2 * MB, "large plan out") == 552
        assert server.arrived("ben", "small plan")
        found = until(lambda: server.ctl("messages", "friend@world.example")["messages"], 20)
        told = [server.ctl("explain", one["id"])["explain"] for one in found[:4]]
        assert any("Size limit" in line and "allowed" in line for lines in told for line in lines)
