"""What is asked of a mailbox: folders, pages of a list, one message, and changes to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from mailroom.core.problems import NotFound
from mailroom.web.portal.imap import utf7
from mailroom.web.portal.imap.link import Link, each

USES = {
    b"\\DRAFTS": "drafts",
    b"\\SENT": "sent",
    b"\\JUNK": "junk",
    b"\\TRASH": "trash",
    b"\\ARCHIVE": "archive",
}
ORDER = ("inbox", "drafts", "sent", "junk", "trash", "archive", "")
SEPARATOR = "/"
FLAGS = {"seen": "\\Seen", "flagged": "\\Flagged", "answered": "\\Answered"}
STATE = ("MESSAGES", "UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ")
# An envelope does not say which of several it shows (RFC 3501 7.4.2).
SINGLE_FIELDS = "BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)]"
ROW = f"(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE PREVIEW {SINGLE_FIELDS})"
CHUNK = 512 * 1024
# Messages that one command names.
AT_ONCE = 5_000


@dataclass(frozen=True)
class Folder:
    """One folder. id: its name in plain letters; use: what it is for, or ""; next_uid: of what will come into it."""

    id: str
    use: str
    unread: int
    total: int
    next_uid: int = 1

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id,
            "name": self.id.rpartition(SEPARATOR)[2],
            "use": self.use,
            "unread": self.unread,
            "total": self.total,
            "next_uid": self.next_uid,
            "depth": self.id.count(SEPARATOR),
        }


def folders(link: Link) -> list[Folder]:
    """Every folder that can be opened, the well-known ones first (LIST-STATUS, RFC 5819; SPECIAL-USE, RFC 6154)."""
    told = link.ask("LIST", b"", b"*", "RETURN (SPECIAL-USE STATUS (MESSAGES UNSEEN UIDNEXT))")
    counts = {values[1]: _pairs(values[2]) for values in each(told, b"STATUS") if len(values) > 2}
    found = []
    for values in each(told, b"LIST"):
        attributes, name = {word.upper() for word in values[1]}, values[3]
        if attributes & {b"\\NOSELECT", b"\\NONEXISTENT"}:
            continue
        count = counts.get(name, {})
        use = "inbox" if name.upper() == b"INBOX" else next((USES[word] for word in attributes if word in USES), "")
        unread, total, next_uid = (int(count.get(word) or 0) for word in (b"UNSEEN", b"MESSAGES", b"UIDNEXT"))
        found.append(Folder(utf7.decode(name), use, unread, total, max(1, next_uid)))
    return sorted(found, key=lambda one: (ORDER.index(one.use), one.id.casefold()))


def folder_for(link: Link, use: str) -> str:
    """The id of the folder for this use. Raises NotFound."""
    for folder in folders(link):
        if folder.use == use:
            return folder.id
    raise NotFound(f"There is no folder for {use}.", field="folder")


def open_folder(link: Link, folder: str) -> None:
    """Make `folder` the selected one and see what it is like now. Raises NotFound."""
    name = utf7.encode(folder)
    if link.folder == name:
        # Take what has happened since.
        link.ask("NOOP")
    else:
        link.folder = None
        link.ask("SELECT", name)
        link.folder = name
    told = each(link.ask("STATUS", name, f"({' '.join(STATE)})"), b"STATUS")
    link.status = {key.decode(): int(value) for key, value in _pairs(told[0][2]).items()} if told else {}


def state(link: Link) -> str:
    """A word that changes whenever the open folder does, flags included (CONDSTORE, RFC 7162)."""
    return "-".join(str(link.status.get(name, 0)) for name in STATE)


def all_sorted(link: Link) -> list[int]:
    """The UIDs of everything in the open folder, in the order of arrival (ESORT, RFC 5267 3)."""
    told = link.ask("UID", "SORT", "RETURN (ALL)", "(ARRIVAL)", "UTF-8", "ALL")
    return numbers(_esearch(told).get(b"ALL"))


def sorted_page(link: Link, criteria: tuple[str | bytes, ...], offset: int, limit: int) -> tuple[int, list[int]]:
    """(total, uids) of a page of what is found in the open folder, newest arrival first (RFC 5182, RFC 5267 4.4).

    Asked for in the order of arrival and turned round here: REVERSE leaves what arrived in one second in its old order.
    """
    told = link.ask("SEARCH", "RETURN (SAVE COUNT)", "CHARSET UTF-8", *criteria)
    total = int(_esearch(told).get(b"COUNT") or 0)
    first, last = max(1, total - offset - limit + 1), total - offset
    if last < 1:
        return total, []
    told = link.ask("UID", "SORT", f"RETURN (PARTIAL {first}:{last})", "(ARRIVAL)", "UTF-8", "$")
    partial = _esearch(told).get(b"PARTIAL")
    uids = numbers(partial[1]) if isinstance(partial, list) and len(partial) > 1 else []
    return total, uids[::-1]


def _esearch(told: Iterable[Any]) -> dict[bytes, Any]:
    """The facts of an ESEARCH response, without the tag it begins with."""
    for values in each(list(told), b"ESEARCH"):
        facts = [value for value in values[1:] if value != b"UID"]
        return _pairs(facts[1:] if facts and isinstance(facts[0], list) else facts)
    return {}


def rows(link: Link, uids: list[int], items: str = ROW) -> dict[int, dict[bytes, Any]]:
    """{uid: {item: value}} of these messages; those that are gone are left out."""
    if not uids:
        return {}
    return fetched(link.ask("UID", "FETCH", uid_set(uids), items))


def fetched(told: Iterable[Any]) -> dict[int, dict[bytes, Any]]:
    """The items of all FETCH responses, by UID."""
    found: dict[int, dict[bytes, Any]] = {}
    for values in each(list(told), b"FETCH"):
        items = _pairs(values[2])
        if b"UID" in items:
            found.setdefault(int(items[b"UID"]), {}).update(items)
    return found


def one(link: Link, uid: int, items: str) -> dict[bytes, Any]:
    """The items of one message. Raises NotFound."""
    found = rows(link, [uid], items).get(uid)
    if found is None:
        raise NotFound("This message is no longer there.", field="uid", next="Reload the list.")
    return found


def part(link: Link, uid: int, name: str, offset: int, length: int) -> bytes:
    """Up to `length` bytes of a part as it was sent, from `offset`. Raises NotFound."""
    item = one(link, uid, f"(UID BODY.PEEK[{name}]<{offset}.{length}>)")
    return next((value for key, value in item.items() if key.startswith(b"BODY[") and value is not None), b"")


def whole_part(link: Link, uid: int, name: str, bytes_max: int) -> bytes:
    """A part as it was sent, cut off at `bytes_max`."""
    found = b""
    while len(found) < bytes_max:
        more = part(link, uid, name, len(found), min(CHUNK, bytes_max - len(found)))
        found += more
        if len(more) < CHUNK:
            break
    return found


def store(link: Link, uids: list[int], add: Iterable[str], remove: Iterable[str]) -> None:
    """Set and clear flags (keys of FLAGS)."""
    for sign, words in (("+", list(add)), ("-", list(remove))):
        if words:
            flags = " ".join(FLAGS[word] for word in words)
            link.ask("UID", "STORE", uid_set(uids), f"{sign}FLAGS.SILENT", f"({flags})")


def move(link: Link, uids: list[int], to: str) -> list[int]:
    """Move messages (RFC 6851); their UIDs where they are now (COPYUID, RFC 4315 3). Raises NotFound."""
    for response in link.ask("UID", "MOVE", uid_set(uids), utf7.encode(to)):
        if len(response.code) > 3 and response.code[0].upper() == b"COPYUID":
            return numbers(response.code[3])
    return []


def delete(link: Link, uids: list[int]) -> None:
    """Delete messages for good, and only these (UIDPLUS, RFC 4315)."""
    link.ask("UID", "STORE", uid_set(uids), "+FLAGS.SILENT", "(\\Deleted)")
    link.ask("UID", "EXPUNGE", uid_set(uids))


def append(link: Link, folder: str, message: IO[bytes], length: int, flags: Iterable[str] = ("\\Seen",)) -> int:
    """Store a message, as seen; its UID (APPENDUID, RFC 4315 3), or 0 when the server does not say."""
    done, _ = link.follow("APPEND", utf7.encode(folder), f"({' '.join(flags)})", (message, length))
    known = len(done.code) > 2 and done.code[0].upper() == b"APPENDUID"
    return int(done.code[2]) if known else 0


def has_message(link: Link, folder: str, message_id: str, newest: int = 200) -> bool:
    """Whether one of the newest messages has this Message-ID.

    Read and compared, not searched for: a full-text index may cut an id into words, and then finds too much or nothing.
    """
    open_folder(link, folder)
    found = rows(link, sorted_page(link, ("ALL",), 0, newest)[1], "(UID ENVELOPE)").values()
    return any(item[b"ENVELOPE"][9] == message_id.encode() for item in found)


def uid_set(uids: Iterable[int]) -> str:
    """UIDs as IMAP writes them, neighbours joined: 1:3,7."""
    spans: list[list[int]] = []
    for uid in sorted(set(uids)):
        if spans and spans[-1][1] == uid - 1:
            spans[-1][1] = uid
        else:
            spans.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in spans)


def numbers(text: bytes | None) -> list[int]:
    """The numbers of a set, in its own order: 9,3:1 is 9, 3, 2, 1."""
    return list(_numbers(text or b""))


def _numbers(text: bytes) -> Iterator[int]:
    for span in filter(None, text.split(b",")):
        first, _, last = span.partition(b":")
        low, high = int(first), int(last or first)
        yield from range(low, high + 1) if low <= high else range(low, high - 1, -1)


def _pairs(values: list[Any]) -> dict[bytes, Any]:
    """[name, value, name, value] as a table."""
    pairs = zip(values[::2], values[1::2], strict=False)
    return {name.upper(): value for name, value in pairs if isinstance(name, bytes)}
