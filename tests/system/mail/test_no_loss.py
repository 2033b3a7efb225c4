"""Kill each daemon in turn, then pull the plug, in the middle of 1,000 messages from ten clients: nothing is lost.

Each acknowledged message is in the mailbox exactly once. A message whose acknowledgement was lost is sent again, as a
real server does; it may be there twice and is counted apart (RFC 5321 4.5.4.1).
"""

from __future__ import annotations

import collections
import os
import re
import signal
import smtplib
import threading
import time
from collections.abc import Iterator

import pytest

from office import DOMAIN, Office, until
from processes import pid_of, processes

CLIENTS, EACH = 10, 100
VICTIMS = ("filter", "rspamd", "clamd", "dovecot", "postfix", "resolver", "signin", "job", "serve")
GIVE_UP_S = 600.0
PAUSE_S = 0.3
FLOOD = re.compile(r"<[^>]+@flood\.world\.example>")
TRANSACTION = re.compile(r"(?i)X-Mailroom-ID:\s*(\S+)")


class Sender(threading.Thread):
    """One client of the outside world that does not give up."""

    def __init__(self, server: Office, number: int) -> None:
        super().__init__(daemon=True)
        self.server, self.number = server, number
        self.acknowledged: list[str] = []
        self.sent_again: set[str] = set()
        self.answered = ""

    def run(self) -> None:
        for turn in range(EACH):
            until_s = time.monotonic() + GIVE_UP_S
            name = f"<{self.number}-{turn}@flood.world.example>"
            while not self.send(name):
                if time.monotonic() > until_s:
                    return
                time.sleep(PAUSE_S)
            self.acknowledged.append(name)

    def send(self, name: str) -> bool:
        """One try; whether it was acknowledged."""
        mail = self.server.mail(f"flood {name[1:].split('@')[0]}", to=f"chloe@{DOMAIN}")
        del mail["Message-ID"]
        mail["Message-ID"] = name
        in_doubt = False
        try:
            with self.server.smtp(source=self.server.address(9 + self.number)) as client:
                client.ehlo_or_helo_if_needed()
                client.mail("friend@world.example")
                answer = client.rcpt(f"chloe@{DOMAIN}")
                if answer[0] == 250:
                    in_doubt = True
                    answer = client.data(mail.as_bytes())
                    in_doubt = False
                self.answered = str(answer)
                return answer[0] == 250
        except (OSError, smtplib.SMTPException) as reason:
            self.answered = repr(reason)
            if in_doubt and not isinstance(reason, smtplib.SMTPDataError):
                self.sent_again.add(name)
            return False


@pytest.fixture
def quick(server: Office) -> Iterator[Office]:
    """With the fast engine: a thousand messages take a minute, not ten."""
    server.apply("security.spam", engine="rspamd")
    until(lambda: not server.late(), 60, "Rspamd answers")
    yield server
    server.apply("security.spam", engine="spamassassin")
    until(lambda: not server.late(), 60, "SpamAssassin answers")


def test_nothing_acknowledged_is_lost_or_doubled(quick: Office) -> None:
    senders = [Sender(quick, number) for number in range(CLIENTS)]
    for sender in senders:
        sender.start()

    def done() -> int:
        return sum(len(sender.acknowledged) for sender in senders)

    def reach(count: int) -> None:
        until(lambda: done() >= count, GIVE_UP_S, lambda: f"{count} messages: {[one.answered for one in senders]}")

    for place, daemon in enumerate(VICTIMS, 1):
        reach(place * 60)
        os.kill(pid_of(quick, daemon), signal.SIGKILL)
    reach(650)
    (supervisor,) = [pid for pid, line in processes(quick).items() if "s6-svscan" in line]
    os.kill(supervisor, signal.SIGKILL)
    reach(750)
    quick.machine.power_cut()
    quick.machine.boot()
    for sender in senders:
        sender.join(GIVE_UP_S)
    assert done() == CLIENTS * EACH, [sender.answered for sender in senders]
    quick.ready()
    until(lambda: "Mail queue is empty" in waiting(quick), 240, lambda: f"the queue is empty: {waiting(quick)}")
    again = {name for sender in senders for name in sender.sent_again}
    acknowledged = {name for sender in senders for name in sender.acknowledged}
    print(f"{len(again)} of {len(acknowledged)} were sent again after a lost acknowledgement")
    assert acknowledged - set(counted(quick)) == set()
    # What was being delivered when Dovecot was killed is there twice until the story of redelivery has swept.
    until(lambda: not doubled(quick, acknowledged - again), 90, "nothing is doubled")
    assert acknowledged - set(counted(quick)) == set()
    assert len(again) < len(acknowledged) / 4


def counted(server: Office) -> collections.Counter[str]:
    """How often each message is in Chloe's mailbox."""
    return collections.Counter(name for folder in ("INBOX", "Junk") for name, _ in arrived(server, folder))


def doubled(server: Office, names: set[str]) -> list[str]:
    """Those of these that are there more than once."""
    return [name for name, count in counted(server).items() if name in names and count > 1]


def waiting(server: Office) -> str:
    """What still waits, and why, as Postfix itself tells it."""
    queue = ("/usr/sbin/postqueue", "-c", "/data/conf/current/postfix", "-p")
    return server.inside(*queue)[-1500:]


def arrived(server: Office, folder: str) -> list[tuple[str, str]]:
    """(Message-ID, name of the transaction that brought it) of the flood's messages in one of Chloe's folders."""
    with server.imap("chloe") as client:
        if client.select(folder, readonly=True)[1] == [b"0"]:
            return []
        _, fetched = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-MAILROOM-ID)])")
    heads = [part[1].decode() for part in fetched if isinstance(part, tuple)]
    found = [(FLOOD.search(head), TRANSACTION.search(head)) for head in heads]
    return [(name[0], transaction[1]) for name, transaction in found if name and transaction]
