"""Users of the NAS become accounts, and stop being it (rows AC01, AC06, AC07, AC11, AC12, LI01, LI02, SW12)."""

from __future__ import annotations

import imaplib
import smtplib
from collections.abc import Iterator
from typing import Any

import pytest

from desktop import Desktop, Portal, Refusal
from office import DOMAIN, PACKAGE, USERS, Office, trusting, until

# The host is read every five seconds; nothing may take longer than ten.
SEEN_WITHIN_S = 10.0


def user(server: Office, name: str) -> dict[str, Any] | None:
    """The line of Account > User."""
    return next((one for one in server.ctl("accounts", "list", name)["users"] if one["name"] == name), None)


def known(server: Office, name: str) -> dict[str, Any]:
    return dict(until(lambda: user(server, name), SEEN_WITHIN_S, f"{name} is seen"))


def rcpt(server: Office, name: str) -> int:
    with server.smtp() as client:
        client.ehlo()
        client.mail("friend@world.example")
        return client.rcpt(f"{name}@{DOMAIN}")[0]


def one_user(server: Office, name: str) -> Iterator[str]:
    """A user for one test."""
    server.machine.add_user(name, f"{name}-Password-1", name.title())
    server.passwords[name] = f"{name}-Password-1"
    server.ctl("sync", "now")
    yield name
    server.ctl("accounts", "deactivate", name)
    server.machine.run("/usr/syno/bin/synouser", "--del", name, check=False)
    server.ctl("sync", "now")
    server.forgive(name)


@pytest.fixture
def dora(server: Office) -> Iterator[str]:
    yield from one_user(server, "dora")


@pytest.fixture
def gustav(server: Office) -> Iterator[str]:
    """Who has signed in nowhere yet: where an account is familiar, strangers' failures do not hold it back."""
    yield from one_user(server, "gustav")


def test_a_new_user_is_seen_gets_a_seat_and_mail(server: Office, dora: str) -> None:
    assert user(server, dora)["info"] == "not_activated" and rcpt(server, dora) == 550  # type: ignore[index]
    with pytest.raises(imaplib.IMAP4.error):
        server.imap(dora)
    server.ctl("accounts", "activate", dora)
    server.deliver("welcome dora", to=f"{dora}@{DOMAIN}")
    assert server.arrived(dora, "welcome dora")
    server.ctl("accounts", "deactivate", dora)
    assert rcpt(server, dora) == 550
    with pytest.raises(imaplib.IMAP4.error):
        server.imap(dora)


def test_a_changed_password_counts_at_the_next_sign_in(server: Office, dora: str) -> None:
    server.ctl("accounts", "activate", dora)
    server.imap(dora).logout()
    server.machine.set_password(dora, "an-Other-Password-2")
    with pytest.raises(imaplib.IMAP4.error):
        server.imap(dora)
    server.imap(dora, "an-Other-Password-2").logout()
    with pytest.raises(imaplib.IMAP4.error):
        server.imap(dora, "garbage after a good login")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        server.submission(dora)


def test_a_first_delivery_has_a_home_folder(server: Office, dora: str) -> None:
    """Sieve's memory of deliveries lies there, and is opened before the message makes the mailbox."""
    server.inside("rm", "-rf", f"/mail/mailboxes/{dora}")
    server.ctl("accounts", "activate", dora)
    until(lambda: rcpt(server, dora) == 250, SEEN_WITHIN_S, "Postfix knows dora")
    made = server.deliver("first of all", to=f"{dora}@{DOMAIN}")

    def words() -> list[str]:
        log = server.machine.run("sh", "-c", f"cat {PACKAGE}/var/data/log/dovecot/current").stdout
        return [line for line in log.splitlines() if f"lmtp({dora})" in line]

    until(lambda: any(made["Message-ID"] in line for line in words()), 60, "the message is delivered")
    assert not [line for line in words() if "lda-dupes" in line or "Error" in line]


def test_what_changes_on_the_host_is_seen_by_itself(server: Office, dora: str) -> None:
    server.machine.add_user("emil", "emil-Password-1", "Emil")
    try:
        assert known(server, "emil")["full_name"] == "Emil"
        server.machine.run("/usr/syno/bin/synouser", "--modify", "emil", "Emil Ek", "0", "")
        server.machine.run("/usr/syno/bin/synogroup", "--memberadd", "administrators", "emil")
        until(lambda: user(server, "emil")["full_name"] == "Emil Ek" and user(server, "emil")["admin"], SEEN_WITHIN_S)  # type: ignore[index]
    finally:
        server.machine.run("/usr/syno/bin/synouser", "--del", "emil")
    until(lambda: user(server, "emil")["status"] == "deactivated", SEEN_WITHIN_S, "removed is seen")  # type: ignore[index]


def test_a_disabled_and_a_removed_user_lose_access(server: Office, dora: str) -> None:
    server.ctl("accounts", "activate", dora)
    server.imap(dora).logout()
    server.machine.run("/usr/syno/bin/synouser", "--modify", dora, "Dora", "1", "")
    until(lambda: user(server, dora)["status"] == "deactivated", SEEN_WITHIN_S, "disabled is seen")  # type: ignore[index]
    with pytest.raises(imaplib.IMAP4.error):
        server.imap(dora)
    server.machine.run("/usr/syno/bin/synouser", "--modify", dora, "Dora", "0", "")
    server.ctl("sync", "now")
    assert known(server, dora)["status"] == "normal"
    server.imap(dora).logout()
    server.machine.run("/usr/syno/bin/synouser", "--del", dora)
    # Mail to somebody who has just disappeared waits at the sender: it may be a mistake.
    until(lambda: rcpt(server, dora) == 450, SEEN_WITHIN_S, "removed is seen")
    with pytest.raises(imaplib.IMAP4.error):
        server.imap(dora)
    with pytest.raises(Refusal) as refused:
        Portal(server).sign_in(dora)
    assert refused.value.status == 403


def test_a_name_that_cannot_be_an_address_is_shown_as_such(server: Office) -> None:
    name = "max+mail"
    server.machine.run("useradd", "--badname", "-M", "-N", "-g", "users", "-K", "UID_MIN=1026", name)
    server.ctl("sync", "now")
    try:
        shown = known(server, name)
        assert (shown["status"], shown["active"]) == ("unsupported", False) and "letters, digits" in shown["why"]
        refused = server.ctl("accounts", "activate", name, check=False)
        assert refused["error"]["code"] == "invalid" and list(refused["error"]["fields"]) == [name]
        assert rcpt(server, name) == 550
    finally:
        server.machine.run("userdel", name)
        server.ctl("sync", "now")


def test_five_seats_are_free_and_the_sixth_waits(server: Office) -> None:
    names = [f"seat{number}" for number in range(3)]
    for name in names:
        server.machine.add_user(name, "seat-Password-1")
    server.ctl("sync", "now")
    try:
        told = server.ctl("accounts", "activate", *names)
        assert told["seats"] == {"total": 5, "used_before": 3, "used_after": 5}
        assert [known(server, name)["info"] for name in names] == ["activated", "activated", "waiting"]
        assert "All 5 seats are taken" in known(server, names[2])["why"] and rcpt(server, names[2]) == 550
        server.ctl("accounts", "deactivate", names[0])
        assert known(server, names[2])["info"] == "activated" and rcpt(server, names[2]) == 250
        licences = server.ctl("licences")
        assert (licences["total"], licences["used"], licences["unused"]) == (5, 5, 0) and licences["licences"]
    finally:
        server.ctl("accounts", "deactivate", *names)
        server.machine.run("/usr/syno/bin/synouser", "--del", *names)
        # Three of seven at once: unless a reading came between, that has to be approved.
        if server.ctl("sync", "now")["state"] == "refused":
            server.ctl("sync", "approve")
    assert [known(server, name)["status"] for name in names] == ["deactivated"] * 3


def test_administrators_see_the_window_others_only_personal(server: Office) -> None:
    assert Desktop(server, "anna").get("api/session")["admin"] is True
    ben = Desktop(server, "ben")
    assert ben.get("api/session")["admin"] is False
    for path in ("api/overview", "api/settings", "api/accounts", "api/messages", "api/bans"):
        with pytest.raises(Refusal) as refused:
            ben.get(path)
        assert refused.value.status == 403
    with pytest.raises(Refusal):
        ben.post("api/accounts/apply", changes={"ben": "activate"})


def test_guessing_is_counted_held_back_and_can_be_undone(server: Office, gustav: str) -> None:
    """One sign-in behind all doors: who is held back at one is held back at each."""
    server.ctl("accounts", "activate", gustav)
    guesser = server.address(14)

    def try_in(password: str) -> bool:
        link = server.connect(993, source=guesser)
        with trusting().wrap_socket(link, server_hostname="nas") as secure:
            secure.recv(500)
            secure.sendall(f'a LOGIN {gustav} "{password}"\r\n'.encode())
            return b"a OK" in secure.recv(500)

    for turn in range(7):
        try_in(f"guess {turn}")
    held = {(one["kind"], one["value"]) for one in server.ctl("bans", "list")["bans"]}
    assert ("address", guesser) in held and ("account", gustav) in held
    assert not try_in(server.passwords[gustav])
    with pytest.raises(Refusal) as refused:
        Portal(server).sign_in(gustav)
    assert refused.value.status == 429 and refused.value.problem["retry_after_s"] > 0
    with pytest.raises(smtplib.SMTPAuthenticationError):
        server.submission(gustav)
    shown = Desktop(server).get("api/bans")["bans"]
    assert {"account", "address"} == {one["kind"] for one in shown if one["value"] in (gustav, guesser)}
    server.ctl("bans", "lift", "address", guesser)
    Desktop(server).post("api/bans/unban", kind="account", value=gustav)
    assert try_in(server.passwords[gustav])
    assert Portal(server).sign_in(gustav)["address"] == f"{gustav}@{DOMAIN}"


def test_the_portal_takes_the_hosts_password_and_only_from_who_has_mail(server: Office, dora: str) -> None:
    for password, code in (("wrong", "bad"), (server.passwords[dora], "not_active")):
        with pytest.raises(Refusal) as refused:
            Portal(server).sign_in(dora, password)
        assert refused.value.status == 403 and refused.value.problem["code"] == code
    server.ctl("accounts", "activate", dora)
    portal = Portal(server)
    portal.sign_in(dora)
    assert "INBOX" in {folder["id"] for folder in portal.ask("GET", "api/folders")["folders"]}
    server.ctl("accounts", "deactivate", dora)
    with pytest.raises(Refusal) as refused:
        Portal(server).sign_in(dora)
    assert refused.value.problem["code"] == "not_active"


def test_a_list_that_lacks_everybody_is_not_believed(server: Office) -> None:
    server.machine.run("cp", "-a", "/etc/passwd", "/etc/passwd.kept")
    try:
        # A new file in the old one's place, as DSM's tools write it; nobody is left in it.
        server.machine.run(
            "sh", "-c", "grep -v ':100:' /etc/passwd.kept >/etc/passwd.new; mv /etc/passwd.new /etc/passwd"
        )
        state = until(lambda: (now := server.ctl("sync", "state"))["state"] == "refused" and now, SEEN_WITHIN_S)
        assert set(USERS) <= set(state["refused"]["would_drop"])
        assert rcpt(server, "ben") == 250
        server.deliver("while the list is empty")
    finally:
        server.machine.run("mv", "/etc/passwd.kept", "/etc/passwd")
    assert server.ctl("sync", "now")["state"] == "ok"
    assert server.arrived("ben", "while the list is empty")
