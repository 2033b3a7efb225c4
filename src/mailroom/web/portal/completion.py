"""Recipients that begin with what somebody types: people written to, colleagues, aliases.

Who was written to is read from the newest messages in Sent, once for each user, and then only from what is new there.
It is held in memory alone. A search looks at each known address once, and their number is bounded.
"""

from __future__ import annotations

import threading
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mailroom.core.problems import NotFound
from mailroom.web import asking
from mailroom.web.portal import reading
from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.portal.sessions import Session

MESSAGES_MAX, CHUNK = 2_000, 200
# Of one message: who wrote to more has written to a list of people, and to none of them.
EACH_MAX = 50
ADDRESSES_MAX = 3_000
USERS_MAX = 100
# Letters of a name or an address that a search looks at.
FOLDED_MAX = 500
# In so many days a message counts half as much as a new one.
HALF_DAYS = 90.0
FRESH_S = 20.0
# A message that was deleted from Sent counts until then.
REBUILT_S = 3_600.0
ITEMS = "(UID ENVELOPE INTERNALDATE)"


@dataclass
class Known:
    """An address. score: how often and how lately it was written to; words: what a search looks at."""

    name: str
    address: str
    kind: str
    score: float = 0.0
    words: str = ""

    def __post_init__(self) -> None:
        self.words = searched(self.name, self.address)


@dataclass
class People:
    """Whom one user has written to. uid_next: of the first message in Sent that was not read yet."""

    built: float
    uidvalidity: int = 0
    uid_next: int = 1
    looked: float = float("-inf")
    by_address: dict[str, Known] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, person: dict[str, str], weight: float) -> None:
        """One message to this person. The first name that is added counts."""
        key = person["address"].lower()
        known = self.by_address.get(key)
        if known is None:
            if len(self.by_address) >= ADDRESSES_MAX:
                return
            self.by_address[key] = known = Known(person["name"], person["address"], "sent")
        elif not known.name and person["name"]:
            known.name = person["name"]
            known.words = searched(known.name, known.address)
        known.score += weight


_people: OrderedDict[str, People] = OrderedDict()
_lock = threading.Lock()


def complete(session: Session, typed: str, limit: int) -> list[dict[str, str]]:
    """The best matches, [{name, address, kind: sent | account | alias}]. Raises Problem."""
    query = fold(typed).split()
    if not query:
        return []
    known = dict(_colleagues())
    for key, one in _sent(session).by_address.items():
        # A colleague's own name goes before the one that somebody wrote.
        other = known.get(key)
        known[key] = Known(other.name or one.name, one.address, other.kind, one.score) if other else one
    return [{"name": one.name, "address": one.address, "kind": one.kind} for one in best(known.values(), query, limit)]


def best(people: Iterable[Known], query: list[str], limit: int) -> list[Known]:
    """Those that match, the best first: beginning with it, then written to often and lately, then by name."""
    found = [(rank, one) for one in people if (rank := _rank(one, query)) is not None]
    found.sort(key=lambda pair: (pair[0], -pair[1].score, pair[1].name.casefold() or pair[1].address))
    return [one for _, one in found[:limit]]


def _rank(one: Known, query: list[str]) -> int | None:
    """0 when each word of the query begins a word, 1 when all are somewhere in it, None when one is not."""
    if all(f" {word}" in one.words for word in query):
        return 0
    return 1 if all(word in one.words for word in query) and len("".join(query)) > 1 else None


def fold(text: str) -> str:
    """A text without what two spellings of a name differ in: case, accents, ß."""
    plain = unicodedata.normalize("NFKD", text[:FOLDED_MAX].casefold())
    # One letter may become eighteen: what is remembered of strangers' names is bounded, too.
    return "".join(letter for letter in plain if not unicodedata.combining(letter))[:FOLDED_MAX]


def searched(name: str, address: str) -> str:
    """Every word of name and address behind a blank, and the address as a whole."""
    whole = fold(address)
    pieces = whole.translate(str.maketrans("@._-+", "     "))
    return f" {' '.join(fold(name).replace('-', ' ').split())} {pieces} {whole}"


def _colleagues() -> dict[str, Known]:
    listed = asking.colleagues()
    with _lock:
        if _directory.source is not listed:
            _directory.source = listed
            _directory.by_address = {
                one["address"].lower(): Known(one["name"], one["address"], one["kind"]) for one in listed
            }
        return _directory.by_address


class _Directory:
    """The colleagues as the job process listed them last, prepared for searching."""

    def __init__(self) -> None:
        self.source: list[dict[str, str]] | None = None
        self.by_address: dict[str, Known] = {}


_directory = _Directory()


def _sent(session: Session, elapsed: Callable[[], float] = time.monotonic) -> People:
    now = elapsed()
    with _lock:
        people = _people.get(session.user)
        if people is None or now - people.built > REBUILT_S:
            people = _people[session.user] = People(now)
        _people.move_to_end(session.user)
        while len(_people) > USERS_MAX:
            _people.popitem(last=False)
    with people.lock:
        if now - people.looked >= FRESH_S:
            POOL.run(session, lambda link: _read(link, people))
            people.looked = now
        return people


def _read(link: Link, people: People) -> None:
    """What is new in Sent, or its newest messages at first."""
    try:
        mailbox.open_folder(link, mailbox.folder_for(link, "sent"))
    except NotFound:
        return
    if link.status["UIDVALIDITY"] != people.uidvalidity:
        people.by_address.clear()
        people.uidvalidity, people.uid_next = link.status["UIDVALIDITY"], 1
    if link.status["UIDNEXT"] <= people.uid_next:
        return
    criteria = ("UID", f"{people.uid_next}:{link.status['UIDNEXT']}")
    uids = [uid for uid in mailbox.sorted_page(link, criteria, 0, MESSAGES_MAX)[1] if uid >= people.uid_next]
    for at in range(0, len(uids), CHUNK):
        items = mailbox.rows(link, uids[at : at + CHUNK], ITEMS)
        # The newest first, so that its spelling of a name counts.
        for uid in uids[at : at + CHUNK]:
            if uid in items:
                _take(people, items[uid])
    people.uid_next = link.status["UIDNEXT"]


def _take(people: People, item: dict[bytes, Any]) -> None:
    envelope = item.get(b"ENVELOPE") or []
    weight = _weight(item.get(b"INTERNALDATE"))
    fields = [envelope[place] for place in (5, 6, 7) if len(envelope) > place]
    listed = [one for entries in fields for one in reading.addresses(entries, EACH_MAX + 1)]
    if len(listed) <= EACH_MAX:
        for person in listed:
            if "@" in person["address"]:
                people.add(person, weight)


def _weight(arrived: bytes | None) -> float:
    """Against a fixed day: what is half as old in the end counts the same whenever it is added."""
    try:
        date = datetime.strptime((arrived or b"").decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return 0.0
    days = (date - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds() / 86_400
    return float(2.0 ** max(-1_000.0, min(500.0, days / HALF_DAYS)))
