"""The host's own users, read from files like DSM's (row AC01)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailroom.accounts import sources
from mailroom.accounts.names import split_login, why_unusable
from mailroom.accounts.sources import local

PASSWD = """root:x:0:0::/root:/bin/ash
admin:x:1024:100:System default user:/var/services/homes/admin:/bin/sh
guest:x:1025:100:Guest:/nonexist:/usr/bin/nologin
anna:x:1026:100:Anna Ärmel,room 1:/var/services/homes/anna:/sbin/nologin
bert:x:1027:101:Bert:/var/services/homes/bert:/sbin/nologin
carl:x:1028:100::/var/services/homes/carl:/sbin/nologin
Package:x:170001:170001::/var/packages/Package:/sbin/nologin
half:x:12
"""
SHADOW = """admin:*:10933:0:99999:7:::
anna:$6$a$b:19000:0:99999:7:::
bert:!$6$a$b:19000:0:99999:7:::
carl:$6$a$b:19000:0:99999:7::1:
"""
GROUP = """users:x:100:
administrators:x:101:admin,anna
office:x:65536:anna,carl
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    for name, text in (("passwd", PASSWD), ("shadow", SHADOW), ("group", GROUP)):
        (tmp_path / "etc" / name).write_text(text)
    return tmp_path


def put_synouser(root: Path, script: str) -> None:
    tool = root / "usr/syno/sbin/synouser"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\n" + script)
    tool.chmod(0o755)


def test_people_only(root: Path) -> None:
    found = {user.name: user for user in local.users(root, lambda _: None)}
    # bert's primary group is not `users`: without synouser nothing tells him from a package's account.
    assert set(found) == {"admin", "anna", "carl"}
    assert found["anna"].groups == ("administrators", "office", "users") and found["anna"].full_name == "Anna Ärmel"


@pytest.mark.parametrize("char", ["\x0b", "\x0c", "\r", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_nobody_becomes_a_user_by_anothers_full_name(root: Path, char: str) -> None:
    """Users may change their full names by themselves; only a line feed ends a row (passwd(5), shadow(5))."""
    invented = f"anna:x:1026:100:Anna{char}eve:x:1030:100::/:/bin/sh{char}:/var/services/homes/anna:/sbin/nologin\n"
    (root / "etc" / "passwd").write_bytes(invented.encode())
    assert "eve" not in [user.name for user in local.users(root, lambda _: None)]


def test_synouser_has_the_last_word(root: Path) -> None:
    put_synouser(root, "printf '4 User Listed:\\nadmin\\nguest\\nanna\\nbert\\n'")
    assert {user.name: user.disabled for user in local.users(root)} == {"admin": False, "anna": False, "bert": True}
    assert "administrators" in next(user for user in local.users(root) if user.name == "bert").groups


@pytest.mark.parametrize("script", ["exit 1", "printf '3 User Listed:\\nanna\\n'", "true", "echo SynoErr"])
def test_synouser_that_fails_is_no_list(root: Path, script: str) -> None:
    put_synouser(root, script)
    with pytest.raises(local.SourceUnreadable):
        local.users(root)


@pytest.mark.parametrize("file", ["passwd", "shadow", "group"])
def test_a_missing_file_is_no_list(root: Path, file: str) -> None:
    (root / "etc" / file).unlink()
    with pytest.raises(local.SourceUnreadable):
        local.users(root, lambda _: None)
    with pytest.raises(local.SourceUnreadable):
        local.signature(root)


def test_disabled_is_expired_or_locked() -> None:
    assert local.disabled_names(SHADOW, 1.8e9) == {"bert", "carl"}
    assert local.disabled_names("dora:x:1:0:9:7::30000:", 1.8e9) == set()


def test_sources_are_found_by_being_there() -> None:
    assert "local" in sources.names() and sources.source("local") is local
    with pytest.raises(ValueError):
        sources.source("nonsense")


@pytest.mark.parametrize("name", ["anna", "Anna.B", "a-b_c", "x" * 64, "1st", "_x"])
def test_usable_names(name: str) -> None:
    assert why_unusable(name) == ""


@pytest.mark.parametrize(
    "name", ["", "jürgen", "a b", ".a", "a.", "a..b", "a+b", "../x", "a/b", "x" * 65, "a@b", "-a", "a\n"]
)
def test_unusable_names(name: str) -> None:
    assert why_unusable(name)


def test_logins_may_carry_the_domain() -> None:
    assert [split_login(text) for text in (" anna ", "Anna@Example.COM", "a@b@c.de")] == [
        ("anna", ""), ("Anna", "example.com"), ("a@b", "c.de"),
    ]  # fmt: skip
