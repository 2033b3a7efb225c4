"""Mail that Postfix refuses before our filter hears of it, read from Postfix's own log, and told to the filter.

What smtpd(8) says of MAIL FROM (its announced size, its form, too many messages a minute) it says without asking a
milter; and of a message that grows too large on the way a milter sees only that it ended. The log is followed by
flows/mail_log.py; what is logged while the job process does not run has no record. A RCPT TO that is refused for its
form is logged only as a count when the client leaves; connections that are turned away are told once for a while. Not
here: recipients beyond the limit, which Postfix does not log, and which come again in another message (RFC 5321
4.5.3.1.10).
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mailroom.core import paths

# A flood of refusals, in one piece of the log, is cut here: the rest is in Postfix's log.
AT_ONCE_MAX = 200
SOCKET_LIMIT_S = 10.0
CONNECTIONS_MAX = 2_000
# Who is turned away for many connections is told once in this time: a flood fills no journal.
TURNED_AWAY_EVERY_S = 600.0
REFUSED = "refused"
LINE = re.compile(r"\S+ postfix/([\w-]+)/smtpd\[(\d+)\]: (.*)", re.DOTALL)
CONNECTED = re.compile(r"connect from (\S+)\[([0-9a-fA-F.:]+)\]")
REJECTED = re.compile(
    r"NOQUEUE: reject: MAIL from (\S+)\[([0-9a-fA-F.:]+)\]: (\d{3} [^;]*); from=<(.*)> proto=\w+(?: helo=<(.*)>)?"
)
BY_FILTER = re.compile(r"NOQUEUE: milter-reject: MAIL from ")
RECIPIENT = re.compile(r"\w+: (?:milter-)?reject: RCPT from ")
TURNED_AWAY = re.compile(
    r"warning: Connection (?:rate|concurrency) limit exceeded: \d+ from (\S+)\[([0-9a-fA-F.:]+)\] "
)
TOO_OFTEN = re.compile(r"warning: Message delivery request rate limit exceeded: ")
TOO_LARGE = re.compile(r"warning: (\w+): queue file size limit exceeded")
ENDED = re.compile(r"disconnect from (\S+)\[([0-9a-fA-F.:]+)\]( .*) commands=[0-9/]+")
# Commands of a connection, as the line at its end counts them: how many were taken, of how many if some were not.
COUNTED = re.compile(r" (mail|rcpt)=(\d{1,9})(?:/(\d{1,9}))?")
TOO_OFTEN_REPLY = "450 4.7.1 Error: too much mail"
TOO_LARGE_REPLY = "552 5.3.4 Error: message file too big"
# Of wrong form, or with an option that is not offered; Postfix logs neither its words nor the sender.
FORM_REPLY = "501 5.5.4 MAIL FROM in a form that is not taken, or with an option that is not offered"
RECIPIENT_REPLY = "501 5.5.4 RCPT TO in a form that is not taken, with an option that is not offered, or out of turn"
TURNED_AWAY_REPLY = "421 4.7.0 Error: too many connections"
MAIL, RCPT, CONNECT = "mail", "rcpt", "connect"


@dataclass
class Refusal:
    """One that was logged. queue_id: of a message that the filter has a record of already. step: what was refused."""

    daemon: str
    client: str
    client_name: str
    reply: str
    sender: str = ""
    helo: str = ""
    queue_id: str = ""
    step: str = MAIL


@dataclass
class Explained:
    """How many refusals of a connection the log has explained, by command."""

    counts: dict[str, int] = field(default_factory=lambda: {MAIL: 0, RCPT: 0})


class Reader:
    """Follows the connections of smtpd processes through their log."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self.elapsed = elapsed
        # By process.
        self.explained: dict[str, Explained] = {}
        # By address: when it was told that it is turned away.
        self.turned_away: dict[str, float] = {}

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
            self.explained[pid] = Explained()
        elif matched := REJECTED.fullmatch(text):
            self._explain(pid)
            name, address, reply, sender, helo = matched.groups()
            return [Refusal(daemon, address, _name(name), reply, sender, helo or "")]
        elif BY_FILTER.match(text):
            self._explain(pid)
        elif RECIPIENT.match(text):
            self._explain(pid, RCPT)
        elif matched := TURNED_AWAY.match(text):
            return self._turn_away(daemon, *matched.groups())
        elif TOO_OFTEN.match(text):
            self._explain(pid)
            name, _, address = text.rpartition(" from ")[2].partition(" ")[0].partition("[")
            return [Refusal(daemon, address.rstrip("]"), _name(name), TOO_OFTEN_REPLY)]
        elif matched := TOO_LARGE.fullmatch(text):
            return [Refusal(daemon, "", "", TOO_LARGE_REPLY, queue_id=matched[1])]
        elif matched := ENDED.fullmatch(text):
            name, address, counts = matched.groups()
            if reply := _unexplained(counts, self.explained.pop(pid, Explained())):
                return [Refusal(daemon, address, _name(name), reply[1], step=reply[0])]
        return []

    def _explain(self, pid: str, command: str = MAIL) -> None:
        self.explained.setdefault(pid, Explained()).counts[command] += 1

    def _turn_away(self, daemon: str, name: str, address: str) -> list[Refusal]:
        now = self.elapsed()
        if now - self.turned_away.get(address, float("-inf")) < TURNED_AWAY_EVERY_S:
            return []
        if len(self.turned_away) >= CONNECTIONS_MAX:
            self.turned_away.clear()
        self.turned_away[address] = now
        return [Refusal(daemon, address, _name(name), TURNED_AWAY_REPLY, step=CONNECT)]


def _unexplained(counts: str, explained: Explained) -> tuple[str, str] | None:
    """(command, reply) of what a connection was refused and nothing in the log explains.

    A recipient counts only where every MAIL FROM was taken: after one that was not, each is refused for its turn.
    """
    refused = {name: int(tried or taken) - int(taken) for name, taken, tried in COUNTED.findall(counts)}
    if refused.get(MAIL, 0) > explained.counts[MAIL]:
        return MAIL, FORM_REPLY
    if refused.get(MAIL) == 0 and refused.get(RCPT, 0) > explained.counts[RCPT]:
        return RCPT, RECIPIENT_REPLY
    return None


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
