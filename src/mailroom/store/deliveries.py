"""The states of messages by recipient, as Postfix's and Dovecot's logs tell them; only root writes and reads them.

What a piece of a log tells and how far the log was read are written in one transaction: whatever ends the reader, each
line counts once. A message is found by its queue id and, where Postfix has given one again, by its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from peewee import SqliteDatabase, fn

from mailroom.core import paths
from mailroom.core.deliveries import Event
from mailroom.store import delivery_changes
from mailroom.store.database import open_database, writing
from mailroom.store.delivery_rows import (
    FiledRow,
    MessageRow,
    PositionRow,
    RecipientRow,
    Rows,
    counts_of,
    listed_rows,
    nearest_rows,
    recipients_of,
    root_of,
    rounds_of,
    together,
    tried,
)

SCHEMA = 1
# Dovecot's log is read beside Postfix's: what it tells first waits for the other so long.
FILED_KEPT_S = 3_600.0


class DeliveryStore:
    """The tables. One process writes; threads and other processes may read."""

    def __init__(self, file: Path = paths.DB / "deliveries.sqlite") -> None:
        tables = [MessageRow, RecipientRow, FiledRow, PositionRow]
        self.database: SqliteDatabase = open_database(file, tables, SCHEMA, durable=False)

    def position(self, log: str) -> str:
        """How far a log was read, "" when it never was."""
        row = PositionRow.get_or_none(PositionRow.log == log)
        return str(row.position) if row else ""

    def mark(self) -> int:
        """A number that grows with each piece of a log that told something."""
        return int(PositionRow.select(fn.SUM(PositionRow.changes)).scalar() or 0)

    def add(self, log: str, events: Iterable[Event], position: str) -> None:
        """Take over what a piece of a log tells, and how far it goes. Raises Unavailable (disk); then nothing was."""
        with writing(self.database, "The states of messages", "IMMEDIATE"):
            changed, rows = set[int](), Rows()
            for event in events:
                changed |= delivery_changes.apply(event, rows)
            rows.write()
            for root in {root_of(number) for number in changed}:
                delivery_changes.settle(root)
            known = PositionRow.get_or_none(PositionRow.log == log)
            changes = (known.changes if known else 0) + bool(changed)
            PositionRow.replace(log=log, position=position, changes=changes).execute()

    def give_up(self, before: float, is_queued: Callable[[str], bool]) -> int:
        """After lines were lost: what left the queue meanwhile became nobody knows what. How many messages did.

        is_queued(queue_id): whether Postfix still has it.
        """
        with writing(self.database, "The states of messages", "IMMEDIATE"):
            open_ones = MessageRow.select().where(~MessageRow.done & MessageRow.queued & (MessageRow.time < before))
            lost = [row for row in open_ones if not is_queued(row.queue_id)]
            for row in lost:
                delivery_changes.end(row, "unknown", before)
            for root in {root_of(row.id) for row in lost}:
                delivery_changes.settle(root)
        return len(lost)

    def forget(self, before: float) -> None:
        """Drop what is older than the oldest record of a message, and what of Dovecot's log nothing belongs to."""
        with writing(self.database, "The states of messages", "IMMEDIATE"):
            # A client may go away before its message is whole: what never came into the queue has no other end.
            is_old = (MessageRow.time < before) & (MessageRow.done | ~MessageRow.queued)
            old = MessageRow.select(MessageRow.id).where(is_old)
            RecipientRow.delete().where(RecipientRow.message.in_(old)).execute()
            MessageRow.delete().where(is_old).execute()
            newest = FiledRow.select(fn.MAX(FiledRow.time)).scalar()
            if newest is not None:
                FiledRow.delete().where(FiledRow.time < newest - FILED_KEPT_S).execute()

    def states(self, wanted: dict[str, float]) -> dict[str, dict[str, Any]]:
        """{queue id: {status, counts: {state: recipients}}} of messages, by the times of their records."""
        rows = {row.id: row for row in nearest_rows(wanted).values()}
        again = MessageRow.select(MessageRow.parent).where(MessageRow.parent.in_(list(rows))).tuples()
        rounds: set[int] = {parent for (parent,) in again}
        alone = [row for number, row in rows.items() if number not in rounds]
        counts = counts_of(alone) | {number: together(counts_of(rounds_of(number))) for number in rounds}
        return {
            row.queue_id: {
                "status": row.status,
                "counts": {state: n for state, (n, _) in counts.get(number, {}).items()},
            }
            for number, row in rows.items()
        }

    def show(self, queue_id: str, time: float) -> dict[str, Any] | None:
        """{status, ending, untried, queue_ids, recipients}, None when the log has told nothing of it.

        untried: whether there are recipients for whom delivery was not tried. queue_ids: all that it had, the newest
        last. recipients: {address, original, state, server, words, since, time, attempts, folder, queue_id}, 1,000 at
        most.
        """
        row = nearest_rows({queue_id: time}).get(queue_id)
        if row is None:
            return None
        rounds = rounds_of(row.id)
        return {
            "status": row.status,
            "ending": row.ending,
            "untried": any(row.queued and tried(row) < row.recipients for row in rounds),
            "queue_ids": [one.queue_id for one in rounds],
            "recipients": recipients_of(rounds),
        }

    def find(
        self, status: str, search: str = "", since: float = 0.0, until: float = 0.0, offset: int = 0, limit: int = 50
    ) -> tuple[int, list[tuple[str, float]]]:
        """(how many in all, [(queue id, time)]), newest first, of messages that the filter has records of."""
        rows = listed_rows().where((MessageRow.status == status) & (MessageRow.time >= since))
        if until:
            rows = rows.where(MessageRow.time < until)
        if search:
            of_them = RecipientRow.select(RecipientRow.message).where(
                RecipientRow.address.contains(search) | RecipientRow.original.contains(search)
            )
            rows = rows.where(MessageRow.sender.contains(search) | MessageRow.id.in_(of_them))
        newest = rows.order_by(MessageRow.time.desc(), MessageRow.id.desc()).offset(offset).limit(limit)
        return rows.count(), [(row.queue_id, row.time) for row in newest]

    def sent(self, since: float) -> int:
        """How many messages of users who signed in have reached at least one recipient."""
        rows = listed_rows().where((MessageRow.login > "") & (MessageRow.time >= since) & (MessageRow.delivered > 0))
        return int(rows.count())

    def reached_others(self) -> float | None:
        """When a message last reached another server (seconds since the epoch); None: no record of one."""
        # Mailboxes here are reached through a socket, which stands in brackets as a path.
        others = (RecipientRow.state == "delivered") & (RecipientRow.server > "") & ~RecipientRow.server.contains("[/")
        # By id: the newest is found at once, and not by reading all there is.
        newest: float | None = (
            RecipientRow.select(RecipientRow.time).where(others).order_by(RecipientRow.id.desc()).scalar()
        )
        return newest
