"""The queue: what waits, why, and what an administrator can do with it (guide ch. 9, rows QE01-QE05)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mailroom.core.problems import Invalid, NotFound, Problem, Unavailable
from mailroom.daemons.postfix import mail_queue
from mailroom.daemons.postfix.mail_queue import ACTIVE, DEFERRED, ON_HOLD, Waiting
from mailroom.daemons.shape import DaemonFailed
from mailroom.flows.queue_words import in_words, remote_words
from mailroom.store.events import EventStore

LOG = logging.getLogger("mailroom.queue")
KIND = "queue"
CHOSEN_MAX = 1_000
LIMIT_MAX = 500
NAMED_MAX = 10
# Many windows that look at once share one reading.
READING_KEPT_S = 1.0
SORTS: dict[str, Callable[[Waiting], Any]] = {
    "since": lambda one: one.since,
    "sender": lambda one: one.sender.lower(),
    "recipients": lambda one: [address.lower() for address, _ in one.recipients],
    "size": lambda one: one.size,
    "state": lambda one: one.queue,
}
GONE = "None of these messages waits any more: they were delivered, returned or removed meanwhile."
NOBODY = "A notice of this server itself has no sender to whom it could be returned; delete it instead."


@dataclass(frozen=True)
class Ports:
    """What the story needs of Postfix. All raise DaemonFailed; tests fake them."""

    read: Callable[[], tuple[int, list[Waiting]]] = mail_queue.read
    next_tries: Callable[[Sequence[str]], dict[str, float]] = mail_queue.next_tries
    retry: Callable[[Sequence[str]], None] = mail_queue.retry
    hold: Callable[[Sequence[str]], None] = mail_queue.hold
    release: Callable[[Sequence[str]], None] = mail_queue.release
    expire: Callable[[Sequence[str]], None] = mail_queue.expire
    delete: Callable[[Sequence[str]], None] = mail_queue.delete
    now: Callable[[], float] = time.time


class MailQueue:
    """What can be asked and done. Each action is an event of kind `queue`."""

    def __init__(self, events: EventStore, ports: Ports | None = None) -> None:
        self.events, self.ports = events, ports or Ports()
        self.reading: tuple[float, int, list[Waiting]] = (float("-inf"), 0, [])

    def operations(self) -> dict[str, Callable[..., Any]]:
        """For the job process."""
        return {
            "queue.list": self.find,
            "queue.retry": self.retry,
            "queue.hold": self.hold,
            "queue.release": self.release,
            "queue.return": self.give_back,
            "queue.delete": self.delete,
        }

    def find(
        self, search: str = "", sort: str = "since", down: bool = False, offset: int = 0, limit: int = 100
    ) -> dict[str, Any]:
        """{time, total, found, read, messages}: the slice of those that hold `search` in an address, ID or reason.

        total: how many wait; read: how many of them were looked at. Raises Invalid or Unavailable.
        """
        if sort not in SORTS:
            raise Invalid(f"The queue is not sorted by {sort!r}.", field="sort")
        taken, total, everything = self._read()
        wanted = search.strip().lower()
        found = [one for one in everything if wanted in _searched(one)] if wanted else list(everything)
        found.sort(key=SORTS[sort], reverse=down)
        offset, limit = max(0, offset), min(max(1, limit), LIMIT_MAX)
        part = found[offset : offset + limit]
        tries = self.ports.next_tries([one.id for one in part if one.queue == DEFERRED])
        shown = [self._facts(one, tries) for one in part]
        return {"time": taken, "total": total, "found": len(found), "read": len(everything), "messages": shown}

    def retry(self, ids: list[str], who: str, where: str) -> dict[str, Any]:
        """Try them now; those on hold are released. Raises NotFound, Invalid, Unavailable."""
        chosen, gone = self._chosen(ids)
        held = [one.id for one in chosen if one.queue == ON_HOLD]
        self._do(self.ports.release, held)
        self._do(self.ports.retry, [one.id for one in chosen])
        return self._done(f"Tried again now: {_named(chosen)}.", chosen, gone, who, where)

    def hold(self, ids: list[str], who: str, where: str) -> dict[str, Any]:
        """Keep them until they are released."""
        chosen, gone = self._chosen(ids)
        self._do(self.ports.hold, [one.id for one in chosen])
        return self._done(f"Put on hold in the queue: {_named(chosen)}.", chosen, gone, who, where)

    def release(self, ids: list[str], who: str, where: str) -> dict[str, Any]:
        """Hold them no longer: they are tried at once."""
        chosen, gone = self._chosen(ids)
        held = [one for one in chosen if one.queue == ON_HOLD]
        if not held:
            raise Invalid("None of these messages is on hold.", field="ids")
        self._do(self.ports.release, [one.id for one in held])
        self._do(self.ports.retry, [one.id for one in held])
        return self._done(f"Released in the queue: {_named(held)}.", held, gone, who, where)

    def give_back(self, ids: list[str], who: str, where: str) -> dict[str, Any]:
        """Have Postfix try them once more, and return what is not delivered then to its sender with its own notice."""
        chosen, gone = self._chosen(ids)
        sent = [one for one in chosen if one.sender]
        if not sent:
            raise Invalid(NOBODY, field="ids", next="Choose Delete.")
        self._do(self.ports.expire, [one.id for one in sent])
        self._do(self.ports.retry, [one.id for one in sent])
        done = self._done(f"Returned to the sender after one more try: {_named(sent)}.", sent, gone, who, where)
        return {**done, "without_sender": [one.id for one in chosen if not one.sender]}

    def delete(self, ids: list[str], who: str, where: str) -> dict[str, Any]:
        """Remove them for good; neither sender nor recipient is notified."""
        chosen, gone = self._chosen(ids)
        self._do(self.ports.delete, [one.id for one in chosen])
        left = {one.id for one in self._read()[2]}
        removed = [one for one in chosen if one.id not in left]
        if not removed:
            raise Unavailable("Postfix has not removed them.", next="Try again in a few seconds.")
        return self._done(f"Deleted from the queue: {_named(removed)}.", removed, gone, who, where)

    def _read(self) -> tuple[float, int, list[Waiting]]:
        if self.ports.now() - self.reading[0] > READING_KEPT_S:
            try:
                total, found = self.ports.read()
            except DaemonFailed as reason:
                raise Unavailable(reason.message, next="Look at the Server List.") from reason
            self.reading = (self.ports.now(), total, found)
        return self.reading

    def _chosen(self, ids: list[str]) -> tuple[list[Waiting], list[str]]:
        """(those that still wait, the IDs of those that do not)."""
        if not ids or len(ids) > CHOSEN_MAX:
            raise Invalid(f"Choose 1 to {CHOSEN_MAX} messages.", field="ids")
        bad = next((id for id in ids if not mail_queue.is_id(id)), None)
        if bad is not None:
            raise Invalid(f"{bad[:40]!r} is no number of the queue.", field="ids")
        self._forget()
        there = {one.id: one for one in self._read()[2]}
        chosen = [there[id] for id in dict.fromkeys(ids) if id in there]
        if not chosen:
            raise NotFound(GONE, code="gone", field="ids", next="Read the queue again.")
        return chosen, [id for id in ids if id not in there]

    def _do(self, act: Callable[[Sequence[str]], None], ids: Sequence[str]) -> None:
        if not ids:
            return
        try:
            act(ids)
        except DaemonFailed as reason:
            raise Unavailable(f"Postfix did not do it: {reason.message}", next="Look at the Server List.") from reason
        finally:
            self._forget()

    def _forget(self) -> None:
        self.reading = (float("-inf"), 0, [])

    def _done(self, text: str, done: list[Waiting], gone: list[str], who: str, where: str) -> dict[str, Any]:
        ids = [one.id for one in done]
        try:
            self.events.add(KIND, text, who=who, where=where, ids=ids)
        except Problem as reason:
            # What was done is done, also on a full disk, on which deleting makes room.
            LOG.error("no event of it: %s by %s (%s)", text, who, reason.message)
        return {"done": ids, "gone": gone}

    def _facts(self, one: Waiting, tries: dict[str, float]) -> dict[str, Any]:
        reason = next((reason for _, reason in one.recipients if reason), "")
        held, active = one.queue == ON_HOLD, one.queue == ACTIVE
        tried_at = tries.get(one.id)
        return {
            "id": one.id,
            "state": _state(one),
            "since": one.since,
            "size": one.size,
            "sender": one.sender,
            "recipients": [{"address": address, "words": remote_words(why)} for address, why in one.recipients],
            "more_recipients": one.more,
            "reason": in_words(reason, held, active, one.expires),
            "words": remote_words(reason),
            # A date that has passed: it is tried at the next run, within a minute.
            "next_try": tried_at if tried_at and tried_at > self.ports.now() else None,
            "expires": one.expires,
        }


def _state(one: Waiting) -> str:
    """waiting | on_hold | active."""
    return {ON_HOLD: "on_hold", ACTIVE: "active"}.get(one.queue, "waiting")


def _searched(one: Waiting) -> str:
    return " ".join([one.id, one.sender, *(f"{address} {why}" for address, why in one.recipients)]).lower()


def _named(done: list[Waiting]) -> str:
    """The first of them: number, sender and recipient."""
    return ", ".join(map(_name, done[:NAMED_MAX])) + (", ..." if len(done) > NAMED_MAX else "")


def _name(one: Waiting) -> str:
    first = one.recipients[0][0] if one.recipients else ""
    more = ", ..." if len(one.recipients) + one.more > 1 else ""
    return f"{one.id} (<{one.sender}> > <{first}>{more})"
