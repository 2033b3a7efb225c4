"""Messages that wait for their sender to change his mind: held in this process, with the draft still in Drafts.

When the time is over the message is sent and its draft removed. What could not be sent, and what this process lost by
a restart, stays in Drafts, and a note on the disk says so until its sender has read it (decision 0046).
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mailroom.core import durable
from mailroom.core.problems import NotFound, Problem, Stale, TooMany, Unavailable
from mailroom.web.portal import drafts, sending, submit, uploads
from mailroom.web.portal.imap import mailbox, utf7
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.portal.sessions import Session
from mailroom.web.portal.writing import Draft

HELD, SENDING, SENT, FAILED, INTERRUPTED = "held", "sending", "sent", "failed", "interrupted"
EACH_USER_MAX = 20
ALL_MAX = 300
# What has been sent is remembered so long, for the page that asks what became of it.
REMEMBERED_S = 300.0
TRIES, BETWEEN_S = 5, 2.0


@dataclass(frozen=True)
class Message:
    """What is to be sent. digest: of the request. version: its draft. answers: {folder, uid} of what it answers."""

    session: Session
    draft: Draft
    digest: str
    bytes_max: int
    version: drafts.Version | None = None
    answers: dict[str, Any] | None = None


def deliver(message: Message) -> None:
    """Send it, mark what it answers, and remove its draft. Raises Problem when it was not sent."""
    sending.send(message.session, message.draft, message.digest, message.bytes_max)
    # It has been sent: whatever happens from here on is no reason to say otherwise.
    with suppress(Problem):
        _mark_answered(message)
    if message.version:
        with suppress(Problem):
            drafts.remove(message.session, message.version)


def _mark_answered(message: Message) -> None:
    answers = message.answers
    if not answers:
        return

    def work(link: Link) -> None:
        mailbox.open_folder(link, answers["folder"])
        mailbox.store(link, [answers["uid"]], ["answered"], [])

    POOL.run(message.session, work, utf7.encode(answers["folder"]))


@dataclass
class _Waiting:
    """A message in this process. ends: when it is sent, or when it is forgotten, on `elapsed`."""

    message: Message
    ends: float
    is_second: bool = False
    state: str = HELD
    problem: dict[str, Any] | None = None
    timer: threading.Timer | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Outgoing:
    """All messages that wait. `elapsed` is a clock; `later(seconds, work)` starts a timer."""

    def __init__(
        self,
        elapsed: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], threading.Timer] | None = None,
    ) -> None:
        self.elapsed, self.later = elapsed, later or _timer
        self.waiting: dict[tuple[str, str], _Waiting] = {}
        self.lock = threading.Lock()

    def hold(self, message: Message, change: drafts.Change, undo_s: int) -> dict[str, Any]:
        """Store it as a draft and send it after undo_s. Raises Problem when it could not be sent as things are now."""
        user, id = message.session.user, message.draft.message_id
        # As an earlier request of this one may have stored it.
        ids = (id, *(drafts.second_id(id, token) for token in (change.token, *change.attempts)))
        with self.lock:
            self._forget_old()
            if known := next(filter(None, (self._same((user, one), message.digest) for one in ids)), None):
                return self._shown(known)
            # What was sent or has failed is remembered only, and stands in nobody's way.
            unsent = [name for (name, _), one in self.waiting.items() if one.state in (HELD, SENDING)]
            if unsent.count(user) >= EACH_USER_MAX or len(unsent) >= ALL_MAX:
                raise TooMany("Too many messages wait to be sent.", retry_after_s=undo_s, next="Try again in a minute.")
        submit.probe(message.session, message.draft.sender.address, message.draft.recipients)
        saved = drafts.save(message.session, change, message.bytes_max)
        draft = replace(message.draft, message_id=saved.message_id)
        held = _Waiting(replace(message, draft=draft, version=saved.version), self.elapsed() + undo_s, saved.is_second)
        _write_note(held)
        with self.lock:
            if known := self._same(_key(held), message.digest):
                return self._shown(self._stored_again(known, saved.version))
            self.waiting[_key(held)] = held
            held.timer = self.later(undo_s, lambda: self._send(held))
            return self._shown(held)

    def _same(self, key: tuple[str, str], digest: str) -> _Waiting | None:
        """The same message, if it waits or was sent; one with other words that still waits gives way.

        Raises AlreadySent when other words have left.
        """
        known = self.waiting.get(key)
        if known is None or known.state == FAILED:
            return None
        if known.message.digest == digest:
            return known
        if known.state != HELD:
            raise sending.AlreadySent("This message was already sent, with other words.", next="Write a new one.")
        del self.waiting[key]
        if known.timer:
            known.timer.cancel()
        return None

    def _stored_again(self, known: _Waiting, version: drafts.Version) -> _Waiting:
        """The same request came twice at once: the draft that goes with the message is the one stored last."""
        if known.state == HELD:
            known.message = replace(known.message, version=version)
        elif known.state == SENT:
            _note(*_key(known)).unlink(missing_ok=True)
        return known

    def take_back(self, user: str, message_id: str) -> dict[str, Any]:
        """Do not send it; its draft stays. Raises Stale when it has left, NotFound."""
        with self.lock:
            held = self.waiting.get((user, message_id))
            if held is None:
                raise NotFound("This message does not wait to be sent.", next="Look into Sent and Drafts.")
            if held.state not in (HELD, FAILED):
                raise Stale("This message has already been sent.", code="already_sent")
            del self.waiting[_key(held)]
        if held.timer:
            held.timer.cancel()
        _note(user, message_id).unlink(missing_ok=True)
        return {**self._shown(held), "state": "draft"}

    def dismiss(self, user: str, message_id: str) -> None:
        """Its sender knows what became of it."""
        with self.lock:
            held = self.waiting.get((user, message_id))
            if held and held.state in (HELD, SENDING):
                return
            self.waiting.pop((user, message_id), None)
        _note(user, message_id).unlink(missing_ok=True)

    def of(self, user: str) -> list[dict[str, Any]]:
        """What waits, was sent lately, or could not be sent."""
        with self.lock:
            self._forget_old()
            found = {id: self._shown(one) for (name, id), one in self.waiting.items() if name == user}
        for file in sorted(uploads.folder_of(user).glob(f"*{uploads.UNSENT}")):
            facts = _read_note(file)
            if facts and facts["message_id"] not in found:
                state = facts.get("state", HELD)
                facts["state"] = state if state == FAILED else INTERRUPTED
                facts["may_have_left"] = _may_have_left(user, facts["message_id"], facts["problem"])
                found[facts["message_id"]] = facts
        return list(found.values())

    def flush(self, session: Session) -> None:
        """Send at once what this session has waiting: it is about to end."""
        with self.lock:
            held = [one for one in self.waiting.values() if one.message.session == session]
        for one in held:
            if one.timer:
                one.timer.cancel()
            self._send(one)

    def _send(self, held: _Waiting) -> None:
        with self.lock:
            if self.waiting.get(_key(held)) is not held or held.state != HELD:
                is_ours = False
            else:
                is_ours, held.state = True, SENDING
        if not is_ours:
            # Somebody else sends it: who signs out waits for that.
            if held.state == SENDING:
                held.done.wait(submit.TIME_LIMIT_S)
            return
        try:
            _deliver_patiently(held.message)
        except Problem as problem:
            held.problem, state = problem.as_dict(), FAILED
        except Exception as reason:
            held.problem, state = Unavailable(f"{submit.DOWN} ({type(reason).__name__})").as_dict(), FAILED
        else:
            state = SENT
        with self.lock:
            held.state, held.ends = state, self.elapsed() + REMEMBERED_S
            # It is not sent again from here: its words need no memory.
            held.message = replace(held.message, draft=replace(held.message.draft, text="", html=""))
        with suppress(OSError, Problem):
            if state == SENT:
                _note(*_key(held)).unlink(missing_ok=True)
            else:
                _write_note(held)
        held.done.set()

    def _forget_old(self) -> None:
        now = self.elapsed()
        for key in [key for key, one in self.waiting.items() if one.state in (SENT, FAILED) and one.ends < now]:
            del self.waiting[key]

    def _shown(self, held: _Waiting) -> dict[str, Any]:
        left = max(0.0, held.ends - self.elapsed()) if held.state == HELD else 0.0
        may_have_left = held.state == FAILED and _may_have_left(*_key(held), held.problem)
        return {**_facts(held), "undo_s": round(left, 1), "is_second": held.is_second, "may_have_left": may_have_left}


def _may_have_left(user: str, message_id: str, problem: dict[str, Any] | None) -> bool:
    """Whether the server has taken it, e.g. when only Sent could not be written, or did not say so."""
    return sending.has_left(user, message_id) or (problem or {}).get("code") == submit.UNANSWERED_CODE


def _deliver_patiently(message: Message) -> None:
    """Somebody may have more pages open than the pool allows at once."""
    for turn in range(TRIES):
        try:
            return deliver(message)
        except TooMany:
            if turn == TRIES - 1:
                raise
            time.sleep(BETWEEN_S)


def _facts(held: _Waiting) -> dict[str, Any]:
    version = held.message.version
    return {
        "message_id": held.message.draft.message_id,
        "subject": held.message.draft.subject,
        "state": held.state,
        "problem": held.problem,
        "draft": {"uidvalidity": version.uidvalidity, "uid": version.uid} if version else None,
    }


def _key(held: _Waiting) -> tuple[str, str]:
    return held.message.session.user, held.message.draft.message_id


def _timer(seconds: float, work: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    timer.start()
    return timer


def _note(user: str, message_id: str) -> Path:
    return uploads.folder_of(user) / f"{hashlib.sha256(message_id.encode()).hexdigest()[:40]}{uploads.UNSENT}"


def _write_note(held: _Waiting) -> None:
    """Onto the disk: after a power cut its sender is told that it was not sent."""
    file = _note(*_key(held))
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        durable.replace(file, json.dumps(_facts(held)))
    except OSError as reason:
        raise Unavailable("The disk of the server is full.", next="The message is in Drafts.") from reason


def _read_note(file: Path) -> dict[str, Any] | None:
    try:
        facts = dict(json.loads(file.read_text()))
        return (
            {"problem": None, "draft": None, "undo_s": 0.0, "is_second": False, **facts}
            if facts["message_id"]
            else None
        )
    except (OSError, ValueError, KeyError):
        return None


OUTGOING = Outgoing()
