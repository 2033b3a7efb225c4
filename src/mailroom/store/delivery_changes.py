"""What an event of a log changes in the tables of the states of messages. Within a transaction of the caller."""

from __future__ import annotations

from mailroom.core.deliveries import FINAL, Event, status_of
from mailroom.store.delivery_rows import (
    FiledRow,
    MessageRow,
    RecipientRow,
    Rows,
    counts_of,
    rounds_of,
    together,
    tried,
)


def apply(event: Event, rows: Rows) -> set[int]:
    """The rows of messages that an event changes. They are written by rows.write()."""
    if event.kind == "filed":
        return _file(event)
    row = rows.find(event.queue_id)
    if event.kind == "begun":
        return _begin(event, row, rows)
    if event.kind == "refused":
        if row is not None and not row.queued:
            rows.remove(row)
        return set()
    if row is None or (row.done and event.kind == "queued"):
        # Its beginning was logged before the log began, or is lost.
        row = MessageRow.create(queue_id=event.queue_id, time=event.time, queued=True)
    CHANGES[event.kind](event, row, rows)
    return {rows.put(row)}


def _begin(event: Event, row: MessageRow | None, rows: Rows) -> set[int]:
    if row is not None and row.queued and not row.done:
        # Postfix gives a queue id again only when the former message is gone.
        end(row, "unknown", event.time)
    if row is None or row.queued:
        row = MessageRow(queue_id=event.queue_id)
    row.time, row.login, row.recorded = event.time, event.login, event.recorded
    former = rows.find(event.parent) if event.parent else None
    if former is not None:
        row.parent = former.id
        RecipientRow.update(state="moved").where(
            (RecipientRow.message == former.id) & RecipientRow.state.not_in(FINAL)
        ).execute()
        former.done = True
        rows.put(former)
    return {rows.put(row)}


def _queue(event: Event, row: MessageRow, _: Rows) -> None:
    row.queued, row.sender, row.recipients = True, event.sender, event.recipients
    row.held = False


def _try(event: Event, row: MessageRow, rows: Rows) -> None:
    key = (RecipientRow.message == row.id) & (RecipientRow.address == event.address)
    one = RecipientRow.get_or_none(key & (RecipientRow.original == event.original))
    if one is None:
        one = RecipientRow(message=row.id, address=event.address, original=event.original, state="", since=event.time)
    if one.state != event.state:
        one.since = event.time
    one.state, one.time, one.attempts = event.state, event.time, one.attempts + 1
    one.server, one.words, one.session = event.server, event.words, event.session
    if event.session and (filed := FiledRow.get_or_none(FiledRow.session == event.session)):
        one.folder = filed.folder
        filed.delete_instance()
    one.save()
    if event.child:
        child = rows.find(event.child) or MessageRow(queue_id=event.child, time=event.time)
        if child.parent is None and child.id != row.id:
            child.parent, child.status, child.delivered = row.id, "", 0
            rows.put(child)


def _hold(_: Event, row: MessageRow, __: Rows) -> None:
    row.held = row.queued = True


def _release(_: Event, row: MessageRow, __: Rows) -> None:
    row.held = False


def _ending(event: Event, row: MessageRow, _: Rows) -> None:
    end(row, event.state, event.time)
    row.done = event.state == "removed"


def _ended(_: Event, row: MessageRow, __: Rows) -> None:
    row.done = True


CHANGES = {"queued": _queue, "tried": _try, "held": _hold, "released": _release, "ending": _ending, "ended": _ended}


def end(row: MessageRow, state: str, time: float) -> None:
    """Nothing more is tried: who has it has it, for the others this is the end."""
    RecipientRow.update(state=state, time=time).where(
        (RecipientRow.message == row.id) & RecipientRow.state.not_in(FINAL)
    ).execute()
    row.ending, row.done, row.held = state, True, False
    row.save()


def _file(event: Event) -> set[int]:
    one = RecipientRow.get_or_none(RecipientRow.session == event.session)
    if one is not None:
        one.folder = _joined(one.folder, event.folder)
        one.save()
        return {one.message}
    filed = FiledRow.get_or_none(FiledRow.session == event.session)
    if filed is None:
        FiledRow.create(session=event.session, folder=event.folder, time=event.time)
    else:
        filed.folder = _joined(filed.folder, event.folder)
        filed.save()
    return set()


def _joined(folders: str, more: str) -> str:
    """Folders into which a user's own rules have filed one message."""
    return more if folders in ("", more) else f"{folders}, {more}"[:1_000]


def settle(root: int) -> None:
    """Write down the status that follows from the recipients' states."""
    tree = rounds_of(root)
    counts = together(counts_of(tree))
    states = list(counts)
    for row in tree:
        if row.queued and tried(row) < max(row.recipients, 1):
            states.append(row.ending or ("on_hold" if row.held else "" if row.done else "accepted"))
    delivered, junk = counts.get("delivered", (0, 0))
    MessageRow.update(status=status_of(states, all_junk=0 < delivered == junk), delivered=delivered).where(
        MessageRow.id == root
    ).execute()
