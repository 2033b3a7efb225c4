"""Sessions, uploads, the pool of connections and sending once, with a mailbox that pretends."""

from __future__ import annotations

import io
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from test_web_mail_words import draft

from mailroom.core import paths
from mailroom.core.problems import Invalid, NotFound, Problem, Unavailable
from mailroom.web.portal import sending, sessions, submit, uploads, writing
from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Lost, TokenRefused
from mailroom.web.portal.imap.pool import Pool
from mailroom.web.portal.sessions import Session

TOKEN = "mrs1." + "t" * 43
ANNA = Session("anna", TOKEN)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "UPLOADS", tmp_path)
    monkeypatch.setattr(sessions, "KEY_FILE", tmp_path / "csrf-key")
    sessions._key.cache_clear()


def test_a_cookie_is_read_as_it_was_given() -> None:
    set_cookie = sessions.cookie(ANNA, secure=True)
    assert set_cookie.endswith("HttpOnly; SameSite=Strict; Secure") and "; Path=/mail;" in set_cookie
    assert sessions.from_cookie(f"other=1; {set_cookie.partition(';')[0]}") == ANNA
    for bad in ("", "mailroom=", "mailroom=anna", "mailroom=anna:short", f"mailroom=../x:{TOKEN}", "mailroom=\x00"):
        assert sessions.from_cookie(bad) is None
    assert "Max-Age=0" in sessions.cookie(None, secure=False)


def test_a_csrf_token_belongs_to_its_session_and_outlives_a_restart(tmp_path: Path) -> None:
    token = sessions.csrf(ANNA)
    sessions._key.cache_clear()
    assert sessions.is_csrf(ANNA, token) and not sessions.is_csrf(ANNA, "ü") and not sessions.is_csrf(None, token)
    assert not sessions.is_csrf(Session("ben", TOKEN), token)
    assert stat.S_IMODE((tmp_path / "csrf-key").stat().st_mode) == 0o600
    (tmp_path / "csrf-key").write_bytes(b"half")
    sessions._key.cache_clear()
    assert len(sessions.csrf(ANNA)) == 64 and not sessions.is_csrf(ANNA, token)


def test_an_upload_is_its_owners_and_goes_after_a_day() -> None:
    kept = uploads.take("anna", "C:\\x\\..\\a.pdf", "application/pdf", io.BytesIO(b"data"), 4, 100)
    assert kept.name == "a.pdf" and uploads.find("anna", kept.id).file.read_bytes() == b"data"
    for user, id in (("ben", kept.id), ("anna", "../../etc/passwd"), ("anna", "a" * 22)):
        with pytest.raises(NotFound):
            uploads.find(user, id)
    made = kept.file.stat().st_mtime
    uploads.sweep(lambda: made + 3_600)
    uploads.find("anna", kept.id)
    uploads.sweep(lambda: made + 100_000)
    with pytest.raises(NotFound):
        uploads.find("anna", kept.id)
    assert list(paths.UPLOADS.glob("*/*")) == []


def test_an_upload_that_breaks_off_leaves_nothing_and_too_many_are_refused() -> None:
    with pytest.raises(Invalid):
        uploads.take("anna", "a", "x/y", io.BytesIO(b"ab"), 4, 100)
    assert list(paths.UPLOADS.glob("*/*")) == []
    for _ in range(8):
        uploads.take("anna", "a", "x/y", io.BytesIO(b"a" * 100), 100, 100)
    with pytest.raises(Invalid):
        uploads.take("anna", "a", "x/y", io.BytesIO(b"a"), 1, 100)


def test_two_tabs_bring_back_the_same_file_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second comes and goes while the first is about to write."""
    real, second = os.open, list[uploads.Upload]()

    def restored() -> uploads.Upload:
        return uploads.restore("anna", "a" * 22, "a.pdf", "application/pdf", [b"da", b"ta"], 100)

    def opening(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        if paths.UPLOADS in Path(str(path)).parents and not second:
            second.append(uploads.Upload("", "", "", 0, Path()))
            second[0] = restored()
        return real(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", opening)
    first = restored()
    assert first == second[0] == uploads.find("anna", "a" * 22) and first.file.read_bytes() == b"data"
    assert len(list(paths.UPLOADS.glob("*/*"))) == 2


class Link:
    """A connection that pretends."""

    def __init__(self, made: float = 0.0, dead: bool = False) -> None:
        self.made, self.dead, self.closed = made, dead, False
        self.folder: bytes | None = None

    def close(self) -> None:
        self.closed = True


def use(link: Any) -> Any:
    if link.dead:
        raise Lost
    return link


def test_connections_are_used_again_until_they_are_too_old() -> None:
    now = [0.0]
    made: list[Link] = []

    def connect(user: str, token: str) -> Any:
        made.append(Link(now[0]))
        return made[-1]

    pool = Pool(connect, lambda: now[0])
    assert pool.run(ANNA, use) is pool.run(ANNA, use) is made[0]
    now[0] = 61.0
    assert pool.run(ANNA, use) is made[1]
    pool.sweep()
    assert made[0].closed and not made[1].closed
    pool.drop(ANNA)
    assert made[1].closed


def test_an_idle_connection_that_died_is_replaced_once_but_not_for_work_that_is_done_once() -> None:
    made: list[Link] = []

    def connect(user: str, token: str) -> Any:
        made.append(Link())
        return made[-1]

    pool = Pool(connect, lambda: 0.0)
    pool.run(ANNA, use)
    made[0].dead = True
    assert pool.run(ANNA, use) is made[1] and made[0].closed
    assert pool.run(ANNA, use, once=True) is made[2]
    done: list[int] = []

    def breaks(link: Any) -> None:
        done.append(1)
        raise Lost

    with pytest.raises(Unavailable):
        pool.run(ANNA, breaks, once=True)
    assert done == [1]


def test_a_connection_that_was_given_up_is_not_used_again() -> None:
    made: list[Link] = []

    def connect(user: str, token: str) -> Any:
        made.append(Link())
        return made[-1]

    def too_slow(link: Any) -> None:
        link.close()
        raise Unavailable("slow")

    pool = Pool(connect, lambda: 0.0)
    with pytest.raises(Unavailable):
        pool.run(ANNA, too_slow)
    assert pool.run(ANNA, use) is made[1]


def test_a_token_that_is_refused_signs_out() -> None:
    def connect(user: str, token: str) -> Any:
        raise TokenRefused

    pool = Pool(connect)
    with pytest.raises(Problem) as refused:
        pool.run(ANNA, use)
    assert refused.value.status == 401


class Mailbox:
    """Sent and submission that pretend; each can be made to fail once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: list[str] = []
        self.sent: list[str] = []
        self.fails: set[str] = set()
        monkeypatch.setattr(submit, "submit", self.submit)
        monkeypatch.setattr(mailbox, "folder_for", lambda link, use: "Sent")
        monkeypatch.setattr(mailbox, "has_message", lambda link, folder, id: id in self.sent)
        monkeypatch.setattr(mailbox, "append", self.append)
        monkeypatch.setattr(sending.POOL, "run", lambda session, work, **_: work(None))

    def _fail(self, what: str) -> None:
        if what in self.fails:
            self.fails.discard(what)
            raise Unavailable(what)

    def submit(self, session: Session, sender: str, recipients: list[str], message: Any, length: int) -> None:
        self._fail("submit")
        self.left.append(recipients[0])

    def append(self, link: Any, folder: str, message: Any, length: int) -> None:
        self._fail("append")
        data = message.read().decode()
        self.sent.append(data.partition("Message-ID: ")[2].partition("\r\n")[0])


def test_a_message_leaves_once_and_is_stored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Mailbox(monkeypatch)
    threads = [threading.Thread(target=sending.send, args=(ANNA, draft(), "digest", 10_000)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (box.left, box.sent) == (["ben@example.net"], ["<1@example.com>"]) and sending._turns == {}
    with pytest.raises(sending.AlreadySent):
        sending.send(ANNA, draft(), "another", 10_000)


@pytest.mark.parametrize("where", ["submit", "append"])
def test_a_repetition_goes_on_where_it_failed(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    box = Mailbox(monkeypatch)
    box.fails.add(where)
    with pytest.raises(Unavailable):
        sending.send(ANNA, draft(), "digest", 10_000)
    sending.send(ANNA, draft(), "digest", 10_000)
    sending.send(ANNA, draft(), "digest", 10_000)
    assert (box.left, box.sent) == (["ben@example.net"], ["<1@example.com>"])


def test_sizes_are_in_the_units_of_the_setting() -> None:
    """Thirty-five megabytes that an administrator allows are thirty-five to who writes."""
    with pytest.raises(Invalid) as refused:
        writing.refuse_too_large(int(35.5 * 1024**2), 35 * 1024**2)
    assert refused.value.message == "The message has 35.5 MB; 35 MB are allowed."
    writing.refuse_too_large(35 * 1024**2, 35 * 1024**2)


def test_what_is_too_large_never_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Mailbox(monkeypatch)
    with pytest.raises(Invalid):
        sending.send(ANNA, draft(text="x" * 10_000), "digest", 5_000)
    assert box.left == [] and list(paths.UPLOADS.glob("*/*")) == []
