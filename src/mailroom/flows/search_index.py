"""Full-text search: the index of everybody's mail, made and removed in the background (guide ch. 6, rows PR10, PR11).

One user after the other, one folder at a time, by Dovecot's own indexer, which runs at the lowest priority. What is
done is written down for each user, so that a restart goes on there. Delivery never waits: new mail is indexed later,
or by the first search that needs it. Nobody finds less meanwhile: a search looks itself at what is not indexed.
"""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any

from mailroom.core import durable, paths
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.problems import Problem
from mailroom.core.settings import AllValues
from mailroom.daemons.dovecot import daemon, search_index
from mailroom.flows.jobs import Operation
from mailroom.flows.setting import Settings
from mailroom.store.accounts import AccountStore
from mailroom.store.events import EventStore

LOG = logging.getLogger("mailroom.search")
PAGE, KIND = "service.search", "search"
FILE = paths.DATA / "search.json"
# How often it is looked whether the settings have changed, and whether mail has come since a user's turn.
LOOK_EVERY_S, AGAIN_AFTER_S = 2.0, 300.0
OFF, REMOVING, INDEXING, PAUSED, READY = "off", "removing", "indexing", "paused", "ready"
MB = 1024 * 1024
# What the index is made of (src/dovecot/build.c). An index of another form is made anew.
FORM = 2


class SearchIndex:
    """Makes the index as the settings want it. dovecot: what it can be asked for (daemons/dovecot/search_index.py)."""

    def __init__(
        self,
        settings: Settings,
        accounts: AccountStore,
        events: EventStore,
        dovecot: Any = search_index,
        clock: Clock | None = None,
        file: Path = FILE,
    ) -> None:
        self.settings, self.accounts, self.events = settings, accounts, events
        self.dovecot, self.clock, self.file = dovecot, clock or SystemClock(), file
        self.lock, self.wake = threading.Lock(), threading.Event()
        self.known = _read(file)
        self.current: dict[str, Any] | None = None
        self.removing = False
        # When it was last looked whether mail has come, or whether something is left of an index.
        self.looked = float("-inf")
        self.stop: threading.Event | None = None
        settings.advisers.append(self.advise)

    def operations(self) -> dict[str, Operation]:
        """What can be asked about the index."""
        return {"search.read": self.read, "search.pause": self.pause}

    def read(self) -> dict[str, Any]:
        """{state, users_done, users_total, messages, bytes, current: {user, folder, messages} or None, failed, ready}.

        state: off | removing | indexing | paused | ready. messages, bytes: indexed so far, and what the index takes.
        current: what is being indexed. failed: users whose mail could not be indexed. ready: since when, or None.
        """
        users, wanted = self._users(), daemon.indexed_letters(self.settings.values())
        with self.lock:
            done = {user: facts for user, facts in self.known["users"].items() if user in users}
            return {
                "state": self._state(wanted, len(done) == len(users)),
                "users_done": sum(not facts["failed"] for facts in done.values()),
                "users_total": len(users),
                "messages": sum(facts["messages"] for facts in done.values()),
                "bytes": sum(facts["bytes"] for facts in done.values()),
                "current": self.current,
                "failed": [user for user, facts in done.items() if facts["failed"]],
                "ready": self.known["ready"],
            }

    def _state(self, wanted: int, all_done: bool) -> str:
        if self.removing or (not wanted and self.known["built"] != wanted):
            return REMOVING
        if not wanted:
            return OFF
        if self.known["paused"]:
            return PAUSED
        return READY if all_done and not self.current and self.known["built"] == wanted else INDEXING

    def pause(self, paused: bool, who: str, where: str) -> dict[str, Any]:
        """Index nothing more until it is told to go on; the folder under way is finished. See read()."""
        if self.known["paused"] != paused:
            self._save(paused=paused)
            text = "Paused the indexing of mail." if paused else "Resumed the indexing of mail."
            self.events.add(KIND, text, who=who, where=where)
        self.looked = float("-inf")
        self.wake.set()
        return self.read()

    def advise(self, before: AllValues, after: AllValues) -> list[dict[str, str]]:
        """An adviser of Settings: what a change makes of the index."""
        was, wanted = daemon.indexed_letters(before), daemon.indexed_letters(after)
        if was == wanted:
            return []
        users = self._users()
        if not wanted:
            size = sum(facts["bytes"] for facts in self.known["users"].values())
            text = f"The search index of all users ({size / MB:.1f} MB) will be removed in the background."
            return [{"field": "enabled", "text": text}]
        text = f"The mail of all users ({len(users)}) will be indexed in the background. Delivery does not wait for it."
        return [{"field": "character_search" if was else "enabled", "text": text}]

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`: make the index what the settings want, and keep it so."""
        self.stop = stop
        while not stop.is_set():
            self.turn()
            self.wake.wait(LOOK_EVERY_S)
            self.wake.clear()

    def turn(self) -> None:
        """Once: remove an index that is not wanted as it is, then index what is due."""
        wanted = daemon.indexed_letters(self.settings.values())
        if not self.dovecot.there():
            return
        if wanted != self.known["built"]:
            self._remove(wanted)
        elif not wanted and self._time_to_look():
            # A search that was under way when the index went may have left its own.
            self._remove_files()
        if wanted and not self.known["paused"]:
            self._index(wanted)

    def _time_to_look(self) -> bool:
        if self.clock.elapsed() - self.looked < AGAIN_AFTER_S:
            return False
        self.looked = self.clock.elapsed()
        return True

    def _remove(self, wanted: int) -> None:
        built = self.known["built"]
        self.removing = True
        try:
            freed = self._remove_files()
            self._save(built=wanted, users={}, ready=None)
        finally:
            self.removing = False
        self.looked = float("-inf")
        if not wanted and (freed or built):
            self.events.add(KIND, f"The search index of all users is removed ({freed / MB:.1f} MB).")

    def _remove_files(self) -> int:
        return sum(self.dovecot.remove(user) for user in self.dovecot.users_with_mail())

    def _index(self, wanted: int) -> None:
        users, looks = self._users(), self._time_to_look()
        for user in users:
            facts = self.known["users"].get(user)
            due = not facts or (looks and (facts["failed"] or self.dovecot.changed(user) > facts["time"]))
            if due and not self._index_user(user, wanted):
                return
        if not self.known["ready"]:
            self._save(ready=self.clock.now())
            facts = self.read()
            text = (
                f"Full-text search is ready: {facts['messages']} messages of {facts['users_done']} users are indexed."
            )
            self.events.add(KIND, text)

    def _index_user(self, user: str, wanted: int) -> bool:
        """Index what a user has; whether to go on with the next one."""
        began, indexed, failed = self.clock.now(), 0, False
        try:
            for folder, messages in self.dovecot.folders(user).items():
                with self.lock:
                    self.current = {"user": user, "folder": folder, "messages": messages}
                if not self.dovecot.index(user, folder, self._is_stopped):
                    failed = True
                if self._is_stopped() or daemon.indexed_letters(self.settings.values()) != wanted:
                    return False
                indexed += messages
        except Problem as reason:
            LOG.warning("%s is not indexed: %s", user, reason.message)
            failed = True
        finally:
            with self.lock:
                self.current = None
        facts = {"messages": indexed, "bytes": self.dovecot.size(user), "time": began, "failed": failed}
        self._save(users={**self.known["users"], user: facts})
        return True

    def _is_stopped(self) -> bool:
        return bool(self.known["paused"]) or (self.stop is not None and self.stop.is_set())

    def _users(self) -> list[str]:
        return [account.key for account in self.accounts.all() if account.active]

    def _save(self, **changes: Any) -> None:
        with self.lock:
            self.known = {**self.known, **changes}
            durable.replace(self.file, json.dumps(self.known))


def _read(file: Path) -> dict[str, Any]:
    """{form, built, paused, ready, users: {user: {messages, bytes, time, failed}}} as it was written last.

    form: FORM. built: for how many letters the index was begun, 0 for none. Before the first time, or when the file
    cannot be read or is of another form, it is unknown what is there: it is made anew.
    """
    nothing: dict[str, Any] = {"form": FORM, "built": None, "paused": False, "ready": None, "users": {}}
    try:
        found = json.loads(file.read_text())
        return {**nothing, **found} if found.get("form") == FORM else {**nothing, "paused": bool(found.get("paused"))}
    except (OSError, ValueError, AttributeError):
        return nothing
