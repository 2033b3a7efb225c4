"""What s6's tools print, and what people are told of it (rows SL01, SL02)."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mailroom.core import paths
from mailroom.daemons import svstat
from mailroom.daemons.asked import note_asked
from mailroom.daemons.supervise import RECENT_S, state
from mailroom.daemons.svstat import Death, Known, parse

NOW = 1_795_564_300.0
# As s6 2.11 printed it: one that runs after two ends, one that is down, one without a supervisor.
TOLD = """= resolver
true true true 411 8 -1 NA
@400000006b06230632449f12 signal SIGKILL
@400000006b0623083921b27c exitcode 3
= rspamd
false false false -1 60 -1 NA
= nobody
"""
KILLED = Death(NOW - 5, None, "SIGKILL")


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Service folders of a daemon that is asked whether it is ready."""
    monkeypatch.setattr(paths, "SERVICES", tmp_path)
    (tmp_path / "postfix" / "data").mkdir(parents=True)
    (tmp_path / "postfix" / "notification-fd").write_text("3\n")
    return tmp_path


def seen(known: Known | None) -> tuple[str, str]:
    found = state("postfix", "SMTP", "Postfix", known, NOW)
    return found.state, found.why


def test_both_tools_are_understood() -> None:
    found = parse(TOLD, NOW)
    assert set(found) == {"resolver", "rspamd"}
    resolver = found["resolver"]
    assert (resolver.up, resolver.ready, resolver.pid, resolver.since) == (True, True, 411, NOW - 8)
    assert [(round(one.time, 1), one.exit_code, one.signal) for one in resolver.deaths] == [
        (1_795_564_257.8, None, "SIGKILL"),
        (1_795_564_260.0, 3, None),
    ]
    assert (found["rspamd"].up, found["rspamd"].pid) == (False, None)


def test_a_service_is_asked_about_again_only_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def tell(folder: Path, names: list[str]) -> str:
        asked.append(names)
        return "".join(f"= {name}\ntrue true true 7 1 -1 NA\n" for name in names)

    monkeypatch.setattr(svstat, "_ask", tell)
    monkeypatch.setattr(svstat, "_known", {})
    for name in ("one", "two"):
        (tmp_path / name / "supervise").mkdir(parents=True)
        (tmp_path / name / "supervise" / "status").write_bytes(b"1")
    assert set(svstat.known("one", "two", "three", services=tmp_path)) == {"one", "two"}
    svstat.known("one", "two", services=tmp_path)
    # s6-supervise writes a new file and renames it.
    (tmp_path / "two" / "fresh").write_bytes(b"2")
    os.rename(tmp_path / "two" / "fresh", tmp_path / "two" / "supervise" / "status")
    assert svstat.known("one", "two", services=tmp_path)["two"].pid == 7
    assert asked == [["one", "two"], ["two"]]


def test_what_answers_runs(services: Path) -> None:
    assert seen(Known(True, True, 7, NOW - 60)) == ("running", "")


def test_what_has_not_answered_is_getting_ready(services: Path) -> None:
    assert seen(Known(True, False, 7, NOW - 1))[0] == "starting"


def test_what_was_killed_tells_it_until_it_answers_again(services: Path) -> None:
    state, why = seen(Known(True, False, 7, NOW - 4, (KILLED,)))
    assert state == "starting" and "was killed, by somebody or because memory ran out" in why
    state, why = seen(Known(False, False, None, NOW - 5, (KILLED,)))
    assert state == "abnormal" and "was killed, by somebody or because memory ran out" in why
    assert seen(Known(True, True, 7, NOW - 4, (KILLED,))) == ("running", "")


def test_an_exit_code_is_told(services: Path) -> None:
    assert "exit code 75" in seen(Known(False, False, None, NOW - 5, (Death(NOW - 5, 75, None),)))[1]


def test_what_was_asked_to_end_is_no_failure(services: Path) -> None:
    started = time.time()
    note_asked("postfix")
    asked, soon_after = Death(time.time(), None, "SIGKILL"), Death(time.time() + 2, 1, None)
    found = state("postfix", "SMTP", "Postfix", Known(False, False, None, started, (asked,)), started + 3)
    assert (found.state, found.ended, found.ends) == ("starting", None, 0)
    # The note is of one end: the next one, however soon, is a failure.
    found = state("postfix", "SMTP", "Postfix", Known(False, False, None, started, (asked, soon_after)), started + 3)
    assert (found.state, found.ends) == ("abnormal", 1)
    note_asked("postfix")
    again = Death(time.time() + 4, 0, None)
    found = state("postfix", "SMTP", "Postfix", Known(True, True, 9, started, (asked, again)), started + 9)
    assert (found.ended, found.ends) == (None, 0)


def test_old_ends_are_forgotten(services: Path) -> None:
    old = Death(NOW - RECENT_S - 1, 1, None)
    found = state("postfix", "SMTP", "Postfix", Known(True, True, 7, NOW - 60, (old, KILLED)), NOW)
    assert found.ends == 1 and found.ended == {"time": KILLED.time, "exit_code": None, "signal": "SIGKILL"}


def test_what_is_not_enabled_is_stopped_and_not_broken(services: Path) -> None:
    (services / "postfix" / "down").touch()
    assert seen(Known(False, False, None, NOW - 60, (KILLED,)))[0] == "disabled"


def test_without_a_supervisor_something_is_wrong(services: Path) -> None:
    assert seen(None)[0] == "abnormal"
