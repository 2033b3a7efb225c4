"""A changed password is seen by its mark, which says nothing about it."""

from __future__ import annotations

from pathlib import Path

from mailroom.accounts.signin import mark_key
from mailroom.accounts.sources import local

KEY = b"k" * 32


def shadow(hashed: str) -> str:
    return f"anna:{hashed}:19000:0:99999:7:::\n"


def mark(hashed: str, key: bytes = KEY) -> str:
    return local.password_marks(shadow(hashed), key)["anna"]


def test_another_password_is_another_mark_and_a_lock_is_none() -> None:
    assert mark("$6$a$b") == mark("$6$a$b") == mark("!$6$a$b") != mark("$6$a$c")
    assert mark("$6$a$b").partition(":")[0] == mark("$6$a$c").partition(":")[0]


def test_marks_of_another_key_are_told_apart_and_show_no_hash() -> None:
    assert mark("$6$a$b").partition(":")[0] != mark("$6$a$b", b"x" * 32).partition(":")[0]
    assert "$6$" not in mark("$6$a$b") and KEY.hex() not in mark("$6$a$b")
    others = local.password_marks("anna:$6$a$b:1:0:9:7:::\nben:$6$a$b:1:0:9:7:::\n", KEY)
    assert others["anna"] != others["ben"], "the same hash of two users is no secret shared with others"


def test_the_key_is_made_once_and_roots_alone(tmp_path: Path) -> None:
    file = tmp_path / "signin" / "mark-key"
    key = mark_key.read(file)
    assert len(key) == 32 and mark_key.read(file) == key and file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"half")
    assert len(mark_key.read(file)) == 32
    (tmp_path / "file").write_text("")
    assert mark_key.read(tmp_path / "file" / "mark-key") == b""
