"""Which ports a process has, and refusing those that another one has."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from mailroom.daemons import configuration, listening
from mailroom.daemons.listening import ANY
from mailroom.daemons.shape import DaemonFailed


def test_a_process_has_the_doors_on_which_it_listens() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as near,
        socket.create_server(("", 0)) as far,
        socket.socket() as bound,
    ):
        bound.bind(("127.0.0.1", 0))
        mine = listening.doors(os.getpid())
        assert ("127.0.0.1", near.getsockname()[1]) in mine and (ANY, far.getsockname()[1]) in mine
        assert bound.getsockname()[1] not in {port for _, port in mine}
    assert listening.doors(2**31 - 1) == set()


def test_an_ipv6_address_is_read_as_one_writes_it() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as door:
        assert ("::1", door.getsockname()[1]) in listening.doors(os.getpid())


def test_a_port_of_another_program_is_refused_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        own: set[tuple[str, int]] = {(ANY, 25), ("127.0.0.1", port)}
        monkeypatch.setattr(listening, "doors_of", lambda daemon: own)
        listening.refuse_taken("postfix", {(ANY, 25), ("127.0.0.1", port)})
        own = {(ANY, 25)}
        for wanted in ((ANY, port), ("127.0.0.1", port)):
            with pytest.raises(DaemonFailed, match=str(port)):
                listening.refuse_taken("postfix", {(ANY, 25), wanted})
        listening.refuse_taken("postfix", {(ANY, 25), ("192.0.2.1", port)})
        own = set()
        listening.refuse_taken("postfix", {(ANY, 25), (ANY, port)})


def test_postfix_need_not_wait_for_a_file_to_become_old(tmp_path: Path) -> None:
    """It reads a file that is younger than two seconds again, until it is not."""
    configuration.write(tmp_path, {"postfix": {"main.cf": "compatibility_level = 3.6\n"}})
    assert (tmp_path / "postfix" / "main.cf").stat().st_mtime < time.time() - 2
