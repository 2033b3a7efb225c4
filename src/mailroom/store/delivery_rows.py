"""The tables of the states of messages (store/deliveries.py), and how their rows belong together."""

from __future__ import annotations

from typing import Any

from peewee import AutoField, BooleanField, FloatField, IntegerField, Model, TextField, fn

from mailroom.core.deliveries import FINAL, JUNK_FOLDER

# How many new queue ids of one message are followed: one for a sender of ours, one each time it is requeued.
ROUNDS_MAX = 8
RECIPIENTS_SHOWN_MAX = 1_000
# {state: (how many recipients, how many of them were filed into Junk)}
Counts = dict[str, tuple[int, int]]


class MessageRow(Model):
    """One queue id. ending: what became of recipients that were not tried; parent: the row it was before."""

    id = AutoField()
    queue_id = TextField(index=True)
    time = FloatField(index=True)
    login = TextField(default="")
    sender = TextField(default="")
    recipients = IntegerField(default=0)
    parent = IntegerField(null=True, index=True)
    recorded = BooleanField(default=False)
    queued = BooleanField(default=False)
    held = BooleanField(default=False)
    done = BooleanField(default=False)
    ending = TextField(default="")
    status = TextField(default="")
    # Recipients that have it.
    delivered = IntegerField(default=0)

    class Meta:
        table_name = "messages"
        indexes = ((("status", "time"), False), (("login", "time"), False))


class RecipientRow(Model):
    """since: when it began to wait."""

    id = AutoField()
    message = IntegerField()
    address = TextField()
    original = TextField()
    state = TextField()
    server = TextField(default="")
    words = TextField(default="")
    since = FloatField()
    time = FloatField()
    attempts = IntegerField(default=0)
    session = TextField(default="", index=True)
    folder = TextField(default="")

    class Meta:
        table_name = "recipients"
        indexes = ((("message", "address", "original"), True),)


class FiledRow(Model):
    session = TextField(primary_key=True)
    folder = TextField()
    time = FloatField(index=True)

    class Meta:
        table_name = "filed"


class PositionRow(Model):
    """changes: how many pieces of this log have told something."""

    log = TextField(primary_key=True)
    position = TextField()
    changes = IntegerField(default=0)

    class Meta:
        table_name = "positions"


def listed_rows() -> Any:
    return MessageRow.select().where(MessageRow.recorded & MessageRow.queued & MessageRow.parent.is_null())


def nearest_rows(wanted: dict[str, float]) -> dict[str, MessageRow]:
    found: dict[str, MessageRow] = {}
    for row in MessageRow.select().where(MessageRow.queue_id.in_(list(wanted)) & MessageRow.queued):
        other = found.get(row.queue_id)
        if other is None or abs(row.time - wanted[row.queue_id]) < abs(other.time - wanted[row.queue_id]):
            found[row.queue_id] = row
    return found


def newest_row(queue_id: str) -> MessageRow | None:
    found: MessageRow | None = (
        MessageRow.select().where(MessageRow.queue_id == queue_id).order_by(MessageRow.id.desc()).first()
    )
    return found


class Rows:
    """The newest rows of queue ids within one transaction: each is read once, and written once at its end.

    A piece of a log has several lines for each message, and its statements cost more than SQLite's work.
    """

    def __init__(self) -> None:
        self.newest: dict[str, MessageRow] = {}
        self.changed: dict[int, MessageRow] = {}

    def find(self, queue_id: str) -> MessageRow | None:
        row = self.newest.get(queue_id) or newest_row(queue_id)
        if row is not None:
            self.newest[queue_id] = row
        return row

    def put(self, row: MessageRow) -> int:
        """The number of the row, which is written with the others, or at once when it is new."""
        if row.id is None:
            row.save()
        self.newest[row.queue_id] = self.changed[row.id] = row
        return int(row.id)

    def remove(self, row: MessageRow) -> None:
        self.changed.pop(row.id, None)
        self.newest.pop(row.queue_id, None)
        row.delete_instance()

    def write(self) -> None:
        for row in self.changed.values():
            row.save()


def root_of(number: int) -> int:
    for _ in range(ROUNDS_MAX):
        parent = MessageRow.select(MessageRow.parent).where(MessageRow.id == number).scalar()
        if parent is None:
            return number
        number = parent
    return number


def rounds_of(root: int) -> list[MessageRow]:
    """The rows of one message under all the queue ids that it had."""
    found, due = [], [root]
    for _ in range(ROUNDS_MAX):
        rows = list(MessageRow.select().where(MessageRow.id.in_(due)).order_by(MessageRow.id))
        found += rows
        due = [row.id for row in MessageRow.select(MessageRow.id).where(MessageRow.parent.in_([r.id for r in rows]))]
        if not due:
            break
    return found


def recipients_of(tree: list[MessageRow]) -> list[dict[str, Any]]:
    """The states of its recipients, those that go on under another queue id once."""
    found: list[dict[str, Any]] = []
    for row in tree:
        of_it: Any = RecipientRow.select().where((RecipientRow.message == row.id) & (RecipientRow.state != "moved"))
        for one in of_it.order_by(RecipientRow.id).limit(RECIPIENTS_SHOWN_MAX).dicts():
            if len(found) < RECIPIENTS_SHOWN_MAX:
                held = row.held and one["state"] not in FINAL
                found.append({**one, "state": "on_hold" if held else one["state"], "queue_id": row.queue_id})
    return [{key: value for key, value in one.items() if key not in ("id", "message", "session")} for one in found]


def tried(row: MessageRow) -> int:
    return int(RecipientRow.select().where(RecipientRow.message == row.id).count())


def counts_of(rows: list[MessageRow]) -> dict[int, Counts]:
    """{row: {state: (how many recipients, how many of them were filed into Junk)}}."""
    held = {row.id for row in rows if row.held}
    found: dict[int, Counts] = {}
    junk = fn.SUM(RecipientRow.folder == JUNK_FOLDER)
    grouped: Any = (
        RecipientRow.select(RecipientRow.message, RecipientRow.state, fn.COUNT(RecipientRow.id), junk)
        .where(RecipientRow.message.in_([row.id for row in rows]) & (RecipientRow.state != "moved"))
        .group_by(RecipientRow.message, RecipientRow.state)
        .tuples()
    )
    for number, state, count, filed in grouped:
        known = "on_hold" if number in held and state not in FINAL else state
        found[number] = together({0: found.get(number, {}), 1: {known: (count, filed)}})
    return found


def together(counts: dict[int, Counts]) -> Counts:
    found: Counts = {}
    for one in counts.values():
        for state, (count, filed) in one.items():
            before = found.get(state, (0, 0))
            found[state] = before[0] + count, before[1] + filed
    return found
