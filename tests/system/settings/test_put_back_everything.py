"""Undo over everything: each kind of setting comes back, alone and with all others, and real traffic shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from changing import newest_revision
from desktop import Desktop, Refusal
from office import DOMAIN, Office, until
from relayed import demanding, lets_in

GENERAL, LISTS, ALIAS, DELIVERY, DISCLAIMER, INTERFACE = (
    "mail_delivery.general", "mail_delivery.lists", "mail_delivery.alias", "mail_delivery.delivery",
    "mail_delivery.disclaimer", "service.interface",
)  # fmt: skip
RULE = {"name": "Spam", "enabled": True, "type": "sender", "criteria": "*@spam.example", "action": "reject"}
INFO = {"name": "info", "members": ["user:ben"]}
FOOTER = {"enabled": True, "name": "Legal", "text": "Confidential, please."}


@pytest.fixture
def base(server: Office) -> Iterator[int]:
    """The revision before the test, which is in force again after it."""
    found = newest_revision(server)
    yield found
    server.ctl("settings", "put-back", str(found))


def asked(server: Office, sender: str, to: str) -> int:
    """The reply to a recipient."""
    with server.smtp() as client:
        client.ehlo()
        code = client.mail(sender)[0]
        return code if code >= 400 else client.rcpt(f"{to}@{DOMAIN}")[0]


def largest_mb(server: Office) -> int:
    """What the server says of the size of mail."""
    with server.smtp() as client:
        client.ehlo()
        return int(client.esmtp_features["size"]) // 1024**2


def footer(server: Office, subject: str) -> bool:
    """Whether outgoing mail has the disclaimer."""
    with server.submission("ben") as client:
        client.send_message(server.mail(subject, to="friend@world.example", sender=f"ben@{DOMAIN}"))
    return FOOTER["text"] in server.sent_out(subject)["content"]  # type: ignore[operator]


def put(server: Office, page: str, key: str, item: dict[str, Any]) -> None:
    server.ctl("settings", "set", f"{page}.{key}={json.dumps({'put': [item]})}")


def back(desktop: Desktop, server: Office, to: int, page: str | None) -> Any:
    """Put back, after a look at it that tells the same."""
    asked = {"revision": newest_revision(server), "to": to, "page": page}
    shown = desktop.post("api/settings/preview-back", **asked)
    done = desktop.post("api/settings/put-back", **asked)
    assert done["changed"] == shown["settings"] and done["changed"]
    return done


@pytest.mark.parametrize("whole", [False, True], ids=["page by page", "the whole"])
def test_every_kind_of_setting_comes_back(
    server: Office, desktop: Desktop, base: int, tmp_path: Path, whole: bool
) -> None:
    """Plain settings, lists with and without an order, and a secret; each seen by what mail does."""
    with demanding(server, tmp_path) as (relay, wanted):
        # As it was at first.
        server.apply(DELIVERY, **wanted)
        first = newest_revision(server)
        assert lets_in(server, relay) and largest_mb(server) == 30
        assert (asked(server, "a@spam.example", "ben"), asked(server, "a@b.example", "info")) == (250, 550)
        # Everything is changed.
        server.apply(GENERAL, max_message_mb=12)
        put(server, LISTS, "blacklist", RULE)
        put(server, ALIAS, "aliases", INFO)
        server.apply(DELIVERY, password="another password")
        assert not lets_in(server, relay) and largest_mb(server) == 12
        assert asked(server, "a@spam.example", "ben") == 550
        until(lambda: asked(server, "a@b.example", "info") == 250, 30, "the alias is known")
        changed = newest_revision(server)
        # All of it back to the first state.
        for page in [None] if whole else [GENERAL, LISTS, ALIAS, DELIVERY]:
            back(desktop, server, first, page)
        assert lets_in(server, relay) and largest_mb(server) == 30
        assert asked(server, "a@spam.example", "ben") == 250
        until(lambda: asked(server, "a@b.example", "info") == 550, 30, "the alias is gone")
        # And what was put back can be put back.
        for page in [None] if whole else [GENERAL, LISTS, ALIAS, DELIVERY]:
            back(desktop, server, changed, page)
        assert not lets_in(server, relay) and largest_mb(server) == 12
        assert asked(server, "a@spam.example", "ben") == 550


def test_a_page_comes_back_alone(server: Office, desktop: Desktop, base: int) -> None:
    put(server, LISTS, "blacklist", RULE)
    server.apply(GENERAL, max_message_mb=12)
    done = back(desktop, server, base, LISTS)
    assert {one["page"] for one in done["changed"]} == {LISTS}
    assert largest_mb(server) == 12 and asked(server, "a@spam.example", "ben") == 250
    note = server.ctl("settings", "history", "--limit", "1")["revisions"][0]["note"]
    assert note == f"Put back to revision {base}, page Black & White List"


def test_a_disclaimer_comes_back_with_its_text_and_order(server: Office, desktop: Desktop, base: int) -> None:
    put(server, DISCLAIMER, "disclaimers", FOOTER)
    put(server, DISCLAIMER, "disclaimers", {**FOOTER, "name": "Other"})
    before = server.ctl("settings", "get", f"{DISCLAIMER}.disclaimers")
    with_footer = newest_revision(server)
    server.ctl("settings", "set", f"{DISCLAIMER}.disclaimers={json.dumps({'order': [before[1]['id']]})}")
    server.apply(DISCLAIMER, disclaimers=[])
    assert not footer(server, "while it is gone")
    back(desktop, server, with_footer, DISCLAIMER)
    assert server.ctl("settings", "get", f"{DISCLAIMER}.disclaimers") == before
    assert footer(server, "it is back")


def test_a_revision_whose_interface_is_gone_is_refused_at_the_field(
    server: Office, desktop: Desktop, base: int
) -> None:
    """What the machine cannot do any more is no state to go back to; the page and the whole are refused alike."""
    server.machine.network("ip", "link", "add", "eth7", "type", "veth", "peer", "name", "eth7-peer", check=True)
    server.machine.network("ip", "addr", "add", "10.78.7.2/24", "dev", "eth7", check=True)
    for end in ("eth7", "eth7-peer"):
        server.machine.network("ip", "link", "set", end, "up", check=True)
    server.apply(INTERFACE, interface="eth7")
    with_interface = newest_revision(server)
    server.apply(INTERFACE, interface="all")
    server.apply(GENERAL, max_message_mb=12)
    server.machine.network("ip", "link", "del", "eth7", check=True)
    now = newest_revision(server)
    for page in (INTERFACE, None):
        for verb in ("preview-back", "put-back"):
            with pytest.raises(Refusal) as refused:
                desktop.post(f"api/settings/{verb}", revision=now, to=with_interface, page=page)
            assert (refused.value.status, refused.value.problem["field"]) == (422, "interface")
            assert refused.value.problem["setting"] == f"{INTERFACE}.interface" and refused.value.problem["next"]
    assert newest_revision(server) == now and largest_mb(server) == 12


def test_what_was_never_there_cannot_be_put_back(server: Office, desktop: Desktop, base: int) -> None:
    with pytest.raises(Refusal) as refused:
        desktop.post("api/settings/put-back", revision=base, to=999_999)
    assert (refused.value.status, refused.value.problem["field"]) == (404, "revision")
    with pytest.raises(Refusal) as refused:
        desktop.post("api/settings/put-back", revision=base, to=base, page="no.page")
    assert refused.value.status == 404
