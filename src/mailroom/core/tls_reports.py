"""Where a domain wants reports about encryption: TLS-RPT (RFC 8460)."""

from __future__ import annotations

import re

REPORTS = "TLSRPTv1"
REPORTS_RECORD = "_smtp._tls"
# What separates addresses and fields is written as %XX inside of one (RFC 8460 3).
REPORT_PLACE = re.compile(r"mailto:[^\s,;!@<>]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+|https://[^\s,;!<>]+")


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
