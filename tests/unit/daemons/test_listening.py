"""Which ports a process has, and refusing those that another one has."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from mailroom.daemons import configuration, listening
from mailroom.daemons.shape import DaemonFailed


def test_a_process_has_the_ports_on_which_it_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        mine = listening.ports(os.getpid())
        assert door.getsockname()[1] in mine and bound.getsockname()[1] not in mine
    assert listening.ports(2**31 - 1) == set()


def test_a_port_of_another_program_is_refused_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        monkeypatch.setattr(listening, "ports_of", lambda daemon: {25, port})
        listening.refuse_taken("postfix", {25, port})
        monkeypatch.setattr(listening, "ports_of", lambda daemon: {25})
        with pytest.raises(DaemonFailed, match=str(port)):
            listening.refuse_taken("postfix", {25, port})
        monkeypatch.setattr(listening, "ports_of", lambda daemon: set())
        listening.refuse_taken("postfix", {25, port})


def test_postfix_need_not_wait_for_a_file_to_become_old(tmp_path: Path) -> None:
    """It reads a file that is younger than two seconds again, until it is not."""
    configuration.write(tmp_path, {"postfix": {"main.cf": "compatibility_level = 3.6\n"}})
    assert (tmp_path / "postfix" / "main.cf").stat().st_mtime < time.time() - 2
