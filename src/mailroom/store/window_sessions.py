"""Sessions of DSM's desktop that have opened the window: since when, from where, and whether they were ended here."""

from __future__ import annotations

from pathlib import Path

from peewee import BooleanField, FloatField, Model, SqliteDatabase, TextField

from mailroom.core import paths
from mailroom.store.database import open_database, writing

SCHEMA = 1
WHAT = "The sessions"
SEEN_EVERY_S = 60.0
KEPT_MAX = 1_000


class WindowSession(Model):
    """One session. id: a digest of DSM's own, which opens nothing. Times are seconds since the epoch."""

    id = TextField(primary_key=True)
    user = TextField()
    opened = FloatField()
    seen = FloatField()
    address = TextField()
    ended = BooleanField(default=False)

    class Meta:
        table_name = "window_sessions"


class WindowSessionStore:
    """All sessions that were seen lately; ended ones are remembered as long."""

    def __init__(self, file: Path = paths.DB / "window-sessions.sqlite") -> None:
        self.database: SqliteDatabase = open_database(file, [WindowSession], SCHEMA, durable=False)

    def seen(self, id: str, user: str, address: str, now: float) -> WindowSession:
        """The session, noted as seen just now. Raises Unavailable (disk)."""
        found: WindowSession | None = WindowSession.get_or_none(WindowSession.id == id)
        if found is not None and (found.ended or (now - found.seen < SEEN_EVERY_S and found.address == address)):
            return found
        with writing(self.database, WHAT):
            if found is None:
                self._forget()
                # A window that opens asks several things at once: the first of them is the session's beginning.
                row = {"id": id, "user": user, "opened": now, "seen": now, "address": address}
                WindowSession.insert(row).on_conflict_ignore().execute()
                found = WindowSession.get_by_id(id)
            else:
                found.seen, found.address = now, address
                found.save()
        return found

    def all(self) -> list[WindowSession]:
        """Those that were not ended, the newest first."""
        return list(WindowSession.select().where(~WindowSession.ended).order_by(WindowSession.opened.desc()))

    def end(self, id: str) -> str:
        """End one; whose it was, "" when there is none. Raises Unavailable (disk)."""
        found = WindowSession.get_or_none((WindowSession.id == id) & ~WindowSession.ended)
        if found is None:
            return ""
        with writing(self.database, WHAT):
            WindowSession.update(ended=True).where(WindowSession.id == id).execute()
        return str(found.user)

    @staticmethod
    def _forget() -> None:
        """Room for a new one: whoever was not seen for the longest time goes."""
        old = WindowSession.select(WindowSession.id).order_by(WindowSession.seen.desc()).offset(KEPT_MAX - 1)
        WindowSession.delete().where(WindowSession.id.in_(old.limit(KEPT_MAX))).execute()
