"""The developer's own stand-in machine: where it is, which ports lead in, who its example users are."""

from __future__ import annotations

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from devtools.say import Stop

if TYPE_CHECKING:
    from dsmhost.machine import Machine

FOLDER = Path(os.environ.get("MAILROOM_STAND_IN", "/var/lib/mailroom-stand-in"))
NOTES = FOLDER / "developer.json"
# name -> (port of this host, port of the machine)
PORTS = {
    "desktop": (5000, 5000),
    "smtp": (2525, 25),
    "smtps": (2465, 465),
    "submission": (2587, 587),
    "imap": (2143, 143),
    "imaps": (2993, 993),
    "outside": (8025, 0),
}
DOMAIN, HOSTNAME = "example.com", "mail.example.com"
PASSWORD_LETTERS = string.ascii_letters + string.digits
# name, full name, whether a member of administrators
USERS = (("anna", "Anna Keller", True), ("ben", "Ben Okafor", False), ("chloe", "Chloé 林", False))


@dataclass
class Notes:
    """What `./dev run` must remember. passwords: {user: password}, `admin` among them."""

    dsm: str = "7"
    listen: str = "127.0.0.1"
    ports: dict[str, int] = field(default_factory=lambda: {name: outside for name, (outside, _) in PORTS.items()})
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The address under which this machine reaches the ports itself."""
        return "127.0.0.1" if self.listen == "0.0.0.0" else self.listen

    def save(self) -> None:
        """Keep them where only root may read: there are passwords among them."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        fresh = NOTES.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(asdict(self), out, indent=1)
        fresh.replace(NOTES)


def notes() -> Notes | None:
    """The notes of an earlier `./dev run`."""
    try:
        return Notes(**json.loads(NOTES.read_text()))
    except FileNotFoundError:
        return None


def asked_for(known: Notes | None, dsm: str | None, listen: str | None, ports: list[str]) -> Notes:
    """Earlier notes with what the command line asks for on top. Raises Stop for a port that is no port."""
    wanted = known or Notes()
    if known and dsm and dsm != known.dsm:
        raise Stop(f"The stand-in machine has DSM {known.dsm}. Remove it first with: sudo ./dev clean --machine")
    wanted.dsm, wanted.listen = dsm or wanted.dsm, listen or wanted.listen
    for words in ports:
        name, _, number = words.partition("=")
        if name not in PORTS or not number.isdigit() or not 1 <= int(number) <= 65535:
            raise Stop(f"--port {words}: write NAME=NUMBER with one of {', '.join(PORTS)}.")
        wanted.ports[name] = int(number)
    for user in ("admin", *(name for name, _, _ in USERS)):
        wanted.passwords.setdefault(user, "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(14)))
    return wanted


def machine(wanted: Notes) -> Machine:
    """The machine as noted; not switched on by this."""
    from dsmhost.machine import Machine

    forwards = {wanted.ports[name]: inside for name, (_, inside) in PORTS.items() if inside}
    profile = "6.2" if wanted.dsm == "6" else "7"
    return Machine(
        FOLDER / "nas", profile, number=1, forwards=forwards, listen=wanted.listen, world_page=wanted.ports["outside"]
    )


def addresses(wanted: Notes) -> dict[str, str]:
    """What a person can open or enter, by name."""
    host, ports = wanted.host, wanted.ports
    web = f"http://{host}:{ports['desktop']}"
    return {
        "desktop": f"{web}/",
        "admin window": f"{web}/#com.mailroom.Mailroom",
        "portal": f"{web}/mail/",
        "SMTP": f"{host}:{ports['smtp']}",
        "submission (STARTTLS)": f"{host}:{ports['submission']}",
        "submission (TLS)": f"{host}:{ports['smtps']}",
        "IMAP (STARTTLS)": f"{host}:{ports['imap']}",
        "IMAP (TLS)": f"{host}:{ports['imaps']}",
        "outside world": f"http://{host}:{ports['outside']}/",
    }
