"""Mail that an administrator has released from the quarantine: it comes in once more, past the checks that held it.

It comes through a service of its own, to which nobody but root and Postfix can connect (master.cf, "release"), and
names a release by a random number in its envelope (ENVID, RFC 3461 4.4). What the number stands for lies in a folder
where root alone writes. So nothing that a message says of itself, and no other way in, makes a release.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from mailroom.core import paths
from mailroom.filtering.message import Client, Message

DAEMON = "release"
REPLY = "550 5.7.1 This is no release of this server"
NUMBER = re.compile(r"ENVID=([0-9a-f]{32})", re.IGNORECASE)
# A HELO of 2,048 bytes (postconf(5), line_length_limit) and the rest, each byte written as six.
BYTES_MAX = 64 * 1024


def restore(message: Message, parameters: Iterable[str], folder: Path = paths.RELEASES) -> None:
    """Make the message what it was when it first came, as far as checks ask; nothing when there is no such release.

    parameters: of MAIL FROM.
    """
    number = next((found[1] for one in parameters if (found := NUMBER.fullmatch(one))), "")
    try:
        with (folder / f"{number.lower()}.json").open("rb") as file:
            facts = json.loads(file.read(BYTES_MAX))
        message.client = Client(*facts["client"])
        message.daemon, message.tls, message.login = facts["daemon"], facts["tls"], facts["login"]
        message.released = frozenset(facts["checks"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        # There is none, or it was taken back: the caller refuses.
        message.released = None
