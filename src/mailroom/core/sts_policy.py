"""What a domain demands of those who send to it: MTA-STS (RFC 8461), ours and that of others."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, get_args

Mode = Literal["none", "testing", "enforce"]
MODES: tuple[Mode, ...] = get_args(Mode)
VERSION = "STSv1"
HOST = "mta-sts"
PATH = "/.well-known/mta-sts.txt"
RECORD = "_mta-sts"
ID_LETTERS = 20
# RFC 8461 3.2: what senders must be able to read, and the most that max_age may be: about a year.
BYTES_MAX = 64 * 1024
MAX_AGE_MAX_S = 31_557_600
SERVERS_MAX = 100
# The longest that is of any use names a mail server.
LINE_LETTERS_MAX = 1_000
ID = re.compile(r"[A-Za-z0-9]{1,32}")
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
BLANKS = " \t"
NAME_LETTERS_MAX = 253
# As names of hosts are looked up: some have an underscore, though no standard lets them.
HOST_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# No top-level domain is a number (RFC 3696 2): what ends so is an IPv4 address, in one of its old forms too.
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class BadPolicy(ValueError):
    """What was given out is no policy."""


@dataclass(frozen=True)
class Policy:
    """What servers that send to a domain shall insist on.

    max_age_s: how long it may be relied on. mx: names of mail servers in lower case, `*.` for one label.
    """

    mode: Mode
    max_age_s: int
    mx: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The document, as it is fetched (RFC 8461 3.2)."""
        lines = [f"version: {VERSION}", f"mode: {self.mode}", *(f"mx: {name}" for name in self.mx)]
        return "".join(f"{line}\r\n" for line in (*lines, f"max_age: {self.max_age_s}"))

    @property
    def id(self) -> str:
        """Another one for each other text: senders fetch the policy again when it is not the one they know."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:ID_LETTERS]

    @property
    def record(self) -> str:
        """The TXT record of `_mta-sts.DOMAIN` (RFC 8461 3.1)."""
        return f"v={VERSION}; id={self.id}"

    def names(self, server: str) -> bool:
        """Whether mail may go to this mail server (RFC 8461 4.1): a star stands for exactly the first label."""
        name = server.lower().rstrip(".")
        star = f"*.{name.partition('.')[2]}"
        return any(pattern in (name, star) for pattern in self.mx)


def parse(text: str) -> Policy:
    """The policy that a text holds. Of a key that comes more than once, the first counts. Raises BadPolicy.

    Values of `mx` that can name no mail server are left out: they are only ever fewer servers, never others.
    """
    known: dict[str, str] = {}
    servers: list[str] = []
    for line in text.removeprefix("\ufeff").split("\n"):
        line = line.removesuffix("\r").strip(BLANKS)
        if not line:
            continue
        if len(line) > LINE_LETTERS_MAX or len(servers) > SERVERS_MAX:
            raise BadPolicy("a line is too long, or there are too many")
        key, colon, value = line.partition(":")
        key, value = key.rstrip(BLANKS), value.lstrip(BLANKS)
        if not colon or not KEY.fullmatch(key):
            raise BadPolicy("a line is no key with a value")
        if key == "mx":
            servers.append(server(value))
        else:
            known.setdefault(key, value)
    if known.get("version") != VERSION:
        raise BadPolicy("the version is not STSv1")
    mode = next((one for one in MODES if one == known.get("mode")), None)
    if mode is None:
        raise BadPolicy("the mode is unknown")
    age = known.get("max_age", "")
    if not re.fullmatch(r"[0-9]{1,10}", age):
        raise BadPolicy("max_age is no number")
    usable = tuple(dict.fromkeys(filter(None, servers)))
    if len(servers) > SERVERS_MAX or (not usable and mode != "none"):
        raise BadPolicy("no mail server, or too many")
    return Policy(mode, min(int(age), MAX_AGE_MAX_S), usable)


def server(value: str) -> str:
    """A value of `mx` in its one spelling, or "" for what can name no mail server (RFC 8461 3.2, 4.1).

    Whatever is not "" may stand in Postfix's `match=`: it has no ":" and no space, is none of its words (they have no
    dot), and is no IP address, which OpenSSL would look for beside the names and not instead of one.
    """
    name = value.lower().removesuffix(".")
    labels = name.removeprefix("*.").split(".")
    if len(name) > NAME_LETTERS_MAX or len(labels) < 2 or NUMBER.fullmatch(labels[-1]):
        return ""
    return name if all(HOST_LABEL.fullmatch(label) for label in labels) else ""


def id_of(record: str) -> str | None:
    """The id that a TXT record of `_mta-sts.DOMAIN` names; None when it cannot be read (RFC 8461 3.1)."""
    fields = [part.strip() for part in record.strip().removesuffix(";").split(";")]
    if fields[0].replace(" ", "") != f"v={VERSION}":
        return None
    ids = [value.strip() for name, _, value in (one.partition("=") for one in fields[1:]) if name.strip() == "id"]
    return ids[0] if len(ids) == 1 and ID.fullmatch(ids[0]) else None


def is_record(text: str) -> bool:
    """Whether a TXT record is meant to be one of MTA-STS: senders leave all others out."""
    return text.startswith(f"v={VERSION};")
