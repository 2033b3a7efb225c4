"""Aliases as files in Postfix's formats (rows AL05, AL06)."""

from __future__ import annotations

import time

import pytest

from mailroom.policy import alias_file
from mailroom.policy.alias_import import Import, Known, Outcome
from mailroom.policy.text_file import BYTES_MAX, LINES_MAX, NoText, text_of

DOMAIN = "example.com"
USERS = {"anna", "ben", "carl"}


def imported(text: str, aliases: dict[str, list[str]] | None = None, groups: set[str] | None = None) -> Outcome:
    known = Known(aliases or {}, USERS, groups or set(), [DOMAIN])
    return Import(alias_file.read(text, [DOMAIN]), known).outcome()


def reasons(text: str, **known: list[str]) -> dict[int, str]:
    return {one.line: one.reason for one in imported(text, known).refused}


def test_aliases_5_and_virtual_5() -> None:
    found = imported(
        "# a comment\n"
        "info: anna, ben,\n"
        "# in between\n"
        "\tmax@else.example\n"
        "\n"
        'Sales : "ben", <carl@example.com>\r\n'
        "team@example.com\tinfo@example.com carl\n"
        "root: \\anna\n"
    )
    assert found.refused == []
    assert found.new == {
        "info": ["user:anna", "user:ben", "max@else.example"],
        "sales": ["user:ben", "user:carl"],
        "team": ["alias:info", "user:carl"],
        "root": ["user:anna"],
    }


def test_what_is_there_is_kept_and_told() -> None:
    found = imported("info: ben\nmore: info\n", {"info": ["user:anna"]})
    assert found.new == {"more": ["alias:info"]}
    assert [(one.line, one.name, one.kept) for one in found.refused] == [(1, "info", True)]


def test_each_line_that_is_refused_has_number_and_reason() -> None:
    told = reasons(
        "good: anna\n"
        "pipe: |/bin/sh, anna\n"
        'quoted: "|/usr/bin/vacation ben"\n'
        "list: :include:/etc/passwd\n"
        "file: /var/mail/all\n"
        "ghost: nobody\n"
        "leans: ghost\n"
        "twice: ben\n"
        "twice: anna\n"
        "a b: anna\n"
        "empty:\n"
        "@example.com anna\n"
        "info@other.example anna\n"
        "odd: x@@y\n"
        "lonely\n"
        "one: two\n"
        "two: one\n"
        "into: one, anna\n"
        "self: self\n"
    )
    assert {line: words.split(".")[0][:24] for line, words in told.items()} == {
        2: "It runs a program, which",
        3: "It runs a program, which",
        4: "It reads its members fro",
        5: "It writes to a file of t",
        6: "There is no user or alia",
        7: "There is no user or alia",
        9: "twice is already on line",
        10: "There is no user or alia",
        11: "It has no members",
        12: "A whole domain cannot be",
        13: "other",
        14: "'x@@y' is no mail addres",
        15: "This is no alias",
        16: "It leads back to itself:",
        17: "It leads back to itself:",
        18: "It leads back to itself:",
        19: "There is no user or alia",
    }
    assert "one → two → one" in told[18]


def test_a_loop_with_what_is_there_is_refused() -> None:
    assert "b → a → b" in reasons("b: a\n", a=["user:b"])[1]


def test_what_was_exported_imports_as_the_same() -> None:
    aliases = {
        "info": ["user:anna", "group:Domain Users", "alias:team", "max@else.example"],
        "team": ["user:ben", "group:empty", "group:domain-users"],
        # A user and an alias of the same name, in each role.
        "anna": ["user:anna", "user:carl"],
        "both": ["user:anna", "alias:ben"],
        "ben": ["user:carl"],
        "gift": ["o'neil+x@else.example"],
    }
    groups = {"Domain Users": ["anna", "ben"], "domain-users": ["carl"]}
    text = alias_file.written(aliases, groups, DOMAIN)
    found = imported(text, groups={"Domain Users", "domain-users", "empty"})
    assert found.refused == [] and found.new == aliases
    # A host without these groups still gets their members, as aliases.
    elsewhere = imported(text)
    assert elsewhere.new["group.domain-users"] == ["alias:anna", "alias:ben"]


def test_an_address_at_another_domain_is_an_alias_of_that_domain_alone() -> None:
    """X06-03: and so it comes back from an export."""
    domains = [DOMAIN, "example.net"]
    known = Known({}, USERS, set(), domains)
    text = "sales: anna\nsales@example.net: ben\nben@example.net: ben, carl\nteam@example.com: carl\n"
    text += "x@other.example: ben\n"
    found = Import(alias_file.read(text, domains), known).outcome()
    new = {
        "sales": ["user:anna"],
        "sales@example.net": ["user:ben"],
        "ben@example.net": ["user:ben", "user:carl"],
        "team": ["user:carl"],
    }
    assert found.new == new and [one.line for one in found.refused] == [5]
    again = Import(alias_file.read(alias_file.written(new, {}, DOMAIN), domains), known).outcome()
    assert again.new == new and again.refused == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"info: anna\n" * (BYTES_MAX // 11 + 1), "larger than 4 MB"),
        (b"a:b\n" * (LINES_MAX + 1), "more than 100,000 lines"),
        (b"\x7fELF\0\0\0", "no text"),
        (b"\xff\xfei\0n", "no text"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(NoText, match=words):
        text_of(content)


def test_encodings() -> None:
    assert text_of("info: anna".encode("utf-16")) == "info: anna" == text_of(b"\xef\xbb\xbfinfo: anna")
    lines = alias_file.read(text_of("# Gr\xfc\xdfe\ninfo: anna\nb\xfcro: anna\n".encode("latin-1")), [DOMAIN]).lines
    assert [(one.number, one.readable) for one in lines] == [(2, True), (3, False)]


def test_hostile_files_are_read_in_no_time() -> None:
    """A wide margin: what grows with the square of the size would take hours."""
    started = time.perf_counter()
    chain = "".join(f"a{turn}: a{turn + 1}\n" for turn in range(20_000))
    assert len(imported(chain).refused) == 20_000
    ring = imported("".join(f"a{turn}: a{(turn + 1) % 2000}\n" for turn in range(2000)))
    assert len(ring.refused) == 2000
    imported("x: " + "anna," * 700_000)
    imported('"' * 1_000_000)
    imported("a" * 4_000_000)
    assert time.perf_counter() - started < 60
