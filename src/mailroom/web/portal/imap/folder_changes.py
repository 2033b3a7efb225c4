"""Folders made, renamed, moved, deleted and emptied (RFC 3501 6.3.3 to 6.3.5, RFC 9051 6.3.4).

Nothing is lost by one press: a deleted folder moves into Trash with all that is in it, and can be brought back.
"""

from __future__ import annotations

from collections.abc import Iterable

from mailroom.core.problems import Invalid, NotFound, Problem, Stale
from mailroom.web.portal.imap import mailbox, utf7
from mailroom.web.portal.imap.link import Link, Lost
from mailroom.web.portal.imap.mailbox import SEPARATOR, Folder

NAME_LETTERS_MAX = 100
ID_LETTERS_MAX = 400
DEPTH_MAX = 8
# Dovecot's pattern letters, and what its storage has another meaning for.
NOT_IN_NAMES = set('*%\\"/')
EMPTIED = ("trash", "junk")


def create(link: Link, parent: str, name: str) -> str:
    """Make a folder inside `parent` ("": at the top); its id. Raises Invalid, NotFound."""
    existing = mailbox.folders(link)
    if parent:
        _one(existing, parent, "parent")
    id = _free(existing, parent, name)
    link.ask("CREATE", utf7.encode(id))
    _subscribe(link, [id])
    return id


def rename(link: Link, id: str, parent: str, name: str) -> str:
    """Give a folder another name or place, with all that is in it; its new id. Raises Invalid, NotFound."""
    existing = mailbox.folders(link)
    _refuse_special(_one(existing, id, "id"))
    if parent:
        _one(existing, parent, "parent")
    if parent == id or parent.startswith(id + SEPARATOR):
        raise Invalid("A folder cannot be moved into itself.", field="parent")
    if SEPARATOR.join(filter(None, (parent, name.strip()))) == id:
        return id
    target = _free([one for one in existing if one.id != id], parent, name)
    _rename(link, existing, id, target)
    return target


def remove(link: Link, id: str, for_good: bool, counted: dict[str, int]) -> str | None:
    """Move a folder into Trash, with all that is in it; its new id. From Trash it is deleted `for_good`: None.

    counted: {id: next_uid} of what is deleted for good, as it was when its owner was asked. Raises Invalid, NotFound;
    Stale when it lies elsewhere than its owner believes, or something has come into it since.
    """
    existing = mailbox.folders(link)
    _refuse_special(_one(existing, id, "id"))
    trash = next((one.id for one in existing if one.use == "trash"), "")
    if not trash:
        raise NotFound("There is no folder for trash.", field="id")
    if for_good != id.startswith(trash + SEPARATOR):
        raise Stale("This folder was moved meanwhile.", next="Reload the list.")
    if for_good:
        ids = _with_inner(existing, id)
        _refuse_uncounted(existing, ids, counted)
        _delete(link, ids)
        return None
    name, taken = id.rpartition(SEPARATOR)[2], {one.id.casefold() for one in existing}
    names = [name, *(f"{name} {number}" for number in range(2, 1000))]
    target = next(made for one in names if (made := f"{trash}{SEPARATOR}{one}").casefold() not in taken)
    _rename(link, existing, id, target)
    return target


def empty(link: Link, id: str, counted: dict[str, int]) -> int:
    """Delete for good what lies in Trash or Junk; how many messages that were. What has come since stays.

    counted: {id: next_uid} of it and of each folder inside, as it was when its owner was asked. Raises Invalid,
    NotFound; Stale when something has come into a folder inside, or another one is there: then nothing is deleted.
    """
    existing = mailbox.folders(link)
    if _one(existing, id, "id").use not in EMPTIED:
        raise Invalid("Only Trash and Junk can be emptied.", field="id")
    inside = [one for one in existing if one.id.startswith(id + SEPARATOR)]
    _refuse_uncounted(existing, [one.id for one in inside], counted)
    mailbox.open_folder(link, id)
    uids = [uid for uid in mailbox.all_sorted(link) if uid < counted.get(id, 0)]
    for first in range(0, len(uids), mailbox.AT_ONCE):
        mailbox.delete(link, uids[first : first + mailbox.AT_ONCE])
    _delete(link, [one.id for one in inside])
    return len(uids) + sum(one.total for one in inside)


def _with_inner(existing: list[Folder], id: str) -> list[str]:
    """The ids of a folder and of all inside of it."""
    return [one.id for one in existing if one.id == id or one.id.startswith(id + SEPARATOR)]


def _one(existing: list[Folder], id: str, field: str) -> Folder:
    found = next((one for one in existing if one.id == id), None)
    if found is None:
        raise NotFound("There is no such folder.", field=field, next="Reload the list.")
    return found


def _refuse_uncounted(existing: list[Folder], ids: list[str], counted: dict[str, int]) -> None:
    """A UID that will come is another one after each message that came (RFC 3501 2.3.1.1)."""
    now = {one.id: one.next_uid for one in existing}
    if any(counted.get(id) != now[id] for id in ids):
        raise Stale("Something has come into this folder meanwhile.", next="Reload the list.")


def _refuse_special(folder: Folder) -> None:
    if folder.use:
        raise Invalid("This folder is needed: it keeps its name and its place.", code="special_folder", field="id")


def _free(existing: list[Folder], parent: str, name: str) -> str:
    """The id of a folder of this name that can be made. Raises Invalid at `name` or `parent`."""
    name = name.strip()
    bad = next((letter for letter in name if letter in NOT_IN_NAMES or not letter.isprintable()), "")
    if not name:
        raise Invalid("Enter a name.", field="name")
    if bad:
        shown = f"“{bad}”" if bad.isprintable() else "control characters"
        raise Invalid(f"A folder's name cannot have {shown}.", field="name")
    if len(name) > NAME_LETTERS_MAX or name.strip(".~") == "":
        raise Invalid("This cannot be the name of a folder. Use up to 100 letters.", field="name")
    id = SEPARATOR.join(filter(None, (parent, name)))
    if id.count(SEPARATOR) >= DEPTH_MAX or len(id) > ID_LETTERS_MAX:
        raise Invalid("Folders are nested too deeply there.", field="parent")
    if id.casefold() in {one.id.casefold() for one in existing}:
        raise Invalid("There is a folder of this name already.", code="taken", field="name")
    return id


def _rename(link: Link, existing: list[Folder], id: str, target: str) -> None:
    _leave(link)
    link.ask("RENAME", utf7.encode(id), utf7.encode(target))
    moved = _with_inner(existing, id)
    _subscribe(link, (target + one.removeprefix(id) for one in moved), former=moved)


def _delete(link: Link, ids: list[str]) -> None:
    """The innermost first: a folder that has others inside would stay as a name (RFC 3501 6.3.4)."""
    _leave(link)
    for id in sorted(ids, key=lambda one: -one.count(SEPARATOR)):
        link.ask("DELETE", utf7.encode(id))
    _subscribe(link, (), former=ids)


def _leave(link: Link) -> None:
    """No folder is open: one that is renamed or deleted would be meant still (UNSELECT, RFC 3691)."""
    if link.folder is not None:
        link.folder = None
        link.ask("UNSELECT")


def _subscribe(link: Link, ids: Iterable[str], former: Iterable[str] = ()) -> None:
    """So that other mail programs show it, too. It is no reason to fail."""
    changes = [*(("UNSUBSCRIBE", id) for id in former), *(("SUBSCRIBE", id) for id in ids)]
    for command, id in changes:
        try:
            link.ask(command, utf7.encode(id))
        except Lost:
            # What was asked for is done; the connection is given back closed.
            link.close()
            return
        except Problem:
            continue
