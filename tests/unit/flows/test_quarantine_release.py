"""How a message leaves the quarantine: what Postfix is told, what it refuses, and the ticket, which never stays."""

from __future__ import annotations

import json
import smtplib
from pathlib import Path
from typing import Any

import pytest
from quarantine_house import WHOLE, House, keep

from mailroom.core.problems import Unavailable
from mailroom.flows import quarantine_release
from mailroom.flows.quarantine_release import Release, dotted


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_dots_are_doubled_wherever_the_pieces_are_cut(size: int) -> None:
    whole = b".\r\n..a\r\nb.\r\n.\r\n\r\n.c"
    made = b"".join(dotted(whole[at : at + size] for at in range(0, len(whole), size)))
    assert made == b"..\r\n...a\r\nb.\r\n..\r\n\r\n..c\r\n"


class Door:
    """Postfix's side of a release, scripted."""

    def __init__(self, *rcpt: tuple[int, bytes], end: tuple[int, bytes] = (250, b"2.0.0 queued")) -> None:
        self.answers, self.end, self.said = list(rcpt), end, b""
        self.farewell: Exception | None = None
        self.tickets: list[dict[str, Any]] = []

    def __call__(self, folder: Path) -> Any:
        door = self

        class Link:
            command_encoding = "ascii"

            def __init__(self, _: Path) -> None:
                door.tickets = [json.loads(file.read_text()) for file in folder.glob("*.json")]

            close = lambda self: None  # noqa: E731
            ehlo = lambda self: (250, b"")  # noqa: E731
            mail = lambda self, sender, options: (250, b"")  # noqa: E731
            rcpt = lambda self, address: door.answers.pop(0)  # noqa: E731
            docmd = lambda self, words: (354, b"")  # noqa: E731

            def send(self, piece: bytes) -> None:
                door.said += piece

            def getreply(self) -> tuple[int, bytes]:
                if not door.end[0]:
                    raise smtplib.SMTPServerDisconnected("gone")
                return door.end

            def quit(self) -> None:
                if door.farewell:
                    raise door.farewell

        return Link


@pytest.mark.parametrize(
    ("rcpt", "end", "refused"),
    [
        (((550, b"5.1.1 gone"),), (250, b""), "550 5.1.1 gone"),
        (((450, b"4.2.1 later"),), (250, b""), "450 4.2.1 later"),
        (((250, b""),), (554, b"5.7.1 Another check holds"), "554 5.7.1 Another check holds"),
        (((250, b""),), (0, b""), "did not say whether it has taken"),
    ],
)
def test_a_release_that_is_refused_says_by_what(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rcpt: Any, end: Any, refused: str
) -> None:
    one = house.folder.one(keep(house.root))
    assert one
    tickets = tmp_path / "releases"
    tickets.mkdir()
    monkeypatch.setattr(quarantine_release, "FILTER", "root")
    monkeypatch.setattr(quarantine_release, "_Link", Door(*rcpt, end=end)(tickets))
    with pytest.raises(Unavailable, match=refused):
        Release(tickets).send(one, house.folder, house.values)
    assert list(tickets.iterdir()) == []


def test_a_ticket_names_the_checks_and_is_gone_afterwards(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = house.folder.one(keep(house.root, client=["192.0.2.7", "a", "b"]))
    assert one
    tickets = tmp_path / "releases"
    tickets.mkdir()
    door = Door((250, b""))
    monkeypatch.setattr(quarantine_release, "FILTER", "root")
    monkeypatch.setattr(quarantine_release, "_Link", door(tickets))
    assert Release(tickets).send(one, house.folder, house.values)["recipients"] == ["ben@example.com"]
    assert door.tickets[0]["checks"] == ["clamav"] and door.tickets[0]["client"][0] == "192.0.2.7"
    assert door.said.startswith(b"Received: from b (a [192.0.2.7])") and WHOLE in door.said
    assert list(tickets.iterdir()) == []


def test_no_postfix_no_release(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = house.folder.one(keep(house.root))
    assert one
    monkeypatch.setattr(quarantine_release, "FILTER", "root")
    with pytest.raises(Unavailable, match="Postfix does not answer"):
        Release(tmp_path, tmp_path / "no-door").send(one, house.folder, house.values)
    assert not list(tmp_path.glob("*.json"))


def test_what_postfix_has_taken_is_released_whatever_comes_after(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = house.folder.one(keep(house.root))
    assert one
    door = Door((250, b""))
    door.farewell = smtplib.SMTPResponseException(421, b"4.3.2 shutting down")
    monkeypatch.setattr(quarantine_release, "FILTER", "root")
    monkeypatch.setattr(quarantine_release, "_Link", door(tmp_path))
    assert Release(tmp_path).send(one, house.folder, house.values)["recipients"] == ["ben@example.com"]
