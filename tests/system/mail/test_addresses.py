"""Address extensions, catch-all and aliases of one domain, by real mail (X06-01, X06-02, X06-03)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from changing import changed
from desktop import Desktop, Refusal
from office import DOMAIN, Office, until

GENERAL, ALIAS = "mail_delivery.general", "mail_delivery.alias"
MORE = "branch.example"


def rcpt(server: Office, *recipients: str) -> list[int]:
    with server.smtp() as client:
        client.ehlo()
        client.mail("friend@world.example")
        return [client.rcpt(one if "@" in one else f"{one}@{DOMAIN}")[0] for one in recipients]


def alias(name: str, *members: str, domain: str = "") -> dict[str, Any]:
    return {"name": name, "domain": domain, "members": list(members)}


@pytest.fixture(scope="module")
def branch(server: Office) -> Iterator[None]:
    with changed(server, GENERAL, additional_domains=[{"domain": MORE}]):
        yield


def test_extensions(server: Office, branch: None) -> None:
    """X06-01: of users and aliases, at every domain; off, such an address is unknown."""
    aliases = [alias("info", "user:anna", "partner@else.example")]
    with changed(server, ALIAS, aliases=aliases):
        assert rcpt(server, "ben+shop", "info+x", f"ben+shop@{MORE}") == [550, 550, 550]
        with changed(server, GENERAL, address_separator="plus"):
            assert rcpt(server, "ben+shop", "Info+X", f"ben+shop@{MORE}", "ben+a+b", "postmaster+x") == [250] * 5
            assert rcpt(server, "nobody+ben", "+ben", "ben-shop") == [550] * 3
            server.deliver("with an extension", to=f"ben+shop@{MORE}")
            server.deliver("an alias with an extension", to=f"info+x@{DOMAIN}")
            assert server.arrived("ben", "with an extension")
            assert server.arrived("anna", "an alias with an extension")
            # Whoever is elsewhere knows nothing of our extensions.
            assert server.sent_out("an alias with an extension")["to"] == ["partner@else.example"]


def test_a_dash_parts_a_name_too(server: Office) -> None:
    """X06-01: and an address that is known as a whole stays what it is."""
    with (
        changed(server, GENERAL, address_separator="minus"),
        changed(server, ALIAS, aliases=[alias("ben-office", "user:anna")]),
    ):
        assert rcpt(server, "ben-shop", "nobody-ben", "ben+shop") == [250, 550, 550]
        server.deliver("after a dash", to=f"ben-shop@{DOMAIN}")
        server.deliver("a name with a dash", to=f"ben-office@{DOMAIN}")
        assert server.arrived("ben", "after a dash") and server.arrived("anna", "a name with a dash")
        assert not [one for one in server.folder_of("ben") if b"a name with a dash" in one]


ODD = ("gone", "../../up", "a//b", "x" * 40, "INBOX", "", "&bad", "~", "a.b", "Drafts/no/such")


def test_extensions_as_folders(server: Office) -> None:
    """X06-01: the folder when it is there, the inbox otherwise; whatever the extension is, no mail is lost."""
    with server.imap("chloe") as client:
        client.create("shop")
        client.create("shop/old")
    with changed(server, GENERAL, address_separator="plus", extension_folder=True):
        server.deliver("into the folder", to=f"chloe+shop@{DOMAIN}")
        server.deliver("into the folder below", to=f"chloe+shop/old@{DOMAIN}")
        server.deliver("without extension", to=f"chloe@{DOMAIN}")
        assert server.arrived("chloe", "into the folder", "shop")
        assert server.arrived("chloe", "into the folder below", "shop/old")
        assert server.arrived("chloe", "without extension")
        for turn, odd in enumerate(ODD):
            server.deliver(f"odd extension {turn} of many", to=f"chloe+{odd}@{DOMAIN}")
        for turn, _ in enumerate(ODD):
            assert server.arrived("chloe", f"odd extension {turn} of many")
        with server.imap("chloe") as client:
            names = b" ".join(line for line in client.list()[1] if isinstance(line, bytes))
        assert b"gone" not in names and b"up" not in names
    server.deliver("the folder is no longer used", to=f"chloe@{DOMAIN}")
    with changed(server, GENERAL, address_separator="plus"):
        server.deliver("extensions without folders", to=f"chloe+shop@{DOMAIN}")
        assert server.arrived("chloe", "extensions without folders")
    assert len(server.folder_of("chloe", "shop")) == 1


def test_catch_all(server: Office, branch: None) -> None:
    """X06-02: for each domain alone, to a user or an alias; users and aliases keep their own mail."""
    with changed(
        server, ALIAS, aliases=[alias("info", "user:anna")], catch_all=[{"domain": DOMAIN, "recipient": "ben"}]
    ):
        assert rcpt(server, "anybody", f"anybody@{MORE}") == [250, 550]
        server.deliver("to a made-up name", to=f"made.up@{DOMAIN}")
        server.deliver("to chloe herself", to=f"chloe@{DOMAIN}")
        server.deliver("to the alias itself", to=f"info@{DOMAIN}")
        assert server.arrived("ben", "to a made-up name")
        assert server.arrived("chloe", "to chloe herself") and server.arrived("anna", "to the alias itself")
        got = b"".join(server.folder_of("ben"))
        assert b"to chloe herself" not in got and b"to the alias itself" not in got
        found = [{"domain": DOMAIN, "recipient": "info"}, {"domain": MORE, "recipient": "chloe"}]
        server.apply(ALIAS, catch_all=found)
        server.deliver("to the caught alias", to=f"made.up@{DOMAIN}")
        server.deliver("to the branch's own", to=f"made.up@{MORE}")
        assert server.arrived("anna", "to the caught alias") and server.arrived("chloe", "to the branch's own")
    assert rcpt(server, "anybody", f"anybody@{MORE}") == [550, 550]


def test_nobody_is_blocked_for_what_a_catch_all_takes(server: Office) -> None:
    """X06-02, PO10: what is taken is no guess; without the catch-all it is."""
    address = server.address(18)

    def tries(*names: str) -> list[int]:
        with server.smtp(source=address) as client:
            client.ehlo()
            told = client.mail("friend@world.example")[0]
            return [told, *(client.rcpt(f"{name}@{DOMAIN}")[0] for name in names)] if told == 250 else [told]

    with changed(server, "mail_delivery.security", unknown_accounts=3):
        with changed(server, ALIAS, catch_all=[{"domain": DOMAIN, "recipient": "ben"}]):
            assert tries(*(f"guess{turn}" for turn in range(8))) == [250] * 9
            assert tries() == [250]
        assert tries(*(f"guess{turn}" for turn in range(4))) == [250, *[550] * 4]
        until(lambda: tries() == [554], 10, "blocked from now on")
        Desktop(server).post("api/bans/unblock", address=address)
        # One account with many extensions is one account.
        with changed(server, GENERAL, address_separator="plus"):
            assert tries(*(f"guess+{turn}" for turn in range(8))) == [250, *[550] * 8]
            assert tries() == [250]


def test_what_a_catch_all_means_is_told(server: Office) -> None:
    """X06-02, CK01: in Check Settings; and what cannot be is refused with its field."""
    with changed(server, ALIAS, catch_all=[{"domain": DOMAIN, "recipient": "ben"}]):
        told = {one["key"]: one["effect"] for one in server.ctl("check", "settings")["differences"]}
        assert "spam" in told["catch_all"]
    for catch, words in (
        ({"domain": "else.example", "recipient": "ben"}, "else.example is not a domain of this server."),
        ({"domain": DOMAIN, "recipient": "nobody"}, "There is no user or alias nobody."),
    ):
        with pytest.raises(RuntimeError, match=words):
            server.apply(ALIAS, catch_all=[catch])
    assert rcpt(server, "anybody") == [550]


def test_an_alias_of_one_domain(server: Office, branch: None) -> None:
    """X06-03: the same name at two domains; put back, it is gone."""
    aliases = [alias("sales", "user:anna"), alias("sales", "user:ben", domain=MORE),
               alias("here", "alias:sales", domain=MORE)]  # fmt: skip
    with changed(server, ALIAS, aliases=aliases):
        assert rcpt(server, "here", f"here@{MORE}") == [550, 250]
        server.deliver("sales of the office", to=f"sales@{DOMAIN}")
        server.deliver("sales of the branch", to=f"sales@{MORE}")
        server.deliver("here at the branch", to=f"here@{MORE}")
        assert server.arrived("anna", "sales of the office")
        assert server.arrived("ben", "sales of the branch") and server.arrived("ben", "here at the branch")
        assert not [one for one in server.folder_of("anna") if b"of the branch" in one]
        listed = {one["address"]: one["recipients"] for one in server.ctl("aliases", "list")["aliases"]}
        assert listed[f"sales@{MORE}"] == ["ben"] and listed[f"sales@{DOMAIN}"] == ["anna"]
        exported = server.ctl("aliases", "export")["text"]
        assert f"\nsales@{MORE}: ben\n" in exported and "\nsales: anna\n" in exported
        # A domain that goes takes with it what was for it alone, and says so.
        desktop = Desktop(server)
        change = {"page": GENERAL, "changes": {"additional_domains": []}}
        base = desktop.get(f"api/settings/{GENERAL}")["revision"]
        told = desktop.post("api/settings/preview", revision=base, **change)["warnings"]
        assert any(f"{MORE} goes" in one["text"] for one in told)
    with pytest.raises(Refusal) as refused:
        desktop = Desktop(server)
        base = desktop.get(f"api/settings/{ALIAS}")["revision"]
        put = {"aliases": {"put": [alias("x", "user:ben", domain="else.example")]}}
        desktop.post("api/settings/apply", revision=base, page=ALIAS, changes=put)
    assert refused.value.status == 422 and "not a domain of this server" in str(refused.value.problem)
