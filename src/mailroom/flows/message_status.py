"""The status of a message and of each recipient: what the filter has recorded, with what the logs tell of it since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailroom.core.deliveries import BY_VERDICT, LEFT_QUARANTINE, RANK
from mailroom.filtering.order import TITLES
from mailroom.flows.delivery_words import recipient_words

# The log is read each second. What it does not tell of after this time, it told before the states were kept.
TOLD_WITHIN_S = 60.0
TAKEN = ("deliver", "spam")
QUARANTINE = "quarantine"
NO_TIMES: dict[str, float | None] = {"since": None, "next_try": None, "time": None}


def status(record: dict[str, Any], known: dict[str, Any] | None, now: float, held: bool = True) -> str:
    """One of `deliveries.STATUSES`, or LEFT_QUARANTINE.

    known: as DeliveryStore has it, None when the logs tell nothing of it. held: whether the quarantine has it.
    """
    if record["verdict"] == QUARANTINE and not held:
        return LEFT_QUARANTINE
    if record["verdict"] not in TAKEN:
        return BY_VERDICT.get(record["verdict"], "unknown")
    if known is None:
        return "accepted" if now - record["time"] < TOLD_WITHIN_S else "unknown"
    return str(known["status"])


def deliveries(
    record: dict[str, Any], known: dict[str, Any] | None, next_try: Callable[[str], float | None], now: float
) -> list[dict[str, Any]]:
    """Each recipient of a message that was taken, as DeliveryStore has it, with `text`: what is known in a sentence.

    since, next_try: of one who waits; time: when it was over; else None. next_try(queue_id): when delivery is tried
    again. Recipients that were not tried yet are those of the record.
    """
    if record["verdict"] not in TAKEN:
        return []
    taken = [one["address"] for one in record["recipients"] if not one["refusal"]]
    if known is None:
        found = [_untried(address, status(record, known, now), record["time"]) for address in taken]
    else:
        found = list(known["recipients"])
        if known["untried"]:
            # An alias's address is not among those that are tried, but its members name it.
            tried = {name.lower() for one in found for name in (one["address"], one["original"])}
            state = known["ending"] or ("on_hold" if known["status"] == "on_hold" else "accepted")
            found += [_untried(address, state, record["time"]) for address in taken if address.lower() not in tried]
    return [_with_words(one, record["sender"], next_try) for one in found]


def _untried(address: str, state: str, moment: float) -> dict[str, Any]:
    return {"address": address, "original": "", "state": state, "server": "", "words": "", "since": moment,
            "time": moment, "attempts": 0, "folder": "", "queue_id": ""}  # fmt: skip


def _with_words(one: dict[str, Any], sender: str, next_try: Callable[[str], float | None]) -> dict[str, Any]:
    waits, tried = one["state"] == "waiting", one["state"] != "accepted"
    return {
        **one,
        "text": recipient_words(one, sender),
        "since": one["since"] if waits else None,
        "next_try": next_try(one["queue_id"]) if waits else None,
        "time": one["time"] if tried and not waits else None,
    }


def answer(record: dict[str, Any], shown: list[dict[str, Any]], held: bool = True) -> dict[str, Any]:
    """What became of the message: {text, since, next_try, time}; text: the sentence that is said first.

    Times are seconds since the epoch, None where there is none to tell. since, next_try: of what waits. held: whether
    the quarantine still has it.
    """
    if record["verdict"] not in TAKEN:
        return {"text": _not_taken(record, held), **NO_TIMES, "time": record["time"]}
    first = min(shown, key=lambda one: RANK.index(one["state"]), default=None)
    if first is None:
        return {"text": "It was accepted.", **NO_TIMES}
    alike = [one for one in shown if one["state"] == first["state"]]
    since, due, ended = ([one[name] for one in alike if one[name]] for name in ("since", "next_try", "time"))
    times = {"since": min(since, default=None), "next_try": min(due, default=None), "time": max(ended, default=None)}
    return {"text": _together(first, len(alike), len(shown)), **times}


def _together(first: dict[str, Any], alike: int, everybody: int) -> str:
    if everybody == 1:
        return str(first["text"])
    if first["state"] == "delivered":
        return f"Delivered to all {everybody} recipients."
    return f"{first['text']} So it is for {alike} of {everybody} recipients."


def _not_taken(record: dict[str, Any], held: bool) -> str:
    reason = next((one for one in record["checks"] if one["result"] not in ("pass", "unscanned")), None)
    virus = next((one["detail"] for one in record["checks"] if one["result"] == "virus"), "")
    title = TITLES.get(reason["check"], reason["check"]) if reason else ""
    verdict, reply = record["verdict"], record["reply"]
    if verdict == QUARANTINE and not held:
        return f"It was kept in the quarantine because of {virus or title}, and was released or deleted since."
    if verdict == QUARANTINE and virus:
        return f"Not delivered: it held a virus ({virus}). It is in the quarantine."
    if verdict == QUARANTINE:
        return f"Not delivered, because of {title}. It is in the quarantine."
    if verdict == "delete":
        if virus:
            return f"Not delivered: it held a virus ({virus}). It was deleted, and the sender was not told."
        return f"Not delivered: {title} had it deleted, and the sender was not told."
    if verdict == "dropped":
        return f"Nothing was taken: {reply}."
    if verdict == "tempfail":
        return f"Not taken yet: the sending server was asked to come back later, with “{reply}”."
    if virus:
        return f"Refused, because it held a virus ({virus}). The answer was “{reply}”."
    return f"Refused. The answer was “{reply}”."
