"""The order of a folder's messages, kept from page to page: sorting it costs more than all the rest of a list.

Four bytes a message, for a few folders. Nothing has to be told when a folder changes: what came or went is in the key.
"""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict

from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Link

FOLDERS_KEPT = 24
Key = tuple[str, bytes, int, int, int]

_kept: OrderedDict[Key, array[int]] = OrderedDict()
_lock = threading.Lock()


def page(link: Link, offset: int, limit: int) -> tuple[int, list[int]]:
    """(total, uids) of a page of the open folder, newest arrival first."""
    uids = _order(link)
    last = len(uids) - offset
    return len(uids), list(uids[max(0, last - limit) : last])[::-1] if last > 0 else []


def _order(link: Link) -> array[int]:
    # A message that comes raises UIDNEXT, one that goes lowers the count, and neither ever goes the other way.
    numbers = (link.status.get(name, 0) for name in ("UIDVALIDITY", "UIDNEXT", "MESSAGES"))
    validity, next_uid, count = numbers
    key = (link.user, link.folder or b"", validity, next_uid, count)
    with _lock:
        known = _kept.get(key)
        if known is not None:
            _kept.move_to_end(key)
            return known
    found = array("I", mailbox.all_sorted(link))
    if len(found) == count:
        with _lock:
            for old in [other for other in _kept if other[:2] == key[:2]]:
                del _kept[old]
            _kept[key] = found
            while len(_kept) > FOLDERS_KEPT:
                _kept.popitem(last=False)
    return found
