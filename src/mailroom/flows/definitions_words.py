"""Why virus definitions did not come, in words for people, from what freshclam says (rows AV05, AV06).

freshclam's exit codes are those of libfreshclam.h (FC_EBADCVD and so on); "Download failed (N)" has curl's
(libcurl-errors(3)).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from mailroom.daemons.clamd.freshclam import Run

CURL = re.compile(r"Download failed \((\d+)\)")
STATUS = re.compile(r"Unexpected response \((\d{3})\)")
NOTHING_THERE = re.compile(r"not found: \S*/daily\.cvd")
NO_ROOM = re.compile(r"No space left|Disk quota exceeded|[Rr]ead-only file system")
NO_HEADER = re.compile(r"Malformed CVD header")
UNSIGNED, TEST_FAILED, CANNOT_WRITE, BEHIND, NO_MEMORY = 7, 8, (3, 4, 10), 12, 15
KILLED = -9
AGAIN = "It is tried again by itself."
CONNECTION = "Check this NAS's internet connection and its DNS servers."
MIRROR = "Check the address of the mirror."
PROXY = "Check the settings of the proxy."
ROOM = "Free some space on the volume with Mailroom's data."
CLOCK = "Check the clock of this NAS; if it is right, the address of the mirror and what the network does with HTTPS."


@dataclass(frozen=True)
class Failure:
    """text: what happened; next: what to do about it; until: before which it is no use to ask again, 0 for none."""

    text: str
    next: str
    until: float = 0.0


NO_ROOM_LEFT = Failure("There is too little space for virus definitions, 1 GB is needed.", ROOM)
NOT_STARTED = Failure("The program that downloads virus definitions could not be started.", "Restart the package.")
NOT_TAKEN = Failure(
    "New virus definitions were downloaded, but the antivirus engine has not taken them.",
    "Restart the antivirus engine in Server List; its log tells more.",
)


def failure(run: Run, proxied: bool, own_mirror: bool, until: float, now: float) -> Failure | None:
    """None when it went well. until: when the mirror wants to be asked again, 0 for whenever; now: by our clock."""
    if until > now:
        # freshclam ends well when it does not even ask.
        return Failure(f"The mirror asks to wait until {_clock(until)}.", AGAIN, until)
    if run.code == 0:
        return None
    return _ended(run) or _by_network(run.lines, proxied, own_mirror, now) or _otherwise(run.lines, own_mirror)


def _ended(run: Run) -> Failure | None:
    """What the exit code tells."""
    said = "\n".join(run.lines)
    if run.code is None:
        return Failure("The download took longer than an hour and was ended.", AGAIN)
    if NO_ROOM.search(said):
        return Failure("Virus definitions could not be stored: the volume is full, or read-only.", ROOM)
    if run.code in (KILLED, NO_MEMORY):
        return Failure("The download was ended from outside. Mostly the memory ran out.", "See Server List for memory.")
    if run.code == UNSIGNED:
        text = "What was downloaded does not have ClamAV's signature: it was damaged or changed. It was thrown away."
        return Failure(text, "If it stays so, look at the mirror or the proxy it came through.")
    if run.code == TEST_FAILED:
        return Failure("What was downloaded did not pass the engine's test. It was thrown away.", AGAIN)
    if run.code == BEHIND:
        return Failure("The mirror does not have yet what ClamAV has announced.", AGAIN)
    if run.code in CANNOT_WRITE:
        return Failure("The folder of the virus definitions cannot be written.", "Restart the package.")
    return None


def _by_network(lines: tuple[str, ...], proxied: bool, own_mirror: bool, now: float) -> Failure | None:
    """What curl could not do."""
    codes = [int(found[1]) for line in lines if (found := CURL.search(line))]
    where = PROXY if proxied else MIRROR if own_mirror else CONNECTION
    if not codes:
        return None
    match codes[-1]:
        case 5:
            return Failure("The name of the proxy is not known.", PROXY)
        case 6:
            return Failure("The name of the mirror is not known.", MIRROR if own_mirror else CONNECTION)
        case 7 | 28:
            return Failure("The proxy does not answer." if proxied else "The mirror does not answer.", where)
        case 18:
            return Failure("The download was cut off before its end. What had come was thrown away.", AGAIN)
        case 23:
            return Failure("Virus definitions could not be stored: the volume is full, or read-only.", ROOM)
        case 35 | 53 | 58 | 59 | 60 | 77 | 83 | 90 | 91:
            text = f"The mirror could not prove who it is, or the clock of this NAS is wrong. It shows {_clock(now)}."
            return Failure(text, CLOCK)
        case _ if proxied:
            return Failure("The proxy did not let the download through.", PROXY)
        case _:
            return Failure("The connection to the mirror failed.", where)


def _otherwise(lines: tuple[str, ...], own_mirror: bool) -> Failure:
    """What the mirror answered."""
    said = "\n".join(lines)
    statuses = STATUS.findall(said)
    if statuses and statuses[-1] == "407":
        return Failure("The proxy wants an account and its password.", PROXY)
    if statuses:
        return Failure("The mirror is not able to answer at the moment.", AGAIN)
    if NOTHING_THERE.search(said):
        return Failure("There are no virus definitions at the address of the mirror.", MIRROR if own_mirror else AGAIN)
    if NO_HEADER.search(said):
        text = "What answered is no mirror of virus definitions; perhaps a sign-in page of the network."
        return Failure(text, MIRROR if own_mirror else CONNECTION)
    return Failure("The download failed.", "The log of Settings and accounts in Server List tells more.")


def _clock(moment: float) -> str:
    """As the clock of this NAS shows it."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
