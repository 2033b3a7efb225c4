"""Numbers of our users that are others' on the NAS are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailroom.daemons import user_numbers
from mailroom.daemons.user_numbers import Clash, clashes

BUNDLE = (
    "root:x:0:0::/:/bin/sh\nmailroom:x:880:880::/:/x\nclamav:x:101:104::/:/x\nlp:x:7:7::/:/x\nvmail:x:881:881::/:/x\n"
)


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    daemon = type("Daemon", (), {"service": lambda self, facts: type("Service", (), {"user": "clamav"})})
    monkeypatch.setattr(user_numbers, "DAEMONS", (daemon(),))
    file = tmp_path / "passwd"
    file.write_text(BUNDLE)
    return file


def test_only_users_that_run_or_own_something_and_have_another_name_there(bundle: Path, tmp_path: Path) -> None:
    host = tmp_path / "host"
    host.write_text("root:x:0:0::/:/bin/sh\nspooler:x:7:7::/:/x\nntp:x:101:101::/:/x\nmailroom:x:200001:1::/:/x\n")
    assert clashes(bundle, host) == [Clash(101, "clamav", "ntp")]


def test_a_broken_or_missing_file_tells_of_none(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "host").write_text("x\n:::\nntp:x:many:1\n")
    assert clashes(bundle, tmp_path / "host") == clashes(bundle, tmp_path / "none") == []
