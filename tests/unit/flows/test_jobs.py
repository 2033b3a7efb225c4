"""Operations: who asks for what, with which arguments, over a real socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailroom.core.line_socket import ask
from mailroom.core.problems import Invalid, NotFound, Problem, Stale
from mailroom.flows import job
from mailroom.flows.jobs import call


def weigh(parcel: str, grams: int, who: str, express: bool = False, from_: str | None = None) -> dict[str, Any]:
    return {"parcel": parcel, "grams": grams, "who": who, "express": express, "from": from_}


def refuse() -> None:
    raise Stale("Somebody was faster.", changes=[{"key": "x"}], current_revision=3)


def break_down() -> None:
    raise RuntimeError("a fault in the program")


OPERATIONS: dict[str, Callable[..., Any]] = {
    "weigh": weigh,
    "refuse": refuse,
    "break_down": break_down,
    "ping": lambda: "pong",
}
GOOD = {"op": "weigh", "parcel": "a", "grams": 3, "who": "anna", "where": "192.0.2.1"}


def test_arguments_arrive_by_name_and_python_keywords_too() -> None:
    assert call(OPERATIONS, {**GOOD, "from": "ben"})["from"] == "ben"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"grams": "3"}, "grams"), ({"colour": 1}, "colour"), ({"parcel": None}, "parcel"), ({"from": 3}, "from")],
)
def test_wrong_arguments_are_refused_by_name(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        call(OPERATIONS, {**GOOD, **change})
    assert caught.value.field == field


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        call(OPERATIONS, {"op": "weigh", "grams": 3, "who": "anna"})
    assert caught.value.field == "parcel"


@pytest.mark.parametrize("request_", [[], "ping", None, 3])
def test_what_is_no_request(request_: Any) -> None:
    with pytest.raises(Invalid):
        call(OPERATIONS, request_)


@pytest.mark.parametrize("name", ["pong", None, ["ping"], {}])
def test_what_is_no_operation(name: Any) -> None:
    with pytest.raises(NotFound):
        call(OPERATIONS, {"op": name})


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "job.sock"
    server = job.JobServer(file, OPERATIONS)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield file
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_socket_carries_results_and_problems(served: Path) -> None:
    assert ask(served, {"op": "ping"}) == "pong"
    with pytest.raises(Stale) as caught:
        ask(served, {"op": "refuse"})
    assert caught.value.more == {"changes": [{"key": "x"}], "current_revision": 3}
    with pytest.raises(Problem) as broken:
        ask(served, {"op": "break_down"})
    assert "fault in the program" not in broken.value.message
    assert served.stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize("line", [b"no json\n", b"[]\n", b'{"op": []}\n', b"\xff\n"])
def test_nonsense_gets_an_answer(served: Path, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(served))
        link.sendall(line)
        assert b'"error"' in link.makefile("rb").readline()
    assert ask(served, {"op": "ping"}) == "pong"


def test_an_asker_who_leaves_early_does_no_harm(served: Path) -> None:
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(served))
            link.sendall(b'{"op": "pi')
    assert ask(served, {"op": "ping"}) == "pong"


def test_strangers_are_not_answered(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job.Conversation, "_peer", lambda conversation: 12345)
    with pytest.raises(Problem):
        ask(served, {"op": "ping"})


def test_periodic_work_survives_its_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "RETRY_S", 0.0)
    stop, turns = threading.Event(), []

    def work(stop: threading.Event) -> None:
        turns.append(1)
        if len(turns) == 3:
            stop.set()
        raise RuntimeError("the host does not answer")

    job.keep("accounts", work, stop).join(5)
    assert len(turns) == 3
