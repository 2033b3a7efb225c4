"""What is known of the delivery of a message: the words for it, and what a line of a log adds to it."""

from __future__ import annotations

from dataclasses import dataclass

# States of one recipient. A message has the first of these that any of its recipients has.
RANK = ("on_hold", "waiting", "unknown", "returned", "expired", "removed", "accepted", "delivered")
# All that went into the folder Junk is shown as such; Dovecot's log tells the folder.
JUNK, JUNK_FOLDER = "junk", "Junk"
# The status of a message that did not enter the queue, by the filter's verdict.
BY_VERDICT = {
    "quarantine": "quarantine",
    "delete": "deleted",
    "reject": "refused",
    "tempfail": "put_off",
    "dropped": "broken_off",
}
STATUSES = (*RANK, JUNK, *BY_VERDICT.values())
# What was in the quarantine, and was released or deleted since; listed with what is there.
LEFT_QUARANTINE = "left_quarantine"
# What is over: nothing more is tried.
FINAL = {"delivered", "returned", "expired", "removed", "unknown", "moved"}
WORDS_MAX = 500
ADDRESS_MAX = 400


@dataclass(frozen=True)
class Event:
    """What a line tells of one message. time: seconds since the epoch.

    kind: "begun" (it is being taken; login, parent: the queue id that it had before, recorded: whether the filter has a
    record of it) | "refused" (the filter let it not enter the queue) | "queued" (sender, recipients: how many) |
    "tried" (address, original: as it was addressed, state: of RANK or "moved", server, words: the answer, session: of
    Dovecot's delivery, child: the queue id under which it goes on) | "held" | "released" | "ending" (state: what became
    of all that was not delivered) | "ended" (it left the queue) | "filed" (session, folder).
    """

    kind: str
    time: float
    queue_id: str = ""
    login: str = ""
    parent: str = ""
    recorded: bool = False
    sender: str = ""
    recipients: int = 0
    address: str = ""
    original: str = ""
    state: str = ""
    server: str = ""
    words: str = ""
    session: str = ""
    child: str = ""
    folder: str = ""


def clean(text: str, limit: int = WORDS_MAX) -> str:
    """Strangers' words as one bounded line: controls and separators become spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:limit]).strip()


def status_of(states: list[str], *, all_junk: bool) -> str:
    """The status of a message with recipients in these states. all_junk: whether Junk is where it was filed."""
    found = next((state for state in RANK if state in states), "accepted")
    return JUNK if found == "delivered" and all_junk else found
