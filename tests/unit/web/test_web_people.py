"""Addresses of a message that the server could not read."""

from __future__ import annotations

import pytest
from test_web_leaves import NOTHING, Server, server

from mailroom.web.portal.imap import mailbox

__all__ = ["server"]


@pytest.mark.parametrize("domain", [b"MISSING_DOMAIN", b"SYNTAX_ERROR"])
def test_addresses_that_the_server_could_not_read(
    server: Server, monkeypatch: pytest.MonkeyPatch, domain: bytes
) -> None:
    """Dovecot leaves out the domain with a dot behind it, or all addresses that follow."""
    field = b"To: a@x.example, =?utf-8?q?B=C3=A9n?= <b@y.example.>, c@z.example\r\n\r\n"
    monkeypatch.setattr(mailbox, "one", lambda link, uid, items: {b"BODY[HEADER.FIELDS (TO)]": field})
    server.sections = {"1": b""}
    listed = [[None, None, b"a", b"x.example"], [b"Ben", None, b"b", domain]]
    _, facts = server.read(NOTHING, ENVELOPE=[*[None] * 5, listed, *[None] * 4])
    assert [(one["name"], one["address"]) for one in facts["to"]] == [
        ("", "a@x.example"), ("Bén", "b@y.example"), ("", "c@z.example"),
    ]  # fmt: skip
