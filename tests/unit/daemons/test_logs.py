"""The daemons' logs: the last lines, what has come since, over rotated files (s6-log(1))."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mailroom.core.problems import NotFound
from mailroom.daemons import logs

# As s6-log wrote it for three programs; the last two stamp their lines themselves, too.
RECORDED = """2026-11-24 23:56:05.431229215  INFO mailroom.web: serving on 127.0.0.1:5280
2026-11-24 23:50:39.526216849  Nov 24 23:50:39 mail postfix/smtpd[315]: lost connection after CONNECT
2026-11-24 23:51:01.003508451  [1795564260] unbound[411:0] notice: init module 0: iterator
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The folder of Postfix's log."""
    (tmp_path / "postfix").mkdir()
    return tmp_path / "postfix"


def line(number: int) -> str:
    return f"2026-11-24 10:{number // 60 % 60:02}:{number % 60:02}.000000000  line {number}\n"


def texts(told: dict[str, object]) -> list[str]:
    return [one["text"] for one in told["lines"]]  # type: ignore[index]


def read(log: Path, lines: int = 200, after: str = "") -> dict[str, object]:
    return logs.read("postfix", lines, after, log.parent)


def test_time_and_text_are_told_apart() -> None:
    found = logs.lines_of(RECORDED)
    local = time.mktime(time.strptime("2026-11-24 23:56:05", "%Y-%m-%d %H:%M:%S"))
    assert found[0] == {
        "time": pytest.approx(local + 0.431, abs=0.001),
        "text": "INFO mailroom.web: serving on 127.0.0.1:5280",
    }
    assert found[1]["text"] == "mail postfix/smtpd[315]: lost connection after CONNECT"
    assert found[2]["text"] == "unbound[411:0] notice: init module 0: iterator"


def test_a_line_without_a_stamp_stays() -> None:
    assert logs.lines_of("  at line 7\n") == [{"time": None, "text": "  at line 7"}]


def test_a_daemon_that_nobody_knows_has_no_log(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        logs.read("../../secrets", folder=tmp_path)


def test_without_a_log_there_are_no_lines(tmp_path: Path) -> None:
    assert logs.read("postfix", folder=tmp_path) == {"lines": [], "after": ""}


def test_the_last_lines_reach_into_rotated_files(log: Path) -> None:
    (log / "@400000006b06230632449f12.s").write_text(line(1) + line(2))
    (log / "@400000006b06230732449f12.s").write_text(line(3))
    (log / "current").write_text(line(4))
    assert texts(read(log)) == ["line 1", "line 2", "line 3", "line 4"]
    assert texts(read(log, 2)) == ["line 3", "line 4"]


def test_what_has_come_since_is_told_once_also_over_a_rotation(log: Path) -> None:
    (log / "current").write_text(line(1))
    first = read(log)
    assert texts(read(log, after=str(first["after"]))) == []
    with (log / "current").open("a") as file:
        file.write(line(2))
    (log / "current").rename(log / "@400000006b06230632449f12.s")
    (log / "current").write_text(line(3) + line(4)[:-5])
    second = read(log, after=str(first["after"]))
    assert texts(second) == ["line 2", "line 3"]
    with (log / "current").open("a") as file:
        file.write(line(4)[-5:])
    assert texts(read(log, after=str(second["after"]))) == ["line 4"]


def test_a_place_that_is_gone_begins_anew(log: Path) -> None:
    (log / "current").write_text(line(1))
    assert texts(read(log, after="1:99999")) == ["line 1"]


def test_a_long_log_is_read_in_part_and_by_whole_lines(log: Path) -> None:
    (log / "current").write_text("".join(map(line, range(20_000))))
    found = texts(read(log, 1000))
    assert len(found) == 1000 and found[-1] == "line 19999"
    assert len(logs._last([log / "current"])) <= logs.READ_BYTES_MAX
    assert logs._last([log / "current"]).startswith("2026-")


def test_the_last_words_before_an_end_are_found(log: Path) -> None:
    (log / "current").write_text(line(1) + line(2) + line(9))
    ended = logs.lines_of(line(2))[0]["time"] + 0.01
    assert logs.last_line("postfix", ended, log.parent) == "line 2"
    assert logs.last_line("postfix", ended + 600, log.parent) == ""
