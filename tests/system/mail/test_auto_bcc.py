"""Auto BCC by real mail (rows BC01-BC07)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from changing import changed
from office import DOMAIN, Office, until

PAGE = "mail_delivery.auto_bcc"


def rule(criterion: str, target: str, text: str = "") -> dict[str, Any]:
    return {"criterion": criterion, "text": text, "target": target}


def copies(server: Office, user: str, subject: str) -> list[bytes]:
    return [one for one in server.folder_of(user) if f"Subject: {subject}\r\n".encode() in one]


def settled(server: Office, subject: str) -> None:
    """A message that came later has arrived: whatever was to come before it is there."""
    server.deliver(f"after {subject}", to=f"chloe@{DOMAIN}", sender="late@quiet.example")
    server.arrived("chloe", f"after {subject}")


@pytest.fixture
def dora(server: Office) -> Iterator[str]:
    """A user who cannot use mail."""
    server.machine.add_user("dora", "dora-Password-1", "Dora")
    server.ctl("sync", "now")
    yield "dora"
    server.machine.run("/usr/syno/bin/synouser", "--del", "dora", check=False)
    server.ctl("sync", "now")


def rcpt(server: Office, name: str, sender: str = "friend@world.example") -> int:
    with server.smtp() as client:
        client.ehlo()
        client.mail(sender)
        return client.rcpt(f"{name}@{DOMAIN}")[0]


def test_from_contains(server: Office) -> None:
    """BC01: by the envelope's sender, in whatever case; nobody sees it."""
    with changed(server, PAGE, rules=[rule("from", "anna", "@COPIED.example")]):
        server.deliver("from is copied", sender="Max@Copied.Example")
        server.deliver("from is not copied", sender="max@other.example")
        got, copy = server.arrived("ben", "from is copied"), server.arrived("anna", "from is copied")
        assert b"anna" not in got.partition(b"\r\n\r\n")[0].lower()
        assert copy.partition(b"\r\n\r\n")[2] == got.partition(b"\r\n\r\n")[2]
        server.arrived("ben", "from is not copied")
        settled(server, "from")
        assert not copies(server, "anna", "from is not copied") and len(copies(server, "anna", "from is copied")) == 1
        record = until(lambda: server.ctl("messages", "max@copied.example")["messages"])[0]
        told = server.ctl("explain", record["id"])
        assert (
            f"Auto BCC: a copy was sent to anna@{DOMAIN}, because the sender's address contains “@copied.example”."
            in (told["explain"])
        )
    server.deliver("no rule any more", sender="max@copied.example")
    server.arrived("ben", "no rule any more")
    settled(server, "no rule")
    assert not copies(server, "anna", "no rule any more")


def test_to_contains_and_mail_that_goes_out(server: Office) -> None:
    """BC02, BC04: the target is an address of another server."""
    with changed(server, PAGE, rules=[rule("to", "archive@else.example", "partner")]):
        with server.submission("ben") as client:
            client.send_message(server.mail("to is copied", to="partner@world.example", sender=f"ben@{DOMAIN}"))
        sent = until(
            lambda: (
                (found := [one for one in server.machine.world_mail() if "to is copied" in one["content"]])
                and len({address for one in found for address in one["to"]}) == 2
                and found
            ),
            60,
        )
        assert {address for one in sent for address in one["to"]} == {"partner@world.example", "archive@else.example"}
        assert all("archive" not in one["content"] for one in sent)


def test_all_messages_but_our_own(server: Office) -> None:
    """BC03: what the server or the NAS sends by itself is not copied."""
    with changed(server, PAGE, rules=[rule("all", "anna")]):
        server.deliver("all are copied")
        assert server.arrived("anna", "all are copied")
        with server.smtp(place="nas", to="127.0.0.1") as client:
            client.send_message(server.mail("of the NAS itself"))
        server.arrived("ben", "of the NAS itself")
        settled(server, "all")
        assert not copies(server, "anna", "of the NAS itself")


def test_one_copy_for_each_target_also_through_an_alias(server: Office) -> None:
    """BC04: two rules with one target, a target that gets the message anyway, an alias."""
    rules = [rule("all", "anna"), rule("from", f"anna@{DOMAIN}", "friend"), rule("to", "team", "ben")]
    with (
        changed(server, "mail_delivery.alias", aliases=[{"name": "team", "members": ["user:chloe"]}]),
        changed(server, PAGE, rules=rules),
    ):
        server.deliver("copied once")
        server.deliver("to the target itself", to=f"anna@{DOMAIN}")
        for user in ("anna", "ben", "chloe"):
            server.arrived(user, "copied once")
        server.arrived("anna", "to the target itself")
        settled(server, "copied once")
        assert [len(copies(server, user, "copied once")) for user in ("anna", "ben", "chloe")] == [1, 1, 1]
        assert len(copies(server, "anna", "to the target itself")) == 1


def test_a_copy_that_comes_back_is_not_copied_again(server: Office) -> None:
    """Never a loop: the target's own server sends it back to us, with our id in it."""
    with changed(server, PAGE, rules=[rule("all", "archive@else.example")]):
        server.deliver("goes round")
        sent = server.sent_out("goes round")
        with server.smtp() as client:
            client.sendmail("archive@else.example", [f"chloe@{DOMAIN}"], sent["content"].encode())
        server.arrived("chloe", "goes round")
        settled(server, "goes round")
        found = [one for one in server.machine.world_mail() if "Subject: goes round" in one["content"]]
        assert len(found) == 1
        # Somebody else's message is copied, whatever id it claims.
        forged = server.mail("claims an id", "Something else.\n")
        claimed = sent["content"].partition("X-Mailroom-ID: ")[2].partition("\n")[0].strip()
        assert len(claimed.split()) == 2
        forged["X-Mailroom-ID"] = claimed
        del forged["Message-ID"]
        forged["Message-ID"] = sent["content"].partition("Message-ID: ")[2].partition("\n")[0].strip()
        with server.smtp() as client:
            client.send_message(forged)
        assert server.sent_out("claims an id")


def test_a_copy_that_fails_is_not_told_to_the_sender(server: Office, dora: str) -> None:
    with changed(server, PAGE, rules=[rule("all", dora)]):
        server.deliver("copy cannot be delivered")
        server.arrived("ben", "copy cannot be delivered")
        settled(server, "cannot be delivered")
        until(lambda: "copy cannot" not in server.inside("postqueue", "-c", "/data/conf/current/postfix", "-j"))
        assert not [one for one in server.machine.world_mail() if "copy cannot be delivered" in one["content"]]


@pytest.mark.parametrize("criterion", ["to", "from", "all"])
def test_mail_to_a_user_who_cannot_use_mail_is_copied_and_returned(server: Office, dora: str, criterion: str) -> None:
    """BC07."""
    text = {"to": "dora@", "from": "friend", "all": ""}[criterion]
    assert rcpt(server, dora) == 550
    with changed(server, PAGE, rules=[rule(criterion, "anna", text)]):
        subject = f"to nobody, by {criterion}"
        server.deliver(subject, to=f"{dora}@{DOMAIN}")
        assert server.arrived("anna", subject)
        returned = server.sent_out(subject)
        assert returned["to"] == ["friend@world.example"] and "anna" not in returned["content"]
        if criterion == "from":
            assert rcpt(server, dora, "somebody@other.example") == 550
        assert rcpt(server, "nobody") == 550
    assert rcpt(server, dora) == 550


def test_edit_delete_and_what_is_refused(server: Office) -> None:
    """BC05, and bad input."""
    with changed(server, PAGE, rules=[rule("from", "anna", "friend"), rule("to", "anna", "chloe")]):
        known = server.ctl("settings", "list", PAGE)[PAGE]["values"]["rules"]
        server.apply(PAGE, rules={"put": [{**known[0], "text": "enemy"}], "drop": [known[1]["id"]]})
        server.deliver("edited rule")
        server.arrived("ben", "edited rule")
        settled(server, "edited rule")
        assert not copies(server, "anna", "edited rule")
        for bad, words in [
            (rule("from", "anna"), "Enter the address"),
            (rule("to", "anna", "a b"), "may only contain"),
            (rule("to", "", "x"), "Enter where the copies go"),
            (rule("to", "no one", "x"), "letters, digits"),
            (rule("to", "nobody", "x"), "There is no user or alias nobody"),
            (rule("to", f"nobody@{DOMAIN}", "x"), "There is no user or alias nobody"),
        ]:
            with pytest.raises(RuntimeError, match=words):
                server.apply(PAGE, rules={"put": [bad]})


def test_an_alias_that_gets_copies_cannot_be_removed(server: Office) -> None:
    with (
        changed(server, "mail_delivery.alias", aliases=[{"name": "team", "members": ["user:chloe"]}]),
        changed(server, PAGE, rules=[rule("all", "team")]),
        pytest.raises(RuntimeError, match="There is no user or alias team, to which"),
    ):
        server.apply("mail_delivery.alias", aliases=[])


def test_import_and_export(server: Office, tmp_path: Any) -> None:
    """BC06: what was exported imports as the same; each refused line has its reason."""
    rules = [rule("from", "anna", "@copied.example"), rule("from", "archive@else.example", "a+b"), rule("all", "anna")]
    with changed(server, PAGE, rules=rules):
        text = server.ctl("auto-bcc", "export", "from")["text"]
        assert "/@copied[.]example/ anna" in text and "/a[+]b/ archive@else.example" in text
        server.apply(PAGE, rules=[])
        inside = f"{text}/.*/ anna\nsales nobody\nmax@old.example anna\n"
        server.machine.run("sh", "-c", "cat > /root/rules", stdin=inside)
        told = server.ctl("auto-bcc", "import", "/root/rules", "from")
        assert [one["line"] for one in told["refused"]] == [4, 5]
        known = server.ctl("settings", "list", PAGE)[PAGE]["values"]["rules"]
        assert [(one["text"], one["target"]) for one in known] == [
            ("@copied.example", "anna"),
            ("a+b", "archive@else.example"),
            ("max@old.example", "anna"),
        ]
        server.machine.run("rm", "/root/rules")


def test_recipients_rules_travel_too_and_count(server: Office) -> None:
    """BC06: those about recipients, by a file that other people's Postfix has; each way its own file."""
    with changed(server, PAGE, rules=[rule("from", "anna", "friend"), rule("to", "anna", "chloe@")]):
        text = server.ctl("auto-bcc", "export", "to")["text"]
        assert "recipient_bcc_maps" in text and "/chloe@/ anna" in text and "friend" not in text
        server.apply(PAGE, rules=[])
        server.machine.run("sh", "-c", "cat > /root/rules", stdin=f"{text}ben@{DOMAIN} chloe\n")
        assert server.ctl("auto-bcc", "import", "/root/rules", "to")["refused"] == []
        server.deliver("by an imported rule", to=f"chloe@{DOMAIN}")
        server.deliver("by the other one", to=f"ben@{DOMAIN}")
        assert server.arrived("anna", "by an imported rule") and server.arrived("chloe", "by the other one")
        server.deliver("by none of them", to=f"anna@{DOMAIN}")
        server.arrived("anna", "by none of them")
        settled(server, "none of them")
        assert not copies(server, "chloe", "by none of them")
        before = server.ctl("settings", "get", f"{PAGE}.rules")
        server.machine.run("sh", "-c", "printf '\\0\\1' > /root/rules")
        with pytest.raises(RuntimeError, match="file"):
            server.ctl("auto-bcc", "import", "/root/rules", "to")
        assert server.ctl("settings", "get", f"{PAGE}.rules") == before
        server.machine.run("rm", "/root/rules")
