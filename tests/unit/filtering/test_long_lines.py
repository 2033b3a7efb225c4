"""Lines too long for other servers: made shorter without a letter lost, left alone where nothing may change."""

from __future__ import annotations

import email
import email.message
import email.policy
import random
from pathlib import Path
from typing import Any

import pytest

from filter_rules import RULES
from mailroom.filtering import long_lines
from mailroom.filtering.actions import shorten_lines
from mailroom.filtering.body import Body
from mailroom.filtering.long_lines import LINE_BYTES_MAX, folded, has_long_line, shorten
from mailroom.filtering.message import Changes, Client, Message, Recipient
from unit.filtering.footer.odd_mime import mail, multi, part
from unit.filtering.footer.reading import split

SEED, ROUNDS = 20261130, 150
PIECES = (
    "x",
    "ü",
    "日本",
    "=",
    ".",
    " ",
    "\t",
    "From ",
    '<a href="https://a.example/b">',
    "😀",
    "\r\n",
    "\r\n.\r\n",
    " \r\n",
)
LONG = "<p>" + "x" * 994 + "ü" + "y" * 900 + '<a href="https://shop.example/' + "z" * 200 + '">link</a></p>\r\n'
TEXTS = ("text/html; charset=utf-8", "text/plain", "text/calendar", "application/json", "image/svg+xml", "text/x-odd")


def content(chance: random.Random) -> bytes:
    return "".join(chance.choice(PIECES) * chance.choice((1, 1, 5, 700)) for _ in range(chance.randint(1, 12))).encode()


def leaves(message: bytes) -> list[tuple[str, bytes]]:
    """Each part's type and content, decoded by the standard library."""
    read = email.message_from_bytes(message, policy=email.policy.compat32)
    parts = [one for one in read.walk() if not one.is_multipart()]
    return [(one.get_content_type(), one.get_payload(decode=True).rstrip(b"\r\n")) for one in parts]  # type: ignore[union-attr]


def changed(message: bytes) -> tuple[bytes, str]:
    """The message as it leaves, and why lines stayed long."""
    headers, body = split(message)
    result = shorten(headers, body)
    names = {name.lower() for name, _ in result.headers}
    kept = [(name, value) for name, value in headers if name.lower() not in names]
    lines = [
        name + b":" + value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for name, value in kept + result.headers
    ]
    return b"\r\n".join([*lines, b"", b"".join(result.pieces(body))]), result.left


def longest(message: bytes) -> int:
    return max(map(len, message.split(b"\r\n")))


def test_what_a_reader_decodes_stays_the_same() -> None:
    chance = random.Random(SEED)
    for _ in range(ROUNDS):
        parts = [part(chance.choice(TEXTS), content(chance), "Content-Transfer-Encoding: 8bit") for _ in range(3)]
        whole = chance.choice(
            (parts[0], multi("mixed", *parts), multi("mixed", multi("alternative", *parts, boundary="c")))
        )
        before = mail(whole)
        after, left = changed(before)
        assert leaves(after) == leaves(before)
        assert longest(after) <= LINE_BYTES_MAX and (left == "" or longest(before) <= LINE_BYTES_MAX)


@pytest.mark.parametrize("length", [997, 998, 999, 1000, 1001, 5000])
@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\nshort\r\n"])
def test_where_a_line_begins_to_be_long(length: int, end: bytes) -> None:
    for before in (b"", b"short\r\n", b"\r\n" * 600, b"y" * 998 + b"\r\n"):
        assert has_long_line(before + b"x" * length + end) == (length > 998), (before[:9], end)


SIGNED = {
    "DKIM": mail(part("text/plain", LONG.encode()), "DKIM-Signature: v=1; d=example.com; b=x"),
    "S/MIME": mail(multi("signed", part("text/plain", LONG.encode()), part("application/pkcs7-signature", b"eA=="))),
    "PGP/MIME": mail(multi('encrypted; protocol="application/pgp-encrypted"', part("application/pgp-encrypted", b"x"))),
    "PGP": mail(part("text/plain", b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\n" + LONG.encode())),
}


@pytest.mark.parametrize("name", SIGNED)
def test_what_is_signed_or_encrypted_stays_as_it_is(name: str) -> None:
    headers, body = split(SIGNED[name])
    result = shorten(headers, body)
    assert result.left == long_lines.PROTECTED and not result.headers and b"".join(result.pieces(body)) == body


@pytest.mark.parametrize(
    "whole",
    [
        part('multipart/mixed; boundary="b"', b"no boundary " + LONG.encode()),
        part("message/rfc822", mail(part("text/plain", LONG.encode()))),
        part("text/plain", LONG.encode(), "Content-Transfer-Encoding: quoted-printable"),
        multi("mixed", part("text/plain", b"x"), before=LONG.encode()),
    ],
)
def test_what_may_not_be_encoded_stays_and_says_so(whole: bytes) -> None:
    after, left = changed(mail(whole))
    assert left and leaves(after) == leaves(mail(whole))


def test_a_header_is_folded_at_white_space_only() -> None:
    chance = random.Random(SEED)
    for _ in range(ROUNDS):
        value = (
            b" "
            + b"".join(
                b"w" * chance.choice((1, 30, 1500)) + chance.choice((b" ", b"  ", b"\t", b"\n ")) for _ in range(200)
            ).rstrip()
        )
        new = folded(b"References", value)
        assert new.replace(b"\n", b"") == value.replace(b"\n", b"")
        for line in new.split(b"\n"):
            assert line.strip() and (len(line) <= LINE_BYTES_MAX or b" " not in line.strip()[:900].replace(b"\t", b" "))
        assert all(line[:1] in b" \t" for line in new.split(b"\n"))
    assert folded(b"X", b" short\n\tas it is") == b" short\n\tas it is"


def message(whole: bytes, tmp_path: Path, *to: str, login: str = "anna") -> Message:
    headers, body = split(whole)
    made = Message("1", 0.0, Client("192.0.2.9"), Body(10**9, tmp_path), login=login)
    for name, value in headers:
        made.add_header(name, value)
    made.body.add(body)
    made.recipients = [Recipient(one) for one in to]
    return made


@pytest.mark.parametrize(
    ("to", "login", "encoded"),
    [
        (("bob@out.example",), "anna", True),
        (("ben@example.com", "bob@out.example"), "anna", True),
        (("ben@example.com",), "anna", False),
        (("ben@example.com",), "", False),
    ],
)
def test_only_what_leaves_is_changed(to: tuple[str, ...], login: str, encoded: bool, tmp_path: Path) -> None:
    rules: Any = RULES.__class__(**{**RULES.__dict__, "domains": frozenset({"example.com"})})
    changes = Changes()
    shorten_lines.act(message(mail(part("text/plain", LONG.encode())), tmp_path, *to, login=login), [], rules, changes)
    assert (changes.body is not None) == encoded == bool(changes.told)
    assert not encoded or (1, b"Content-Transfer-Encoding", b" quoted-printable") not in changes.replaced
    assert not encoded or (b"Content-Transfer-Encoding", b" quoted-printable") in changes.added


def test_a_body_that_has_a_disclaimer_already_keeps_it(tmp_path: Path) -> None:
    rules: Any = RULES.__class__(**{**RULES.__dict__, "domains": frozenset({"example.com"})})
    before = message(
        mail(part("text/plain", LONG.encode(), "Content-Transfer-Encoding: 8bit")), tmp_path, "bob@out.example"
    )
    changes = Changes(body=iter([before.body.buffer(), b"The disclaimer\r\n"]))
    shorten_lines.act(before, [], rules, changes)
    whole = b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + b"".join(changes.body or [])
    read = email.message_from_bytes(whole).get_payload(decode=True)
    assert read == LONG.encode() + b"The disclaimer\r\n" and longest(whole) <= LINE_BYTES_MAX
    assert (1, b"Content-Transfer-Encoding", b" quoted-printable") in changes.replaced
