"""Logs of Postfix and Dovecot as s6-log keeps them, with messages of every fate, for tests of their follower."""

from __future__ import annotations

import random
import time
from pathlib import Path

FATES = (
    "delivered",
    "junk",
    "remote",
    "waiting",
    "returned",
    "expired",
    "removed",
    "held",
    "quarantine",
    "round",
    "again",
)
DELAYS = "delay=0.2, delays=0.1/0/0/0.1"
START = 1_796_000_000.0
HOST = "mail postfix/"


def lines_of(number: int, fate: str, recipients: int = 1) -> list[tuple[str, str]]:
    """[(log, text)] of one message with this fate."""
    name = f"4jdX{number:08d}"
    login = ", sasl_method=PLAIN, sasl_username=anna" if number % 3 == 0 else ""
    found = [("postfix", f"{HOST}smtp/smtpd[7]: {name}: client=unknown[10.77.5.1]{login}")]
    if fate == "quarantine":
        return [
            *found,
            ("postfix", f"{HOST}cleanup[8]: {name}: milter-discard: END-OF-MESSAGE from x[10.77.5.1]: gone"),
        ]
    found.append(("postfix", f"{HOST}qmgr[9]: {name}: from=<a@w.example>, size=9, nrcpt={recipients} (queue active)"))
    for one in range(recipients):
        found += _tries(number, name, fate, one)
    return found + _end(name, fate)


def _tries(number: int, name: str, fate: str, one: int) -> list[tuple[str, str]]:
    session, address = f"session{number:06d}:{one}", f"user{one}@x.example"
    head = f"{HOST}smtp[10]: {name}: to=<{address}>, relay=mx[198.51.100.7]:25, {DELAYS}, "
    wait = ("postfix", f"{head}dsn=4.2.0, status=deferred (host mx[198.51.100.7] said: 450 4.2.0 later)")
    sent = ("postfix", f"{head}dsn=2.0.0, status=sent (250 ok)")
    if fate in ("delivered", "junk"):
        folder = "Junk" if fate == "junk" else "INBOX"
        local = f"{HOST}lmtp[10]: {name}: to=<{address}>, relay=mail[/run/dovecot/lmtp], {DELAYS}, dsn=2.0.0, "
        return [("dovecot", f"lmtp(u)<1><{session}>: Info: sieve: msgid=<1@x>: stored mail into mailbox '{folder}'"),
                ("postfix", f"{local}status=sent (250 2.0.0 <{address}> {session} Saved)")]  # fmt: skip
    if fate == "returned":
        return [("postfix", f"{head}dsn=5.1.1, status=bounced (host mx[198.51.100.7] said: 550 5.1.1 who?)")]
    if fate == "round":
        child = f"5round{number:06d}{one}"
        return [("postfix", f"{HOST}srs/smtpd[11]: {child}: client=localhost[127.0.0.1]"),
                ("postfix", f"{HOST}qmgr[9]: {child}: from=<s@x>, size=9, nrcpt=1 (queue active)"),
                ("postfix", f"{HOST}srs/smtp[10]: {name}: to=<{address}>, relay=127.0.0.1[127.0.0.1]:5589, {DELAYS}, "
                 f"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {child})"),
                (sent[0], sent[1].replace(name, child)), ("postfix", f"{HOST}qmgr[9]: {child}: removed")]  # fmt: skip
    if fate == "again":
        return [wait]
    return [sent] if fate == "remote" else [wait, wait]


def _end(name: str, fate: str) -> list[tuple[str, str]]:
    if fate == "waiting":
        return []
    if fate == "held":
        return [("postfix", f"{HOST}postsuper[12]: {name}: placed on hold")]
    if fate == "removed":
        return [("postfix", f"{HOST}postsuper[12]: {name}: removed")]
    gone = [("postfix", f"{HOST}qmgr[9]: {name}: removed")]
    if fate == "expired":
        return [("postfix", f"{HOST}qmgr[9]: {name}: from=<a@w.example>, status=expired, returned to sender"), *gone]
    if fate == "again":
        return [("postfix", f"{HOST}pickup[13]: 6{name}: uid=105 from=<a@w.example> orig_id={name}"),
                ("postfix", f"{HOST}qmgr[9]: 6{name}: from=<a@w.example>, size=9, nrcpt=1 (queue active)"),
                ("postfix", f"{HOST}smtp[10]: 6{name}: to=<user0@x.example>, relay=mx[198.51.100.7]:25, {DELAYS}, "
                 "dsn=2.0.0, status=sent (250 ok)"), ("postfix", f"{HOST}qmgr[9]: 6{name}: removed")]  # fmt: skip
    return gone


def mixed(dice: random.Random, stories: list[list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """All lines, each story's in its order, between those of the others."""
    left, found = [list(story) for story in stories], []
    while left:
        story = dice.choice(left)
        found.append(story.pop(0))
        left = [one for one in left if one]
    return found


class LogWriter:
    """What s6-log does with the lines of one daemon: a line may be there in part; files are rotated."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        folder.mkdir(parents=True)

    def write(self, text: bytes) -> None:
        with (self.folder / "current").open("ab") as current:
            current.write(text)

    def line(self, text: str) -> bytes:
        """As it stands in the file."""
        self.count += 1
        return f"{stamp(START + self.count)}.000000001  Nov 30 18:37:24 {text}\n".encode()

    def rotate(self) -> None:
        if (self.folder / "current").exists():
            (self.folder / "current").rename(self.folder / f"@{self.count:024d}.s")

    def drop_oldest(self) -> None:
        """As when there are more than it keeps."""
        for file in sorted(self.folder.glob("@*"))[:-1]:
            file.unlink()


def stamp(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
