"""The story of a message, told afterwards: the list, one record, and what happened in plain words."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cache
from typing import Any

from mailroom.core import settings as declared
from mailroom.core.deliveries import BY_VERDICT, JUNK, RANK, STATUSES
from mailroom.core.net import address_of, is_ours
from mailroom.core.problems import Invalid, NotFound
from mailroom.filtering.order import TITLES
from mailroom.flows.message_status import QUARANTINE, TAKEN, answer, deliveries
from mailroom.flows.message_status import status as status_of
from mailroom.monitor import queue
from mailroom.monitor.quarantine import Folder
from mailroom.store.deliveries import DeliveryStore
from mailroom.store.journal import JournalStore

DELIVERY = {*RANK, JUNK}
# Records without a sign-in among which a message of another server is looked for.
NEWEST_LOOKED_AT = 200
VERDICT_OF = {status: verdict for verdict, status in BY_VERDICT.items()}


@cache
def journal() -> JournalStore:
    """The journal of this server."""
    return JournalStore()


@cache
def delivery_states() -> DeliveryStore:
    """What the logs have told of deliveries."""
    return DeliveryStore()


def list_messages(
    search: str = "", offset: int = 0, limit: int = 50, status: str = "", since: float = 0.0, until: float = 0.0
) -> dict[str, Any]:
    """{total, messages: [summary with `status` and `counts`, [{state, recipients: how many}]]}, newest first.

    status: one of `deliveries.STATUSES`, "" for any; since, until: seconds since the epoch, 0 for no limit.
    Raises Invalid for another status.
    """
    if status and status not in STATUSES:
        raise Invalid(f"There is no status {status!r}.", field="status", next=f"Choose one of {', '.join(STATUSES)}.")
    search, limit = search.strip(), min(limit, 500)
    if status in DELIVERY:
        total, wanted = delivery_states().find(status, search, since, until, offset, limit)
        records = journal().summaries(dict(wanted))
        found = [records[queue_id] for queue_id, _ in wanted if queue_id in records]
    else:
        verdict = VERDICT_OF.get(status, "")
        total, found = journal().find(search, offset, limit, since=since, until=until, verdict=verdict)
    return {"total": total, "messages": _with_status(found)}


def _with_status(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    now = time.time()
    taken = {one["queue_id"]: one["time"] for one in found if one["queue_id"] and one["verdict"] in TAKEN}
    known = delivery_states().states(taken)
    held = _held(found)
    return [_summary(one, known.get(one["queue_id"]), now, one["id"] in held) for one in found]


def _held(records: list[dict[str, Any]]) -> set[str]:
    """Which of these messages the quarantine still has."""
    kept = [one["id"] for one in records if one["verdict"] == QUARANTINE]
    return Folder().holding(kept) if kept else set()


def _summary(one: dict[str, Any], known: dict[str, Any] | None, now: float, held: bool) -> dict[str, Any]:
    counts = known["counts"] if known else {}
    each = [{"state": state, "recipients": count} for state, count in counts.items()]
    return {**one, "status": status_of(one, known, now, held), "counts": each}


def mark() -> int:
    """A number that has grown when a message was recorded or its state has changed."""
    return journal().mark() + delivery_states().mark()


def show(id: str) -> dict[str, Any]:
    """The whole record, with its `status`, the `answer` to what became of it, `deliveries` and `explain`: sentences.

    Raises NotFound.
    """
    record = journal().get(id)
    if record is None:
        raise NotFound(f"The journal has no message {id}.", field="id", next="Search by sender or recipient.")
    now = time.time()
    known = delivery_states().show(record["queue_id"], record["time"]) if record["queue_id"] else None
    held = record["id"] in _held([record])
    found = status_of(record, known, now, held)
    each = deliveries(record, known, queue.next_try, now)
    told = answer(record, each, held)
    checks = [{**check, "title": TITLES.get(check["check"], check["check"])} for check in record["checks"]]
    about = {"status": found, "answer": told, "deliveries": each}
    return {**record, **about, "checks": checks, "explain": explain(record, told["text"])}


def explain(record: dict[str, Any], answered: str = "") -> list[str]:
    """What became of a message, then how it came to that, sentence by sentence.

    answered: the first of them; without it, what the filter alone has recorded.
    """
    told = [answered or answer(record, [])["text"], _arrival(record)]
    told += [_refusal(recipient) for recipient in record["recipients"] if recipient["refusal"]]
    told += record.get("told", [])
    told += [_check(check) for check in record["checks"]]
    if record["verdict"] == "spam":
        told.append("It was marked as spam, to be filed into Junk.")
    return told


def _arrival(record: dict[str, Any]) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(record["time"]))
    wanted = ", ".join(recipient["address"] for recipient in record["recipients"])
    told = [
        f"Arrived {when} from {record['client'] or 'this server'}.",
        record["client_name"] and f"The name of that address is {record['client_name']}.",
        record["helo"] and f"The client called itself {record['helo']}.",
        record["login"] and f"It signed in as {record['login']}.",
        f"The connection was encrypted: {record['tls']}." if record["tls"] else "The connection was not encrypted.",
        f"Sender: <{record['sender']}>.",
        f"Recipients: {wanted}." if wanted else "No recipient was named yet.",
        f"Size: {record['size']} bytes.",
        record["queue_id"] and f"Its queue id is {record['queue_id']}.",
    ]
    return " ".join(filter(None, told))


def _refusal(recipient: dict[str, Any]) -> str:
    return f"{recipient['address']} was refused: {recipient['refusal']}."


def _check(check: dict[str, Any]) -> str:
    title, result = TITLES.get(check["check"], check["check"]), check["result"]
    answered = f"{title} answered: {result}."
    told = [
        answered if check["score"] is None else f"{title} gave {check['score']:.1f} points: {result}.",
        check["detail"] and f"In detail: {check['detail']}.",
        (name := setting_name(check["setting"])) and f"Decided by {name}.",
    ]
    return " ".join(filter(None, told))


def setting_name(setting: str) -> str:
    """A setting as the window calls it: "Mail Delivery > General > Maximum size per email"; "" for what is none."""
    page, _, key = setting.rpartition(".")
    kind = declared.pages().get(page)
    if kind is None or key not in kind.model_fields:
        return ""
    return f"{kind.menu.replace('_', ' ').title()} > {kind.title} > {declared.title_of(page, key)}"


def today() -> dict[str, int]:
    """Today's mail (since midnight, local time): {received, sent, blocked}.

    received: taken from others; sent: of users who signed in, and at least one recipient has it; what only waits is
    none of it. blocked: refused, deleted, or kept in the quarantine.
    """
    since = midnight()
    received = journal().count(since, verdict=list(TAKEN), login="")
    blocked = journal().count(since, verdict=["reject", "quarantine", "delete"])
    return {"received": received, "sent": delivery_states().sent(since), "blocked": blocked}


def received_from_others(domains: Iterable[str]) -> float | None:
    """When a message of another domain last came from another machine; None: not among the newest records."""
    own = {"", *domains}
    for one in journal().newest(NEWEST_LOOKED_AT, verdict=list(TAKEN), login=""):
        if (
            one["sender"].rpartition("@")[2].lower() not in own
            and address_of(one["client"])
            and not is_ours(one["client"])
        ):
            return float(one["time"])
    return None


def midnight() -> float:
    """When today has begun, local time, in seconds since the epoch."""
    now = time.localtime()
    return time.mktime((now.tm_year, now.tm_mon, now.tm_mday, 0, 0, 0, 0, 0, -1))
