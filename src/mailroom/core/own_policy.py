"""What a mail domain announces about encryption: MTA-STS (RFC 8461), and where reports go (TLS-RPT, RFC 8460)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, get_args

Mode = Literal["none", "testing", "enforce"]
VERSION = "STSv1"
HOST = "mta-sts"
PATH = "/.well-known/mta-sts.txt"
RECORD = "_mta-sts"
ID_LETTERS = 20
# RFC 8461 3.2: what senders must be able to read, and the most that max_age may be.
BYTES_MAX = 64 * 1024
MAX_AGE_MAX_S = 31_557_600
ID = re.compile(r"[A-Za-z0-9]{1,32}")
REPORTS, REPORTS_RECORD = "TLSRPTv1", "_smtp._tls"
# What separates addresses and fields is written as %XX inside of one (RFC 8460 3).
REPORT_PLACE = re.compile(r"mailto:[^\s,;!@<>]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+|https://[^\s,;!<>]+")
FIELD = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9_.-]{0,31})\s*:\s*(.*?)\s*")


class NoPolicy(ValueError):
    """This text is no policy."""


@dataclass(frozen=True)
class Policy:
    """What servers that send to a domain shall insist on. mx: names of mail servers, `*.` for one label."""

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
        return any(pattern.lower() in (name, star) for pattern in self.mx)


def read(text: str) -> Policy:
    """What a sender reads in a policy: of a field that comes again the first counts. Raises NoPolicy."""
    fields: dict[str, list[str]] = {}
    for line in text.splitlines():
        if matched := FIELD.fullmatch(line):
            fields.setdefault(matched[1], []).append(matched[2])
    first = {name: values[0] for name, values in fields.items()}
    if first.get("version") != VERSION:
        raise NoPolicy("version")
    mode = next((one for one in get_args(Mode) if one == first.get("mode")), None)
    if mode is None:
        raise NoPolicy("mode")
    if not re.fullmatch(r"\d{1,10}", first.get("max_age", "")):
        raise NoPolicy("max_age")
    if mode != "none" and "mx" not in fields:
        raise NoPolicy("mx")
    return Policy(mode, int(first["max_age"]), tuple(fields.get("mx", ())))


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


def reports_record(domain: str) -> str:
    """The TXT record of `_smtp._tls.DOMAIN` that has reports sent to the domain's postmaster."""
    return f"v={REPORTS}; rua=mailto:postmaster@{domain}"


def is_reports_record(text: str) -> bool:
    """Whether a TXT record is meant to be one of TLS-RPT: senders leave all others out."""
    return text.startswith(f"v={REPORTS};")


def report_places(record: str) -> tuple[str, ...]:
    """Where this record has reports sent to, as URIs; nowhere when it cannot be read (RFC 8460 3)."""
    if not is_reports_record(record):
        return ()
    fields = [part.strip().partition("=") for part in record.split(";")[1:] if part.strip()]
    given = [value for name, _, value in fields if name.strip() == "rua"]
    places = tuple(part.strip() for part in given[0].split(",")) if len(given) == 1 else ()
    return places if all(REPORT_PLACE.fullmatch(one) for one in places) else ()
