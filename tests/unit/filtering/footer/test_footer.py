"""What exactly becomes of a message that gets a footer, and when it gets none because it has it (rows DI01, DI05)."""

from __future__ import annotations

import tempfile
from mmap import ACCESS_READ, mmap

import pytest

from mailroom.filtering.footer import put as door
from mailroom.filtering.footer.put import Footer, Put, put
from unit.filtering.footer.odd_mime import ATTACHED, EIGHT, RICH, B, b64, mail, multi, part
from unit.filtering.footer.reading import split, with_footer

FOOTER = Footer("<p>Example Ltd., registered no. 12345</p>", "Example Ltd., registered no. 12345")
CHINESE = Footer("", "示例")


def whole(message: bytes, footer: Footer = FOOTER) -> bytes:
    after = with_footer(message, footer)
    assert isinstance(after, bytes), after
    return after


def test_a_plain_text_ends_with_it() -> None:
    message = mail(part("text/plain", b"Hello\r\n"))
    assert whole(message) == message + b"\r\nExample Ltd., registered no. 12345\r\n"


def test_html_ends_with_it() -> None:
    message = mail(part("text/html", b"<BODY>Hi</BODY>\r\n"))
    assert whole(message).endswith(
        b"\r\n\r\n<BODY>Hi<div><p>Example Ltd., registered no. 12345</p></div>\r\n</BODY>\r\n"
    )


def test_a_chinese_footer_moves_an_ascii_text_to_utf_8() -> None:
    after = whole(mail(part("text/plain; charset=us-ascii; format=fixed", b"1 + 1 =3D 2\r\n")), CHINESE)
    assert b"Content-Type: text/plain; charset=UTF-8; format=fixed\r\n" in after
    assert b"Content-Transfer-Encoding: quoted-printable\r\n" in after
    assert after.endswith(b"\r\n\r\n1 + 1 =3D3D 2\r\n\r\n=E7=A4=BA=E4=BE=8B\r\n")


def test_a_message_without_mime_gets_the_headers_it_needs_and_no_others() -> None:
    bare = b"From: bob@example.com\r\n\r\nHello\r\n"
    assert whole(bare).startswith(b"From: bob@example.com\r\n\r\nHello\r\n")
    assert whole(bare, CHINESE).startswith(
        b"From: bob@example.com\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nHello\r\n"
    )


def test_the_charset_stays_when_it_has_the_letters() -> None:
    message = mail(part("text/plain; charset=gb2312", "您好\r\n".encode("gb2312"), EIGHT))
    assert whole(message, CHINESE) == message + "\r\n示例\r\n".encode("gb2312")


def test_html_never_changes_its_charset() -> None:
    message = mail(part("text/html; charset=us-ascii", b"<p>Hi</p>\r\n"))
    assert whole(message, Footer("<p>示</p>", "")) == message + b"<div><p>&#31034;</p></div>\r\n"


def test_a_part_inside_gets_its_headers_where_its_others_are() -> None:
    after = whole(mail(multi("mixed", b"Subject: x\r\n\r\nHello", ATTACHED)), CHINESE)
    assert (
        b"--b1\r\nSubject: x\r\nContent-Type: text/plain; charset=UTF-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nHello\r\n\r\n=E7=A4=BA=E4=BE=8B\r\n\r\n--b1\r\n"
    ) in after
    assert (
        b"--b1\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHello"
    ) in whole(mail(multi("mixed", b"\r\nHello", ATTACHED)), CHINESE)


def test_flowed_lines_end_where_they_end() -> None:
    footer = Footer("", "From us \n-- \n> x\n y")
    after = whole(mail(part("text/plain; format=flowed", b"Hi\r\n")), footer)
    assert after.endswith(b"\r\n\r\nHi\r\n\r\n From us\r\n-- \r\n > x\r\n  y\r\n")


def test_long_lines_are_sent_as_quoted_printable() -> None:
    after = whole(mail(part("text/plain", b"Hi\r\n")), Footer("", "word " * 300))
    assert b"Content-Transfer-Encoding: quoted-printable" in after
    assert max(map(len, after.split(b"\r\n"))) <= 76


def test_an_empty_footer_is_put_nowhere() -> None:
    assert with_footer(mail(RICH), CHINESE) == door.NO_TEXT
    assert with_footer(mail(part("text/plain")), Footer("<p>x</p>", " \n")) == door.NO_TEXT


@pytest.mark.parametrize(
    "text",
    [
        "Hi\r\n\r\nExample Ltd., registered no. 12345\r\n",
        "Thanks\r\n\r\n> Hi\r\n>> Example Ltd.,\r\n>> registered no. 12345\r\n",
        "Thanks\r\n> Example   Ltd., regis\r\n> tered no. 12345 > and so on\r\n",
    ],
)
def test_a_footer_that_is_there_is_not_doubled(text: str) -> None:
    assert with_footer(mail(part("text/plain", text.encode())), FOOTER) == door.THERE
    assert with_footer(mail(part("text/plain; charset=utf-8", b64(text.encode()), B)), FOOTER) == door.THERE


def test_html_that_a_program_has_rewritten_is_known_again() -> None:
    quoted = b"<blockquote class=q>Example&nbsp;Ltd.,<o:p></o:p>\r\n<b>registered</b> no. 12345</blockquote>"
    assert with_footer(mail(part("text/html", quoted)), FOOTER) == door.THERE


def test_one_version_that_lacks_it_gets_it() -> None:
    has, lacks = part("text/plain", b"Example Ltd., registered no. 12345\r\n"), part("text/html", b"<p>Hi")
    after = whole(mail(multi("alternative", has, lacks)))
    assert after.count(b"registered no. 12345") == 2


def test_a_short_footer_is_looked_for_in_whole_lines() -> None:
    footer = Footer("<b>Example Ltd</b>", "Example Ltd")
    assert b"\r\n\r\nExample Ltd\r\n" in whole(mail(part("text/plain", b"I like Example Ltd very much\r\n")), footer)
    assert with_footer(mail(part("text/plain", b"> Example  Ltd\r\n")), footer) == door.THERE
    assert with_footer(mail(part("text/html", b"<p>x<p>Example Ltd</p>")), footer) == door.THERE


def test_a_picture_alone_is_known_again() -> None:
    footer = Footer('<img src="https://example.com/logo.png">', "")
    once = whole(mail(RICH), footer)
    assert with_footer(once, footer) == door.THERE


def test_quoted_pgp_is_no_protection() -> None:
    assert isinstance(with_footer(mail(part("text/plain", b"> -----BEGIN PGP MESSAGE-----\r\n")), FOOTER), bytes)


def test_a_body_in_a_file_is_read_where_it_lies() -> None:
    headers, body = split(mail(multi("mixed", part("text/plain"), ATTACHED)))
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.flush()
        with mmap(file.fileno(), 0, access=ACCESS_READ) as seen:
            there, here = put(headers, seen, FOOTER), put(headers, body, FOOTER)
            assert isinstance(there, Put) and isinstance(here, Put)
            assert there == here
            joined = b"".join(bytes(piece) for piece in there.pieces(body))
    assert joined == b"".join(here.pieces(body))
