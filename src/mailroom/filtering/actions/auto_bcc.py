"""Send copies to where the Auto BCC rules say (rows BC01-BC04).

Here and not in Postfix's own sender_bcc_maps, recipient_bcc_maps and always_bcc: those know one rule for each message
and one address for all, and would return a copy that cannot be delivered to the sender, who would learn of it.
Mail that this server or its NAS sends by itself is not copied, nor is a copy that comes back from where it was sent.
Costs nothing while there is no rule, and microseconds for a hundred.
"""

from __future__ import annotations

import re
from functools import cache

from mailroom.filtering.bcc_rules import BccRule
from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.own_clients import is_this_machine
from mailroom.filtering.own_mark import digest, is_right
from mailroom.filtering.rules import Rules
from mailroom.store.journal import JournalStore

NAME = "auto_bcc"
ID = re.compile(r"[0-9A-Z]{26}")
LOOKED_AT_MAX = 5


@cache
def journal() -> JournalStore:
    """Where it stands which message was copied."""
    return JournalStore()


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    wanted = [rule for rule in rules.auto_bcc if rule.takes(message)]
    if not wanted or is_our_own(message):
        return
    receiving = {one.address.lower() for one in message.accepted}
    back = copied_before(message)
    for rule in wanted:
        target = rule.address(rules.general.domain)
        if target.lower() in receiving:
            continue
        if target.lower() in back:
            changes.told.append(f"No copy was sent to {target}, because this message is itself a copy.")
            continue
        receiving.add(target.lower())
        changes.copies.append(target)
        changes.told.append(_told(rule, target))


def _told(rule: BccRule, target: str) -> str:
    if rule.criterion == "from":
        return f"Auto BCC: a copy was sent to {target}, because the sender's address contains “{rule.text}”."
    if rule.criterion == "to":
        return f"Auto BCC: a copy was sent to {target}, because a recipient's address contains “{rule.text}”."
    return f"Auto BCC: a copy was sent to {target}, because all messages are copied."


def is_our_own(message: Message) -> bool:
    """Whether this server or the NAS beneath it sends this message by itself: from the machine, without signing in."""
    return is_this_machine(message) and not message.login


def copied_before(message: Message) -> set[str]:
    """Where this very message was copied to when it was here before.

    Nobody can have another message left alone by it: the mark beside the id is over this message's body, with a key of
    ours (filtering/own_mark.py). Whoever has signed in writes a message of their own.
    """
    if message.login:
        return set()
    values = [value.decode("ascii", "replace").split() for name, value in message.headers
              if name.strip().lower() == b"x-mailroom-id"]  # fmt: skip
    found: set[str] = set()
    marked = [value for value in values if len(value) == 2 and ID.fullmatch(value[0])][-LOOKED_AT_MAX:]
    body = digest(message.body.pieces()) if marked else b""
    for id, given in marked:
        about = message.first(b"message-id"), message.first(b"subject")
        if not is_right(given, id, about, body):
            continue
        if (record := journal().get(id)) is not None:
            found |= {one.lower() for one in record["copies"]}
    return found
