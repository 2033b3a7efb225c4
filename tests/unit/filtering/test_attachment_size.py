"""The size limit of attachments: decoded size, each for itself, below and above (row DL08)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from filter_rules import RULES
from mailroom.filtering.body import Body
from mailroom.filtering.checks import attachment_size
from mailroom.filtering.message import Answer, Client, Message

MB = 1024 * 1024
LIMITED = replace(RULES, general=replace(RULES.general, attachment_limit=True, max_attachment_mb=1))


def message(made: EmailMessage | bytes, folder: Path) -> Message:
    """As it comes from Postfix."""
    raw = made if isinstance(made, bytes) else made.as_bytes(policy=policy.SMTP)
    head, _, body = raw.partition(b"\r\n\r\n")
    found = Message("1", 0.0, Client(), Body(100 * MB, folder), data=True, complete=True)
    for line in head.replace(b"\r\n ", b"\n ").replace(b"\r\n\t", b"\n\t").split(b"\r\n"):
        name, _, value = line.partition(b":")
        found.add_header(name, value)
    found.body.add(body)
    return found


def with_files(
    *sizes: int, encoding: str = "base64", text: str = "See below.\n", kind: str = "attachment"
) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = "files"
    made.set_content(text)
    for size in sizes:
        made.add_attachment((b"y" * 70 + b"\r\n") * (size // 72) + b"z" * (size % 72), "application", "pdf",
                            filename="a.pdf", cte=encoding, disposition=kind)  # fmt: skip
    return made


def asked(found: Message, rules: Any = LIMITED) -> Answer | None:
    if not attachment_size.applies(found, rules):
        return None
    return asyncio.run(attachment_size.check(found, rules))


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "7bit"])
def test_exactly_the_limit_passes_and_a_byte_more_does_not(tmp_path: Path, encoding: str) -> None:
    """As it will be saved: base64 makes a third more of it on the way, which does not count."""
    just = asked(message(with_files(MB, encoding=encoding), tmp_path))
    over = asked(message(with_files(MB + 1, encoding=encoding), tmp_path))
    assert just and just.result == "pass" and str(MB) in just.detail
    assert over and over.result == "reject" and over.reply.startswith("552 5.3.4") and str(MB + 1) in over.detail


def test_each_is_measured_for_itself(tmp_path: Path) -> None:
    found = asked(message(with_files(MB, MB, MB), tmp_path))
    assert found and found.result == "pass"


def test_an_inline_picture_is_a_file_and_the_text_is_none(tmp_path: Path) -> None:
    inline = asked(message(with_files(MB + 1, kind="inline"), tmp_path))
    text = asked(message(with_files(5, text="line\n" * MB), tmp_path))
    assert inline and inline.result == "reject" and text and text.result == "pass"


def test_a_message_that_is_one_file(tmp_path: Path) -> None:
    raw = b"Content-Type: application/zip\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + b"p" * (MB + 1)
    found = asked(message(raw, tmp_path))
    assert found and found.result == "reject"


def test_small_messages_and_no_limit_cost_nothing(tmp_path: Path) -> None:
    assert asked(message(with_files(1000), tmp_path)) is None
    assert asked(message(with_files(9 * MB), tmp_path), RULES) is None


def test_what_cannot_be_read_is_left_to_the_limit_of_the_message(tmp_path: Path) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + b"p" * (2 * MB)
    found = asked(message(raw, tmp_path))
    assert found and found.result == "pass" and "told apart" in found.detail
