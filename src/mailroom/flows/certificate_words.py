"""What is told of a certificate: facts for the window, and warnings about one that is brought."""

from __future__ import annotations

from typing import Any

from mailroom.tls import served
from mailroom.tls.chain import Pair, steps
from mailroom.tls.kept import Entry

DAY_S = 86_400
SOON_DAYS = 30
ENDED, NOT_YET, OTHER_NAME, SOON, OWN, VALID = "ended", "not_yet", "other_name", "soon", "own", "valid"


def told(entry: Entry, hostname: str, now: float) -> dict[str, Any]:
    """One certificate: {id, source, time, who, state, names, issuer, begins, ends, days, key, chain, fingerprint}.

    state: the worst thing about it; chain: {name, issuer, ends} from its own certificate up; days: whole days left.
    """
    content = entry.chain.read_bytes()
    found = served.of_pem(content)
    return {
        "id": entry.id,
        "source": entry.note.get("source", ""),
        "time": entry.note.get("time", 0.0),
        "who": entry.note.get("who", ""),
        "state": state(found, hostname, now),
        "names": list(found.names),
        "issuer": found.issuer,
        "begins": found.begins,
        "ends": found.ends,
        "days": days_left(found, now),
        "key": found.key,
        "chain": steps(content),
        "fingerprint": found.fingerprint,
    }


def state(found: served.Certificate, hostname: str, now: float) -> str:
    """The worst thing about a certificate."""
    if found.ends <= now:
        return ENDED
    if found.begins > now:
        return NOT_YET
    if not found.covers(hostname):
        return OTHER_NAME
    if days_left(found, now) < min(SOON_DAYS, (found.ends - found.begins) / DAY_S / 3):
        return SOON
    return OWN if found.self_signed else VALID


def days_left(found: served.Certificate, now: float) -> int:
    """Whole days until it ends; negative once it has."""
    return int((found.ends - now) // DAY_S)


def warnings(pair: Pair, found: served.Certificate, hostname: str, enforced: bool) -> list[str]:
    """What is allowed with a certificate that is brought, but may not be meant. enforced: so says our policy."""
    said = []
    if enforced and not (pair.known and found.covers(hostname)):
        said.append("Other servers deliver nothing to it, as long as Mail Delivery > Security says Enforce (MTA-STS).")
    if not found.covers(hostname):
        names = ", ".join(found.names) or "-"
        said.append(f"The certificate is for {names}, not for the mail server {hostname}: mail programs will warn.")
    if not pair.known:
        said.append("Its issuer is not among those that mail programs know: they will ask whether to trust it.")
    if pair.spare:
        said.append("Certificates in the files that do not belong to it are left out.")
    return said
