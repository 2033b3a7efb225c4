"""Parsers of strangers' bytes: none is left out, and for each the cost and what comes out grow as the bytes do.

Here with small inputs; ./dev bench hostile_costs takes them up to 1 MB and looks how long each holds the others up.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import hostile
from growth import growth
from hostile import Parser

SOURCE = Path(__file__).resolve().parents[2] / "src"
SMALL, LARGE = 2_000, 8_000
FIXED_BYTES = 64 * 1024
FLOORS = ("filtering", "web", "tls", "dns", "core", "policy")
# Who imports one of these reads bytes or text of a form.
FORMS = {
    *(
        "re",
        "struct",
        "json",
        "xml",
        "html",
        "email",
        "quopri",
        "binascii",
        "base64",
        "nh3",
        "http",
        "urllib",
        "ipaddress",
    ),
    *("cryptography", "dns", "ssl", "zlib", "plistlib", "csv", "pickle"),
}
# Modules that import one and read no strangers' bytes, or only what another parser has read and bounded.
NOT_FOREIGN = {
    "settings and names that administrators enter: at most some hundred letters each, checked by pydantic first": """
        core.pages.mail_delivery_auto_bcc core.pages.mail_delivery_disclaimer core.pages.mail_delivery_lists
        core.pages.mail_delivery_security core.pages.server_management_check core.pages.service_acme
        core.pages.security_antivirus core.sender_relay core.net filtering.exceptions""",
    "what we have written ourselves": """
        core.sealed core.secrets filtering.account_facts filtering.own_mark filtering.conditions filtering.rules
        filtering.actions.quarantine filtering.released tls.account tls.kept
        tls.self_signed tls.challenge tls.judged web.portal.sending web.portal.outgoing web.waiting""",
    "addresses of SMTP, at most 2 KB each, compared and not read": "filtering.lists filtering.own_clients",
    "answers of our own daemons": "filtering.checks.clamav filtering.checks.rspamd web.portal.replies",
    "it only splits lines or writes them; the text is bounded by who asks": """
        core.lines core.mail_header core.mail_text filtering.completing web.clients.autoconfig web.clients.profile""",
    "the request was read and bounded by web.heads and web.tools": """
        web.api.aliases web.api.configuration web.app web.guards web.streams web.portal.api.messages
        web.api.quarantine""",
    "an authority that the administrator has chosen, over checked TLS, 1 MB an answer": "tls.acme tls.acme_link",
    "evaluation of records that dns.wire has read, with the limits of RFC 7208": "dns.spf dns.blocklist",
    "a name of at most 240 letters, asked by Postfix (socketmap: 4 KB)": "filtering.tls_policies",
    "an id of 26 letters, of at most five headers": "filtering.actions.auto_bcc",
    "parts that filtering.footer.tree has found; counts in one pass": "filtering.checks.attachment_size",
}
REMEDY = "declare what it reads in tests/hostile_*.py, or say in NOT_FOREIGN why it reads nothing of strangers"
PARSERS = hostile.parsers()


def readers() -> set[str]:
    """Modules that import what reads bytes or text of a form."""
    found = set()
    for floor in FLOORS:
        for file in sorted((SOURCE / "mailroom" / floor).rglob("*.py")):
            names = {
                name.partition(".")[0]
                for node in ast.walk(ast.parse(file.read_text()))
                if isinstance(node, ast.Import | ast.ImportFrom)
                for name in ([one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""])
            }
            if names & FORMS:
                found.add(".".join(file.relative_to(SOURCE).with_suffix("").parts))
    return found


def excused() -> list[str]:
    return [f"mailroom.{name}" for names in NOT_FOREIGN.values() for name in names.split()]


def test_no_parser_is_left_out() -> None:
    missing = readers() - {one.module for one in PARSERS} - set(excused())
    assert not missing, f"{sorted(missing)}: {REMEDY}"


def test_what_is_excused_is_there_once_and_read_by_nobody() -> None:
    names = excused()
    assert len(names) == len(set(names))
    assert set(names) <= readers() - {one.module for one in PARSERS}


@pytest.mark.parametrize("parser", PARSERS, ids=lambda one: f"{one.module.removeprefix('mailroom.')}.{one.name}")
def test_cost_and_output_grow_as_the_bytes_do(parser: Parser) -> None:
    large = min(LARGE, parser.bytes_max)
    for name, make in parser.inputs():
        found = growth(parser.read, make, large // 4, large)
        assert found.is_linear, f"{name}: {found}"
        came_out = hostile.out_bytes(parser.read(make(SMALL)))
        assert came_out <= parser.grows * SMALL + FIXED_BYTES, f"{name}: {came_out} bytes for {SMALL}"


def test_a_parser_that_is_quadratic_is_found() -> None:
    slow = re.compile(rb'"(?:[^"\\]|\\.)*"')
    found = growth(lambda content: slow.sub(b"", content), lambda size: b'\\"' * (size // 2), 1_000, 4_000)
    assert not found.is_linear, str(found)
