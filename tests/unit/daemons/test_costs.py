"""What each daemon costs: measured, and the most is kept (row SL01)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailroom.daemons.costs import IDLE_EVERY_S, LOOKED_EVERY_S, Costs, memory_mb


class Hands:
    """A clock that the test moves."""

    at = 0.0

    def now(self) -> float:
        return 1_800_000_000.0 + self.at

    def elapsed(self) -> float:
        return self.at


def process(proc: Path, pid: int, session: int, pss_kb: int) -> None:
    (proc / str(pid)).mkdir(exist_ok=True)
    (proc / str(pid) / "stat").write_text(f"{pid} (a) b) S 1 {session} {session} 0 -1")
    (proc / str(pid) / "smaps_rollup").write_text(f"00-ff ---p 0 0 0 [rollup]\nRss: 1 kB\nPss: {pss_kb} kB\n")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc with a daemon of two processes, and somebody else's."""
    found = tmp_path / "proc"
    found.mkdir()
    process(found, 7, 7, 2048)
    process(found, 8, 7, 1024)
    process(found, 9, 9, 4096)
    return found


def test_a_family_is_its_session(proc: Path) -> None:
    assert memory_mb([7], proc) == {7: 3.0}


def test_it_is_measured_often_only_while_somebody_looks(proc: Path, tmp_path: Path) -> None:
    hands = Hands()
    costs = Costs(tmp_path / "costs.json", proc, hands)

    def after(seconds: float) -> float:
        hands.at += seconds
        costs.look({"postfix": 7})
        return costs.known["postfix"].memory_mb

    assert after(0) == 3.0
    process(proc, 8, 7, 5 * 1024)
    assert after(LOOKED_EVERY_S) == 3.0
    assert costs.of("postfix") is not None
    assert after(1) == 7.0
    process(proc, 8, 7, 1024)
    assert after(LOOKED_EVERY_S + 30) == 7.0
    assert after(IDLE_EVERY_S) == 3.0
    assert costs.known["postfix"].highest_mb == 7.0


def test_a_daemon_that_is_new_is_measured_at_once(proc: Path, tmp_path: Path) -> None:
    running = {"postfix": 7}
    costs = Costs(tmp_path / "costs.json", proc, Hands())
    costs.look(dict(running))
    running["dovecot"] = 9
    costs.look(dict(running))
    assert costs.known["dovecot"].memory_mb == 4.0


def test_what_was_seen_is_known_after_a_restart(proc: Path, tmp_path: Path) -> None:
    Costs(tmp_path / "costs.json", proc, Hands()).look({"postfix": 7})
    again = Costs(tmp_path / "costs.json", proc, Hands())
    assert again.of("postfix") == {"memory_mb": 3.0, "highest_mb": 3.0, "measured": 1_800_000_000.0}
    assert again.of("rspamd") is None


def test_a_disk_that_may_sleep_is_left_alone(proc: Path, tmp_path: Path) -> None:
    costs = Costs(tmp_path / "costs.json", proc, Hands())
    costs.look({"postfix": 7})
    (tmp_path / "costs.json").unlink()
    process(proc, 8, 7, 1060)
    costs.measure({"postfix": 7})
    assert not (tmp_path / "costs.json").exists()


def test_a_broken_file_is_no_obstacle(proc: Path, tmp_path: Path) -> None:
    (tmp_path / "costs.json").write_text('{"postfix": {"size": 1}}')
    costs = Costs(tmp_path / "costs.json", proc, Hands())
    costs.look({"postfix": 7})
    assert costs.known["postfix"].highest_mb == 3.0
