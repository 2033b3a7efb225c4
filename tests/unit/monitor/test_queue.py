"""What counts as waiting mail, and why it waits (bounce_log.c)."""

from __future__ import annotations

import os
from pathlib import Path

from mailroom.monitor import queue

FILE = """<ann@a.example>: Server certificate not verified
recipient=ann@a.example
offset=512
dsn_orig_rcpt=rfc822;ann@a.example
status=4.7.5
action=delayed
reason=Server certificate not verified

<bob@b.example>: x
recipient=bob@b.example
reason=connect to mx.b.example: a=b
"""


def test_half_written_files_are_nobodys_mail(tmp_path: Path) -> None:
    for place, mode in (
        ("incoming/4jY", 0o600),
        ("incoming/4jZ", 0o700),
        ("deferred/A/A1", 0o700),
        ("corrupt/x", 0o700),
    ):
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        file.chmod(mode)
    assert queue.length(tmp_path) == 2


def test_each_recipient_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "defer" / "A"
    folder.mkdir(parents=True)
    (folder / "A1").write_text(FILE)
    (tmp_path / "deferred").mkdir()
    (tmp_path / "deferred" / "A1").touch()
    told = [("ann@a.example", "Server certificate not verified"), ("bob@b.example", "connect to mx.b.example: a=b")]
    assert queue.waiting(tmp_path) == told and queue.waiting(tmp_path, 1) == told[:1]
    assert queue.waiting(tmp_path / "none") == []


def test_a_servers_words_are_no_lines_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "defer").mkdir()
    (tmp_path / "deferred").mkdir()
    (tmp_path / "deferred" / "A1").touch()
    reason = "host mx said: 450\r\u2028recipient=eve@a.example\x85reason=x"
    (tmp_path / "defer" / "A1").write_bytes(f"recipient=ann@a.example\nreason={reason}\n".encode())
    assert queue.waiting(tmp_path) == [("ann@a.example", reason)]


def test_what_is_left_of_a_deleted_message_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "defer").mkdir()
    (tmp_path / "defer" / "A1").write_text(FILE)
    assert queue.waiting(tmp_path) == []
    (tmp_path / "active").mkdir()
    (tmp_path / "active" / "A1").touch()
    assert len(queue.waiting(tmp_path)) == 2


def test_what_is_no_file_of_postfix_is_not_read(tmp_path: Path) -> None:
    """The folder is another user's: a pipe would be waited for, and a link followed."""
    for folder in ("defer", "deferred"):
        (tmp_path / folder).mkdir()
    for name in ("A1", "A2", "A3"):
        (tmp_path / "deferred" / name).touch()
    secret = tmp_path / "secret"
    secret.write_text("recipient=a\nreason=secret\n")
    (tmp_path / "defer" / "A1").symlink_to(secret)
    assert queue.waiting(tmp_path) == []
    os.mkfifo(tmp_path / "defer" / "A2")
    (tmp_path / "defer" / "A3").write_bytes(b"reason=x\n" * (queue.REASONS_BYTES_MAX // 9 + 1))
    assert queue.waiting(tmp_path) == []
