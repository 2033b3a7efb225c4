"""The quarantine: what is kept there, and what an administrator can do with it (guide ch. 8, rows AV11, AV12)."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Any

from mailroom.core import mail_header
from mailroom.core.charsets import is_charset
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.problems import Invalid, NotFound, Problem, Unavailable
from mailroom.core.settings import AllValues
from mailroom.filtering.order import TITLES
from mailroom.flows.quarantine_notice import Notices
from mailroom.flows.quarantine_release import Release
from mailroom.monitor.quarantine import Folder, Kept, is_id
from mailroom.store.events import EventStore

LOG = logging.getLogger("mailroom.quarantine")
KIND = "quarantine"
LIMIT_MAX = 500
CHOSEN_MAX = 500
DAY_S, MB = 86_400.0, 1_000_000
PIECE_BYTES = 1024 * 1024
LOOK_EVERY_S, SWEEP_EVERY_S = 5.0, 300.0
NAMED_MAX = 10
WORDS_MAX = 60
GONE = "This message is not in the quarantine any more: it was released or removed meanwhile."
NOT_READ = "The quarantine cannot be read."


class Quarantine:
    """What can be asked and done, and what happens by itself. Each action is an event of kind `quarantine`."""

    def __init__(
        self,
        settings: Callable[[], AllValues],
        events: EventStore,
        release: Release,
        notices: Notices,
        folder: Folder | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings, self.events, self.release_one, self.notices = settings, events, release, notices
        self.folder, self.clock = folder or Folder(), clock or SystemClock()
        # Two administrators at once: one release of a message is under way, and no more.
        self.turn = threading.Lock()

    def operations(self) -> dict[str, Callable[..., Any]]:
        """For the job process."""
        return {
            "quarantine.list": self.find,
            "quarantine.show": self.show,
            "quarantine.piece": self.piece,
            "quarantine.release": self.release,
            "quarantine.delete": self.delete,
        }

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`: tell recipients of what was kept, and remove what is too old or too much."""
        sweep_at = 0.0
        while not stop.wait(LOOK_EVERY_S):
            # First what makes room: on a full disk nothing else can be done.
            if self.clock.elapsed() >= sweep_at:
                self.sweep()
                sweep_at = self.clock.elapsed() + SWEEP_EVERY_S
            self.notices.tell(self.folder, self.settings())

    def sweep(self) -> None:
        """Remove what is older than is set, and the oldest of what is too much; an event says so."""
        values = self.settings()
        days = values["security.antivirus"]["quarantine_days"]
        most = values["security.antivirus"]["quarantine_max_mb"] * MB
        now = self.clock.now()
        gone = self.folder.sweep(now - days * DAY_S, most, now)
        if gone:
            self._tell(f"Removed {len(gone)} from the quarantine by itself: too old, or too much.", gone)

    def find(self, search: str = "", offset: int = 0, limit: int = 100) -> dict[str, Any]:
        """{total, found, read, messages}, newest first: those that hold `search` in an address, subject or finding."""
        try:
            total, everything = self.folder.all()
        except OSError as reason:
            raise Unavailable(NOT_READ, next="Look at the Server List.") from reason
        wanted = search.strip().lower()
        # Strangers' subjects are costly to decode: without a search, of what is shown alone.
        found = [one for one in everything if wanted in _searched(facts(one))] if wanted else everything
        offset, limit = max(0, offset), min(max(1, limit), LIMIT_MAX)
        shown = [facts(one) for one in found[offset : offset + limit]]
        return {"total": total, "found": len(found), "read": len(everything), "messages": shown}

    def show(self, id: str) -> dict[str, Any]:
        """One of them. Raises NotFound."""
        return facts(self._one(id))

    def piece(self, id: str, offset: int = 0) -> dict[str, Any]:
        """{size, data}: a part of the whole message as it came, in base64. Raises NotFound."""
        self._one(id)
        try:
            found = self.folder.piece(id, max(0, offset), PIECE_BYTES)
        except OSError:
            found = None
        if found is None:
            raise NotFound(GONE, code="gone", field="id", next="Read the list again.")
        return {"size": found[0], "data": base64.b64encode(found[1]).decode()}

    def release(self, id: str, who: str, where: str) -> dict[str, Any]:
        """Let it go on past the checks that held it: {released, recipients, refused}.

        Raises NotFound, and Unavailable when it was not taken; then it stays in the quarantine.
        """
        with self.turn:
            one = self._one(id)
            done = self.release_one.send(one, self.folder, self.settings())
            taken = ", ".join(done["recipients"])
            checks = ", ".join(TITLES.get(check, check) for check, _ in one.checks)
            # It is on its way, also when it cannot be removed here.
            self._tell(f"Released {id} past {checks}, from <{one.sender}> to {taken}.", [id], who=who, where=where)
            self._remove(id)
        return {"released": id, **done}

    def delete(self, ids: list[str], who: str, where: str) -> dict[str, Any]:
        """Remove them for good. Raises NotFound when none is there any more."""
        if not ids or len(ids) > CHOSEN_MAX:
            raise Invalid(f"Choose 1 to {CHOSEN_MAX} messages.", field="ids")
        for id in ids:
            self._refuse_bad(id)
        done: list[str] = []
        try:
            with self.turn:
                done.extend(id for id in dict.fromkeys(ids) if self._remove(id))
        finally:
            # Also when one of them cannot be removed: those before it are gone.
            if done:
                named = ", ".join(done[:NAMED_MAX]) + (", ..." if len(done) > NAMED_MAX else "")
                self._tell(f"Deleted from the quarantine: {named}.", done, who=who, where=where)
        if not done:
            raise NotFound(GONE, code="gone", field="ids", next="Read the list again.")
        return {"done": done, "gone": [id for id in ids if id not in done]}

    def _tell(self, text: str, ids: list[str], **author: str) -> None:
        """Write the event. What was done is done: a full disk, on which one makes room here, turns it into no error."""
        try:
            self.events.add(KIND, text, **author, ids=ids)
        except Problem as reason:
            LOG.error("no event of it: %s %s (%s)", text, author, reason.message)

    def _remove(self, id: str) -> bool:
        try:
            return self.folder.remove(id)
        except OSError as reason:
            raise Unavailable(f"It cannot be removed ({reason.strerror}).", next="Look at the Server List.") from reason

    def _one(self, id: str) -> Kept:
        self._refuse_bad(id)
        try:
            found = self.folder.one(id)
        except OSError as reason:
            raise Unavailable(NOT_READ, next="Look at the Server List.") from reason
        if found is None:
            raise NotFound(GONE, code="gone", field="id", next="Read the list again.")
        return found

    def _refuse_bad(self, id: str) -> None:
        if not is_id(id):
            raise Invalid(f"{id[:40]!r} is no number of the quarantine.", field="id")


def facts(one: Kept) -> dict[str, Any]:
    """What is shown of one."""
    return {
        "id": one.id,
        "time": one.time,
        "sender": one.sender,
        "from": readable(one.from_) or one.sender,
        "recipients": list(one.recipients),
        "subject": readable(one.subject),
        "size": one.size,
        "client": one.client[0],
        "login": one.login,
        "checks": [
            {"check": check, "title": TITLES.get(check, check), "detail": detail} for check, detail in one.checks
        ],
    }


def readable(raw: str) -> str:
    """A header's text with its encoded words decoded (RFC 2047); as it came when that cannot be done."""
    raw = raw[:1_000]
    # The library's time grows with the square of the words that begin; a thousand letters hold fewer real ones.
    if raw.count("=?") > WORDS_MAX:
        return mail_header.one_line(raw)
    try:
        parts = [
            part if isinstance(part, str) else part.decode(_charset(charset), "replace")
            for part, charset in decode_header(raw)
        ]
    except (HeaderParseError, LookupError, ValueError):
        parts = [raw]
    return mail_header.one_line(" ".join("".join(parts).split()))


def _charset(name: str | None) -> str:
    """The charset of an encoded word. Raises LookupError for an unknown one."""
    charset = name or "ascii"
    if not is_charset(charset):
        raise LookupError(charset)
    return charset


def _searched(one: dict[str, Any]) -> str:
    found = [check["detail"] for check in one["checks"]]
    return " ".join([one["id"], one["sender"], one["from"], one["subject"], *one["recipients"], *found]).lower()
