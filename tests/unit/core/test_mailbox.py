"""Addresses of others: one table, which ui/tests/addresses.test.ts reads as well."""

from __future__ import annotations

import email
import email.policy
import json
import time
from email.errors import NonASCIILocalPartDefect
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailroom.core import mail_header
from mailroom.core.address import foreign
from mailroom.core.mailbox import mailbox, mailboxes, quoted, readable
from mailroom.core.pages.mail_delivery_alias import Alias
from mailroom.policy import alias_file

TABLE: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "samples/addresses.json").read_text())
GOOD = [row for row in TABLE if row["address"]]
MEMBERS = sorted({foreign(row["text"]) for row in TABLE if row["member"]})


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["text"][:40])
def test_what_a_text_names(row: dict[str, Any]) -> None:
    found = mailbox(row["text"])
    assert (found.address if found else "", found.name if found else "") == (row["address"], row["name"])


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["text"][:40])
def test_what_is_written_is_read_by_others(row: dict[str, Any]) -> None:
    """RFC 5322, as Python's strict parser has it."""
    found = mailbox(row["text"])
    assert found is not None
    field = mail_header.address_field("To", [(found.name, found.address)])
    # Addresses outside ASCII stand there in UTF-8 (RFC 6532), which this parser reads from text alone.
    made = email.message_from_string(field.decode() + "\r\n", policy=email.policy.default)["to"]
    (read,) = made.addresses
    assert (read.display_name, read.username, read.domain) == (found.name, found.local, found.domain)
    assert {type(one) for one in made.defects} <= {NonASCIILocalPartDefect}
    again = mailbox(found.address)
    assert (
        again is not None and again.address == found.address and mailbox(readable(found.local, found.domain)) == again
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["text"][:40])
def test_members_of_aliases(row: dict[str, Any]) -> None:
    made = foreign(row["text"])
    if not row["member"]:
        assert made == ""
        with pytest.raises(ValueError, match="no mail address"):
            Alias(id="a", name="all", members=[row["text"]])
        return
    assert made.lower() == row["address"].lower()
    assert Alias(id="a", name="all", members=[row["text"]]).members == [made]


def test_members_in_files() -> None:
    """What was written is read again, in both formats of Postfix."""
    text = alias_file.written({"all": MEMBERS}, {}, "example.com")
    (line,) = alias_file.read(text, ["example.com"]).lines
    assert line.fault == "" and list(line.members) == MEMBERS
    (line,) = alias_file.read(f"all@example.com {', '.join(MEMBERS)}\n", ["example.com"]).lines
    assert line.fault == "" and list(line.members) == MEMBERS
    for bad in ('"|prog"@world.example', '"|prog x"', '"/tmp/x"@world.example', "-x@world.example"):
        (line,) = alias_file.read(f"all: {bad}\n", ["example.com"]).lines
        assert line.fault


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@x.example, b@y.example.", ["a@x.example", "b@y.example"]),
        ('"Doe, J" <a@x.example>, (Jane, sales) b@y.example', ["a@x.example", "b@y.example"]),
        ("team: a@x.example, b@y.example;, c@z.example", ["a@x.example", "b@y.example", "c@z.example"]),
        ("undisclosed:;", []),
        ("no address, a@x.example, <>", ["a@x.example"]),
        ('"a,b"@x.example; b@y.example', ['"a,b"@x.example', "b@y.example"]),
    ],
)
def test_a_list_of_addresses(text: str, addresses: list[str]) -> None:
    assert [one.address for one in mailboxes(text)] == addresses


@given(local=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=80))
def test_every_local_part_goes_through(local: str) -> None:
    found = mailbox(f"{quoted(local)}@world.example")
    assert found is not None and found.local == local
    again = mailbox(f'"x" <{readable(local, "world.example")}>')
    assert again is not None and again.local == local


@given(text=st.text(alphabet='a@. <>"\\(),;:[]-_mailto:\n\u00e4', max_size=60))
def test_no_text_is_two_addresses_or_a_line_more(text: str) -> None:
    found = mailbox(text)
    if found is None:
        return
    assert found.domain.isascii() and found.address.isprintable() and found.name.isprintable()
    again = mailbox(found.address)
    assert again is not None and again.address == found.address and again.name == ""


@pytest.mark.parametrize("piece", ['"', '"\\', "(", ")", "()", "<", "<>", "\\", "@", "a@b.c,", '" ', "(("])
def test_no_text_costs_more_than_its_length(piece: str) -> None:
    """CPU time of four times as much, with room for a busy machine."""
    taken = []
    for size in (500, 2_000):
        text = piece * (size // len(piece))
        began = time.process_time()
        for _ in range(20):
            mailbox(text)
        taken.append(time.process_time() - began)
    assert taken[1] < 8 * taken[0] + 0.1, taken


@pytest.mark.parametrize("piece", ["<a@b.example> ", "[", '"', '\\"', "(", ":", "a:", "@:", ","])
def test_no_list_costs_more_than_its_length(piece: str) -> None:
    """CPU time of four times as much, with room for a busy machine."""
    taken = []
    for size in (25_000, 100_000):
        text = piece * (size // len(piece))
        began = time.process_time()
        mailboxes(text)
        taken.append(time.process_time() - began)
    assert taken[1] < 8 * taken[0] + 0.02, taken
