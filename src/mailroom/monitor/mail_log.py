"""What lines of Postfix's and Dovecot's logs tell of deliveries.

Postfix's lines: qmgr(8), smtp(8), lmtp(8), error(8), cleanup(8), pickup(8) and postsuper(1) of version 3.7. Addresses
and answers in them are strangers' words; they are read from left to right, quoted parts as a whole (RFC 5321 4.1.2), so
that none can pass for a field of the line. A line takes time in proportion to its length, which its reader bounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from mailroom.core.deliveries import ADDRESS_MAX, Event, clean

# Host, program and its process: "mail postfix/srs/smtp[4038]: ".
HEAD = re.compile(r"\S+ postfix/([a-z0-9/_-]+)\[\d+\]: ")
QUEUE_ID = re.compile(r"[0-9A-Za-z]{5,40}: ")
RESULT = re.compile(
    r", relay=([^, ]*), (?:conn_use=\d+, )?delay=[0-9.e+-]+, delays=[0-9./e+-]+, dsn=\d\.\d+\.\d+, status=(\w+) \("
)
SERVER = re.compile(r"([^\[\]]*)\[([^\[\]]*)\](?::\d+)?")
QUEUED_AS = re.compile(r"250 [0-9.]+ Ok: queued as ([0-9A-Za-z]{5,40})")
SAVED = re.compile(r"250 [0-9.]+ <[^<>]*> ([A-Za-z0-9+/:]{8,80}) Saved")
COUNT = re.compile(r", size=\d+, nrcpt=(\d{1,9}) \(queue active\)")
LOGIN = re.compile(r"sasl_username=([^, ]+)")
ORIGINAL_ID = re.compile(r" orig_id=([0-9A-Za-z]{5,40})\Z")
LMTP = re.compile(r"lmtp\([^()]*\)<\d+><([A-Za-z0-9+/:]{8,80})>: Info: ")
STORED = "stored mail into mailbox '"
SAVED_TO = ": saved mail to "
# How a delivery agent's status is called here (deliver_request(3), bounce(8)).
STATES = {"sent": "delivered", "deferred": "waiting", "bounced": "returned", "SOFTBOUNCE": "waiting"}
# What qmgr(8) says of a message whose time is over, by itself or by an administrator's postsuper -f (3.7).
ENDINGS = {"expired, returned to sender": "expired", "force-expired, returned to sender": "returned"}
# The service through which mail goes round again to get a sender of ours (master.cf.j2).
ROUND = "srs/"


def postfix_events(lines: Iterable[tuple[float, str]]) -> list[Event]:
    """What these lines of Postfix's log, (time, text), tell, in order."""
    return [event for time, text in lines if (event := _postfix(time, text)) is not None]


def dovecot_events(lines: Iterable[tuple[float, str]]) -> list[Event]:
    """Where Dovecot has filed what it was given."""
    return [event for time, text in lines if (event := _dovecot(time, text)) is not None]


def _postfix(time: float, line: str) -> Event | None:
    head = HEAD.match(line)
    if head is None:
        return None
    queue_id = QUEUE_ID.match(line, head.end())
    if queue_id is None:
        return None
    service, _, program = head[1].rpartition("/")
    read = PROGRAMS.get(program)
    text, name = line[queue_id.end() :], queue_id[0][:-2]
    return read(time, name, text, f"{service}/") if read else None


def _smtpd(time: float, name: str, text: str, service: str) -> Event | None:
    if not text.startswith("client="):
        return None
    login = LOGIN.search(text)
    return Event("begun", time, name, login=clean(login[1], ADDRESS_MAX) if login else "", recorded=service != ROUND)


def _pickup(time: float, name: str, text: str, _: str) -> Event | None:
    if not text.startswith("uid="):
        return None
    former = ORIGINAL_ID.search(text)
    return Event("begun", time, name, parent=former[1] if former else "")


def _cleanup(time: float, name: str, text: str, _: str) -> Event | None:
    if text.startswith(("milter-reject: ", "milter-discard: ", "reject: ", "discard: ")):
        return Event("refused", time, name)
    return Event("held", time, name) if text.startswith(("milter-hold: ", "hold: ")) else None


def _qmgr(time: float, name: str, text: str, _: str) -> Event | None:
    if text == "removed":
        return Event("ended", time, name)
    sender, rest = _address(text, "from=<")
    if sender is None:
        return None
    if rest.startswith(", status="):
        ending = ENDINGS.get(rest.removeprefix(", status="))
        return Event("ending", time, name, state=ending) if ending else None
    count = COUNT.fullmatch(rest)
    return Event("queued", time, name, sender=sender, recipients=int(count[1])) if count else None


def _postsuper(time: float, name: str, text: str, _: str) -> Event | None:
    if text == "removed":
        return Event("ending", time, name, state="removed")
    kind = {"placed on hold": "held", "released from hold": "released"}.get(text)
    return Event(kind, time, name) if kind else None


def _agent(time: float, name: str, text: str, service: str) -> Event | None:
    address, rest = _address(text, "to=<")
    if address is None:
        return None
    original, after = _address(rest, ", orig_to=<")
    result = RESULT.match(after if original is not None else rest)
    if result is None or result[2] not in STATES:
        return None
    words = result.string[result.end() :].removesuffix(")")
    state, child, session = STATES[result[2]], "", ""
    if state == "delivered" and service == ROUND:
        queued = QUEUED_AS.match(words)
        state, child = ("moved", queued[1]) if queued else (state, "")
    elif state == "delivered" and (saved := SAVED.match(words)):
        session = saved[1]
    return Event("tried", time, name, address=address, original=original or "", state=state,
                 server=_server(result[1]), words=clean(words), session=session, child=child)  # fmt: skip


PROGRAMS: dict[str, Callable[[float, str, str, str], Event | None]] = {
    "smtpd": _smtpd,
    "pickup": _pickup,
    "cleanup": _cleanup,
    "qmgr": _qmgr,
    "postsuper": _postsuper,
    **dict.fromkeys(("smtp", "lmtp", "error", "retry", "discard", "virtual", "pipe", "local"), _agent),
}


def _address(text: str, before: str) -> tuple[str | None, str]:
    """(the address after `before`, what follows its bracket); (None, text) when there is none."""
    if not text.startswith(before):
        return None, text
    at, quoted = len(before), False
    while at < len(text):
        letter = text[at]
        if letter == "\\" and quoted:
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif letter == ">" and not quoted:
            return clean(text[len(before) : at], ADDRESS_MAX), text[at + 1 :]
        at += 1
    return None, text


def _server(relay: str) -> str:
    """The server that answered, "" for none and for our own Dovecot: its name, or its address when it has no name."""
    found = SERVER.fullmatch(relay)
    if found is not None and found[2].startswith("/"):
        return ""
    if found is None:
        return "" if relay in ("none", "local") else clean(relay, ADDRESS_MAX)
    return clean(found[1] if found[1] not in ("", "unknown") else found[2], ADDRESS_MAX)


def _dovecot(time: float, line: str) -> Event | None:
    head = LMTP.match(line)
    if head is None:
        return None
    # A Message-ID stands before it, and may hold these words, too; a folder's name comes last. What is told after such
    # a Message-ID may also be something else, as that a reply was sent.
    text = line[head.end() :]
    _, found, folder = text.rpartition(STORED)
    if found and folder.endswith("'"):
        return Event("filed", time, session=head[1], folder=clean(folder[:-1], ADDRESS_MAX))
    _, found, folder = text.rpartition(SAVED_TO)
    if found and ": " not in folder:
        return Event("filed", time, session=head[1], folder=clean(folder, ADDRESS_MAX))
    return None
