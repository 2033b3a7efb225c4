"""Dovecot's indexer is asked in its own words; of a mailbox only the index is touched (PR10)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailroom.daemons.dovecot import search_index
from mailroom.daemons.shape import DaemonFailed


class Indexer:
    """Answers one question with these lines, then keeps silent, or ends the connection."""

    def __init__(self, file: Path) -> None:
        self.file, self.lines, self.ends, self.heard = file, [b"VERSION\tindexer\t1\t0", b"1\tOK"], False, b""
        self.link = socket.socket(socket.AF_UNIX)
        self.link.bind(str(file))
        self.link.listen()
        self.open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        asker, _ = self.link.accept()
        while self.heard.count(b"\n") < 2:
            self.heard += asker.recv(4096)
        for line in self.lines:
            # In pieces, as a stream may come.
            asker.sendall(line[:2])
            asker.sendall(line[2:] + b"\n")
        if self.ends:
            asker.close()
        self.open.append(asker)

    def close(self) -> None:
        for one in (*self.open, self.link):
            one.close()


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[Indexer]:
    made = Indexer(tmp_path / "indexer")
    yield made
    made.close()


def test_a_folder_is_indexed(indexer: Indexer) -> None:
    indexer.lines += [b"1\t37", b"1\t100"]
    assert search_index.index("anna", "Wörk\tone", lambda: False, indexer.file)
    assert indexer.heard == "VERSION\tindexer\t1\t0\nAPPEND\t1\tanna\tWörk\x01tone\t0\n".encode()


def test_a_worker_that_fails_or_ends_has_not_indexed(indexer: Indexer) -> None:
    indexer.lines.append(b"1\t-1")
    assert not search_index.index("anna", "INBOX", lambda: False, indexer.file)


def test_an_indexer_that_goes_away_has_not_indexed(indexer: Indexer) -> None:
    indexer.ends = True
    assert not search_index.index("anna", "INBOX", lambda: False, indexer.file)


def test_nobody_waits_for_what_was_given_up(indexer: Indexer) -> None:
    assert not search_index.index("anna", "INBOX", lambda: bool(indexer.open), indexer.file)


def test_an_indexer_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DaemonFailed, match="indexer"):
        search_index.index("anna", "INBOX", lambda: False, tmp_path / "none")


def test_only_the_index_is_counted_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "MAILBOXES", tmp_path)
    boxes = tmp_path / "anna" / "sdbox" / "mailboxes"
    kept = []
    for folder in ("INBOX", "Work", "Work/Sub"):
        place = boxes / folder / "dbox-Mails"
        place.mkdir(parents=True)
        for name in ("u.1", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"):
            (place / name).write_text("mail")
            kept.append(place / name)
        (place / "dovecot.index.search").write_bytes(b"x" * 10)
        (place / "dovecot.index.search.uids").write_bytes(b"x" * 5)
    former = tmp_path / "anna" / "sdbox" / "xapian-indexes" / "db_1"
    former.mkdir(parents=True)
    (former / "flintlock").write_bytes(b"x" * 3)
    assert search_index.users_with_mail() == ["anna"] and search_index.size("anna") == 45
    assert search_index.changed("anna") > 0 and search_index.changed("nobody") == 0
    assert search_index.remove("anna") == 48
    assert search_index.size("anna") == 0 and not former.parent.exists() and all(file.exists() for file in kept)
    assert search_index.remove("anna") == 0
