"""What a user may send to others in 24 hours: counted by real sending, limited, shown, cleared (rows DQ01-DQ05)."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from changing import changed
from desktop import Desktop, Portal, Refusal
from office import DOMAIN, Office, trusting, until
from processes import processes

PAGE = "mail_delivery.daily_quota"
FRIEND, COLLEAGUE = "friend@world.example", f"anna@{DOMAIN}"
SENDERS, EACH, ALLOWED = 20, 3, 31
DAY_S = 86_400


@pytest.fixture
def fresh(server: Office) -> Iterator[Office]:
    """The server with nothing counted."""
    server.ctl("usage", "clear", "--all")
    yield server
    server.ctl("usage", "clear", "--all")


def send(server: Office, *to: str, user: str = "ben", text: str = "Hello.\n", last: int = 8) -> str:
    """The user sends a message; what is said in the end ("250 ...", "550 ...")."""
    with server.smtp(587, source=server.address(last)) as client:
        client.starttls(context=trusting())
        client.login(user, server.passwords[user])
        return said(server, client, *to, user=user, text=text)


def said(server: Office, client: smtplib.SMTP, *to: str, user: str = "ben", text: str = "Hello.\n") -> str:
    """The answer to one more message of this connection."""
    mail = server.mail(f"quota {secrets.token_hex(4)}", text, to=", ".join(to or (FRIEND,)), sender=f"{user}@{DOMAIN}")
    try:
        client.send_message(mail)
    except smtplib.SMTPDataError as refusal:
        return f"{refusal.smtp_code} {refusal.smtp_error.decode()}"  # type: ignore[union-attr]
    return "250"


def used(server: Office, user: str = "ben") -> dict[str, Any]:
    """What the list says of a user; {} when it does not know the user."""
    return next((one for one in server.ctl("usage", "list")["users"] if one["user"] == user), {})


def newest(server: Office, login: str = "ben") -> str:
    """The journal's explanation of the newest message of a user."""
    found = server.ctl("messages", f"{login}@{DOMAIN}")["messages"]
    return "\n".join(server.ctl("explain", found[0]["id"])["explain"])


def test_so_many_messages_and_no_more(fresh: Office) -> None:
    """DQ01, on and off, below and above; DQ03."""
    with changed(fresh, PAGE, limit_messages="yes", messages=3):
        assert [send(fresh, FRIEND, "other@world.example"), send(fresh), send(fresh)] == ["250"] * 3
        refused = send(fresh)
        assert refused.startswith("550 5.7.1 Your daily quota of 3 messages is used up; you can send again at 20")
        told = newest(fresh)
        assert "Daily Quota" in told and "3 messages" in told, told
        found = used(fresh)
        assert found["messages"] == 3 and found["bytes"] > 0 and found["until"] == found["since"] + DAY_S
        # Colleagues are no others, another user has an own count, and nothing else stands in anybody's way.
        assert send(fresh, COLLEAGUE) == "250" and send(fresh, user="chloe") == "250"
        assert used(fresh)["messages"] == 3 and used(fresh, "chloe")["messages"] == 1
        fresh.deliver("to one who has used up the quota")
        assert fresh.arrived("ben", "to one who has used up the quota")
    assert send(fresh) == "250" and used(fresh)["messages"] == 4


def test_so_many_megabytes_and_no_more(fresh: Office) -> None:
    """DQ02, on and off, below and above."""
    line = "x" * 75 + "\n"
    half = line * (600 * 1024 // len(line))
    with changed(fresh, PAGE, limit_volume="yes", volume_mb=1):
        assert send(fresh, text=half) == "250"
        assert send(fresh, text=half).startswith("550 5.7.1 This message exceeds your daily traffic limit of 1 MB; it")
        assert send(fresh, text=half * 2).startswith("552 5.3.4 This message alone is larger than your daily traffic")
        assert send(fresh, text=half, user="chloe") == "250"
        assert send(fresh) == "250"
        assert 600 * 1024 < used(fresh)["bytes"] < 1024 * 1024 and used(fresh)["messages"] == 2
    assert send(fresh, text=half * 2) == "250"


def test_refused_mail_does_not_count_and_returned_mail_does(fresh: Office) -> None:
    """DQ05."""
    file = fresh.machine.folder / "zone.json"
    before = file.read_text() if file.exists() else "{}"
    file.write_text(json.dumps({**json.loads(before), "nowhere.quota.example": "nxdomain"}))
    try:
        with changed(fresh, "mail_delivery.general", max_message_mb=1), fresh.submission("ben") as client:
            # The client announces no size, so that it is not refused at MAIL FROM already.
            client.esmtp_features.pop("size")
            assert said(fresh, client, text=("x" * 75 + "\n") * 15_000).startswith("552")
        assert used(fresh) == {}
        assert send(fresh, "somebody@nowhere.quota.example") == "250"
        assert fresh.arrived("ben", "Undelivered Mail Returned to Sender")
        assert used(fresh)["messages"] == 1
    finally:
        file.write_text(before)


def test_what_the_portal_sends_counts_too(fresh: Office) -> None:
    """DQ01: and the writer reads why it is refused."""
    portal = Portal(fresh)
    portal.sign_in("ben")

    def write() -> Any:
        name = f"<{secrets.token_hex(8)}@{DOMAIN}>"
        wanted = {"to": [FRIEND], "subject": "from the portal", "text": "Hello.\n", "message_id": name}
        return portal.ask("POST", "api/send", wanted)

    with changed(fresh, PAGE, limit_messages="yes", messages=1):
        assert write()["sent"] and used(fresh)["messages"] == 1
        with pytest.raises(Refusal) as refusal:
            write()
        assert "daily quota of 1 messages is used up" in refusal.value.problem["message"]
    assert write()["sent"] and used(fresh)["messages"] == 2


def test_twenty_at_once_send_exactly_as_much_as_is_allowed(fresh: Office) -> None:
    """DQ01: one user on twenty connections, several filter processes."""

    def several(number: int) -> list[str]:
        with fresh.smtp(587, source=fresh.address(9 + number % 10)) as client:
            client.starttls(context=trusting())
            client.login("ben", fresh.passwords["ben"])
            return [said(fresh, client) for _ in range(EACH)]

    with changed(fresh, PAGE, limit_messages="yes", messages=ALLOWED):
        with ThreadPoolExecutor(SENDERS) as pool:
            answers = [answer for found in pool.map(several, range(SENDERS)) for answer in found]
        assert len(answers) == SENDERS * EACH and answers.count("250") == ALLOWED
        assert all(answer.startswith("550 5.7.1 Your daily quota") for answer in answers if answer != "250")
        assert used(fresh)["messages"] == ALLOWED


def test_counts_outlive_a_filter_that_is_killed_and_one_that_is_restarted(fresh: Office) -> None:
    """DQ05."""
    with changed(fresh, PAGE, limit_messages="yes", messages=2):
        assert send(fresh) == "250"
        before = used(fresh)
        killed = [pid for pid, line in processes(fresh).items() if " -m mailroom filter" in line]
        assert len(killed) > 1
        for pid in killed:
            # The first one's end may be the others'.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: send(fresh, COLLEAGUE) == "250", 60, "mail is taken again")
        assert used(fresh) == before
        fresh.ctl("restart", "filter")
        assert used(fresh) == before
        assert send(fresh) == "250" and send(fresh).startswith("550") and used(fresh)["messages"] == 2


def test_cleared_for_one_and_for_all_and_somebody_is_named(fresh: Office) -> None:
    """DQ03, DQ04."""
    desktop = Desktop(fresh)
    with changed(fresh, PAGE, limit_messages="yes", messages=1):
        assert send(fresh) == send(fresh, user="chloe") == "250"
        assert send(fresh).startswith("550") and send(fresh, user="chloe").startswith("550")
        found = desktop.get("api/outbound-usage?search=CHLO&sort=-messages")
        assert [one["user"] for one in found["users"]] == ["chloe"] and found["limits"]["messages"] == 1
        assert desktop.post("api/outbound-usage/clear", user="ben") == {"cleared": "ben"}
        assert send(fresh) == "250" and send(fresh, user="chloe").startswith("550")
        with pytest.raises(Refusal) as refusal:
            desktop.post("api/outbound-usage/clear", user="nobody")
        assert refusal.value.status == 404
        assert desktop.post("api/outbound-usage/clear-all", all=True) == {"cleared": 2}
        assert send(fresh) == send(fresh, user="chloe") == "250"
    told = [(one["who"], one["text"]) for one in fresh.ctl("events", "--kind", "quota", "--limit", "2")]
    assert told[::-1] == [
        ("admin", "Cleared the outbound usage of ben."),
        ("admin", "Cleared the outbound usage of all users (2)."),
    ]
