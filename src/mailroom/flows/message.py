"""The story of a message, told afterwards: the list, one record, and what happened in plain words."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from mailroom.core import settings as declared
from mailroom.core.problems import NotFound
from mailroom.filtering.order import TITLES
from mailroom.store.journal import JournalStore

# {}: the reply.
ENDINGS = {
    "deliver": "It was accepted for delivery.",
    "spam": "It was accepted and filed into Junk.",
    "quarantine": "It was taken and kept in the quarantine; no mailbox has it.",
    "delete": "It was taken and deleted; the sender was not told.",
    "reject": "It was refused with “{}”.",
    "tempfail": "It was put off with “{}”; the sending server will come back.",
    "dropped": "Nothing was taken: {}.",
}


@cache
def journal() -> JournalStore:
    """The journal of this server."""
    return JournalStore()


def list_messages(search: str = "", offset: int = 0, limit: int = 50) -> dict[str, Any]:
    """{total, messages: [summary]}, newest first."""
    total, found = journal().find(search.strip(), offset, min(limit, 500))
    return {"total": total, "messages": found}


def mark() -> int:
    """A number that has grown when the journal has a new record."""
    return journal().mark()


def show(id: str) -> dict[str, Any]:
    """The whole record, with `explain`: sentences, and each check's title. Raises NotFound."""
    record = journal().get(id)
    if record is None:
        raise NotFound(f"The journal has no message {id}.", field="id", next="Search by sender or recipient.")
    checks = [{**check, "title": TITLES.get(check["check"], check["check"])} for check in record["checks"]]
    return {**record, "checks": checks, "explain": explain(record)}


def explain(record: dict[str, Any]) -> list[str]:
    """What happened to a message, sentence by sentence."""
    told = [_arrival(record)]
    told += [_refusal(recipient) for recipient in record["recipients"] if recipient["refusal"]]
    told += [_check(check) for check in record["checks"]]
    told += record.get("told", [])
    told.append(_ending(record))
    return told


def _arrival(record: dict[str, Any]) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(record["time"]))
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
    ]
    return " ".join(filter(None, told))


def _refusal(recipient: dict[str, Any]) -> str:
    return f"{recipient['address']} was refused: {recipient['refusal']}."


def _check(check: dict[str, Any]) -> str:
    name, result = TITLES.get(check["check"], check["check"]), check["result"]
    answered = f"{name} answered: {result}."
    told = [
        answered if check["score"] is None else f"{name} gave {check['score']:.1f} points: {result}.",
        check["detail"] and f"In detail: {check['detail']}.",
        check["setting"] and f"Decided by {setting_name(check['setting'])}.",
        f"It took {check['ms']:.1f} ms.",
    ]
    return " ".join(filter(None, told))


def setting_name(setting: str) -> str:
    """A setting as the window calls it: "Mail Delivery > General > Maximum size per email"."""
    page, _, key = setting.rpartition(".")
    kind = declared.pages().get(page)
    if kind is None or key not in kind.model_fields:
        return setting
    return f"{kind.menu.replace('_', ' ').title()} > {kind.title} > {declared.title_of(page, key)}"


def _ending(record: dict[str, Any]) -> str:
    ending = ENDINGS.get(record["verdict"], record["verdict"]).format(record["reply"])
    delivered = record["verdict"] in ("deliver", "spam")
    return f"{ending} Its queue id is {record['queue_id']}." if record["queue_id"] and delivered else ending


def today() -> dict[str, int]:
    """Today's mail (since midnight, local time): {received, sent, blocked}."""
    now = time.localtime()
    midnight = time.mktime((now.tm_year, now.tm_mon, now.tm_mday, 0, 0, 0, 0, 0, -1))
    taken = ["deliver", "spam"]
    everything = journal().count(midnight, verdict=taken)
    received = journal().count(midnight, verdict=taken, login="")
    blocked = journal().count(midnight, verdict=["reject", "quarantine", "delete"])
    return {"received": received, "sent": everything - received, "blocked": blocked}
