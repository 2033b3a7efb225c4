"""Mail that Postfix refuses before our filter hears of it, read from Postfix's own log, and told to the filter.

What smtpd(8) says of MAIL FROM (its announced size, its form, too many messages a minute) it says without asking a
milter; and of a message that grows too large on the way a milter sees only that it ended. The log is read every few
seconds; what is logged while the job process does not run has no record. Not here: a RCPT TO of a wrong form, and
recipients beyond the limit, which come again in another message (RFC 5321 4.5.3.1.10); connections that are turned away
(421) before they have named a sender.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mailroom.core import paths
from mailroom.daemons import logs

EVERY_S = 3.0
# A flood of refusals is cut here: the rest is in Postfix's log.
AT_ONCE_MAX = 200
SOCKET_LIMIT_S = 10.0
CONNECTIONS_MAX = 2_000
REFUSED = "refused"
LINE = re.compile(r"\S+ postfix/([\w-]+)/smtpd\[(\d+)\]: (.*)", re.DOTALL)
CONNECTED = re.compile(r"connect from (\S+)\[([0-9a-fA-F.:]+)\]")
REJECTED = re.compile(
    r"NOQUEUE: reject: MAIL from (\S+)\[([0-9a-fA-F.:]+)\]: (\d{3} [^;]*); from=<(.*)> proto=\w+(?: helo=<(.*)>)?"
)
BY_FILTER = re.compile(r"NOQUEUE: milter-reject: MAIL from ")
TOO_OFTEN = re.compile(r"warning: Message delivery request rate limit exceeded: ")
TOO_LARGE = re.compile(r"warning: (\w+): queue file size limit exceeded")
ENDED = re.compile(r"disconnect from (\S+)\[([0-9a-fA-F.:]+)\].* mail=(\d+)/(\d+) .*")
TOO_OFTEN_REPLY = "450 4.7.1 Error: too much mail"
TOO_LARGE_REPLY = "552 5.3.4 Error: message file too big"
# Of wrong form, or with an option that is not offered; Postfix logs neither its words nor the sender.
FORM_REPLY = "501 5.5.4 MAIL FROM in a form that is not taken, or with an option that is not offered"


@dataclass
class Refusal:
    """One that was logged. queue_id: of a message that the filter has a record of already."""

    daemon: str
    client: str
    client_name: str
    reply: str
    sender: str = ""
    helo: str = ""
    queue_id: str = ""


class Reader:
    """Follows the connections of smtpd processes through their log."""

    def __init__(self) -> None:
        # By process: how many refusals of MAIL FROM of its connection are explained.
        self.explained: dict[str, int] = {}

    def refusals(self, lines: Iterable[str]) -> list[Refusal]:
        """What these lines tell, in order."""
        found = []
        for line in lines:
            if matched := LINE.fullmatch(line):
                found += self._of(*matched.groups())
        return found

    def _of(self, daemon: str, pid: str, text: str) -> list[Refusal]:
        if CONNECTED.fullmatch(text):
            if len(self.explained) >= CONNECTIONS_MAX:
                self.explained.clear()
            self.explained[pid] = 0
        elif matched := REJECTED.fullmatch(text):
            self._explain(pid)
            name, address, reply, sender, helo = matched.groups()
            return [Refusal(daemon, address, _name(name), reply, sender, helo or "")]
        elif BY_FILTER.match(text):
            self._explain(pid)
        elif TOO_OFTEN.match(text):
            self._explain(pid)
            name, _, address = text.rpartition(" from ")[2].partition(" ")[0].partition("[")
            return [Refusal(daemon, address.rstrip("]"), _name(name), TOO_OFTEN_REPLY)]
        elif matched := TOO_LARGE.fullmatch(text):
            return [Refusal(daemon, "", "", TOO_LARGE_REPLY, queue_id=matched[1])]
        elif matched := ENDED.fullmatch(text):
            name, address, taken, tried = matched.groups()
            if int(tried) - int(taken) > self.explained.pop(pid, 0):
                return [Refusal(daemon, address, _name(name), FORM_REPLY)]
        return []

    def _explain(self, pid: str) -> None:
        self.explained[pid] = self.explained.get(pid, 0) + 1


def _name(name: str) -> str:
    return "" if name == "unknown" else name


def tell(refusal: Refusal, place: Path = paths.POLICY_SOCKET) -> None:
    """Have the filter record it, over the socket on which Postfix asks it for policies. Raises OSError."""
    facts = {"policy_context": REFUSED, **vars(refusal)}
    text = "".join(f"{name}={' '.join(value.split())}\n" for name, value in facts.items())
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(SOCKET_LIMIT_S)
        link.connect(str(place))
        link.sendall(f"{text}\n".encode("utf-8", "replace"))
        link.recv(512)


def watch(stop: threading.Event, tell_filter: Callable[[Refusal], None] = tell) -> None:
    """Until `stop`: each new refusal of the log gets its record."""
    reader, after = Reader(), logs.read("postfix", 1)["after"]
    while not stop.wait(EVERY_S):
        read = logs.read("postfix", logs.LINES_MAX, after) if after else logs.read("postfix", 1)
        fresh, after = (read["lines"] if after else []), read["after"]
        for refusal in reader.refusals(line["text"] for line in fresh)[:AT_ONCE_MAX]:
            tell_filter(refusal)
