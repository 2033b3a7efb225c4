"""mailroomctl quarantine: what the filter has kept, and what becomes of it (rows AV11, AV12)."""

from __future__ import annotations

import base64
import os
from typing import Any

from mailroom.core.problems import Invalid
from mailroom.ctl.shape import Options, Parsers, command, host_file, job, moment, noun, table


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "quarantine", "messages that the filter has kept")
    made = command(verbs, "list", "what is kept, newest first, and why", listed, tell_listed)
    made.add_argument("search", nargs="?", default="", help="part of an address, a subject, a number or a finding")
    made.add_argument("--offset", type=int, default=0)
    made.add_argument("--limit", type=int, default=100, help="how many, 500 at most")
    made = command(verbs, "show", "one message: who, when, why", _show, tell_one)
    made.add_argument("id", metavar="ID")
    made = command(verbs, "original", "save a message as it came into a new file", _original, tell_saved)
    made.add_argument("id", metavar="ID")
    made.add_argument("file", help="a new file; its content may be dangerous")
    made = command(verbs, "release", "let it go on, past exactly the checks that held it", _release, tell_released)
    made.add_argument("id", metavar="ID")
    made = command(verbs, "delete", "remove them for good", _delete, tell_deleted)
    made.add_argument("ids", nargs="+", metavar="ID")


def listed(options: Options) -> Any:
    return job("quarantine.list", search=options.search, offset=options.offset, limit=options.limit)


def tell_listed(facts: Any) -> str:
    if not facts["total"]:
        return "Nothing is in the quarantine."
    rows = [
        (
            one["id"],
            moment(one["time"]),
            one["sender"] or "(notice)",
            ", ".join(one["recipients"][:3]) + (" ..." if len(one["recipients"]) > 3 else ""),
            one["subject"][:60],
            why(one),
        )
        for one in facts["messages"]
    ]
    shown = table(("ID", "KEPT", "SENDER", "RECIPIENTS", "SUBJECT", "FOUND"), rows)
    return f"{shown}\n{len(rows)} of {facts['found']}; {facts['total']} are kept."


def why(one: Any) -> str:
    """Which check has found what."""
    return ", ".join(f"{check['title']}: {check['detail']}" for check in one["checks"])


def _show(options: Options) -> Any:
    return job("quarantine.show", id=options.id)


def tell_one(one: Any) -> str:
    facts = {
        "ID": one["id"],
        "Kept": moment(one["time"]),
        "From": one["from"],
        "Sender": one["sender"] or "(notice)",
        "Recipients": ", ".join(one["recipients"]),
        "Subject": one["subject"],
        "Size": f"{one['size']} bytes",
        "Came from": one["client"] or "this server",
        "Found": why(one),
    }
    return "\n".join(f"{name}: {value}" for name, value in facts.items())


def _original(options: Options) -> Any:
    target, offset, size = host_file(options.file), 0, 1
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:
            while offset < size:
                piece = job("quarantine.piece", id=options.id, offset=offset)
                data, size = base64.b64decode(piece["data"]), piece["size"]
                offset += out.write(data)
                if not data:
                    break
    except OSError as reason:
        raise Invalid(f"{options.file} cannot be written ({reason.strerror}).", field="file") from None
    return {"file": options.file, "bytes": offset}


def tell_saved(facts: Any) -> str:
    return f"{facts['file']} has {facts['bytes']} bytes. What was found in it is still in it."


def _release(options: Options) -> Any:
    return job("quarantine.release", id=options.id)


def tell_released(facts: Any) -> str:
    told = [f"{facts['released']} goes on to {', '.join(facts['recipients'])}."]
    told += [f"{one['address']} was refused: {one['words']}" for one in facts["refused"]]
    return "\n".join(told)


def _delete(options: Options) -> Any:
    return job("quarantine.delete", ids=options.ids)


def tell_deleted(facts: Any) -> str:
    told = [f"Deleted: {', '.join(facts['done'])}."]
    if facts["gone"]:
        told.append(f"Were not there any more: {', '.join(facts['gone'])}.")
    return "\n".join(told)
