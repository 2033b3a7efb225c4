"""Dovecot: mailboxes, IMAP, POP3, delivery and search (guide ch. 6)."""

from __future__ import annotations

import re
from pathlib import Path

from mailroom.core import paths
from mailroom.core.settings import AllValues
from mailroom.daemons.ask import silent_after
from mailroom.daemons.command import run
from mailroom.daemons.listening import ANY, Door, expect, restarted_for
from mailroom.daemons.places import LMTP_SOCKET, PORTAL_IMAP_PORT
from mailroom.daemons.render import render
from mailroom.daemons.shape import LOOPBACK, DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "dovecot" / "dovecot.conf"
PROBE_LIMIT_S = 10.0
# As dovecot.conf.j2 has them.
PORTS = {
    "imap_enabled": 143,
    "imaps_enabled": 993,
    "pop3_enabled": 110,
    "pop3s_enabled": 995,
    "managesieve_enabled": 4190,
}
LISTEN, PORT = re.compile(r"^listen = (.+)$", re.MULTILINE), re.compile(r"^ +port = (\d+)$", re.MULTILINE)
# The longest pieces that the search index keeps, without and with character search (decision 0007).
LETTERS, LETTERS_CHARACTERS = 2, 3
# Of how many letters it keeps the beginnings of words: so many need no look into the mail itself.
LETTERS_BEGINNING = 12
PLAIN = (("imap_enabled", "imap"), ("pop3_enabled", "pop3"), ("managesieve_enabled", "managesieve"))


class Dovecot(PlainDaemon):
    id = "dovecot"
    title = "IMAP/POP3"
    program = "Dovecot"
    # Delivery reads the script as the mailboxes' user; all else is read by root, who hands it on.
    reader = "vmail"

    def wanted(self, facts: Facts) -> bool:
        # Without its volume there are no mailboxes, and an empty store is never taken for one.
        return not facts.host.mail_missing

    def service(self, facts: Facts | None) -> Service:
        return Service(
            argv=("/usr/sbin/dovecot", "-F", "-c", str(CONFIG)),
            after=("signin",),
            ready=("imap", f"127.0.0.1:{PORTAL_IMAP_PORT}"),
        )

    def files(self, facts: Facts) -> dict[str, str]:
        known = {
            "general": facts.settings["mail_delivery.general"],
            "protocol": facts.settings["service.protocol"],
            "paths": paths,
            "portal_port": PORTAL_IMAP_PORT,
            "indexed_letters": indexed_letters(facts.settings),
            "first_letters": LETTERS_BEGINNING,
            "listen": facts.listen() or ("*", "::"),
        }
        return {name: render(HERE / f"{name}.j2", **known) for name in ("dovecot.conf", "before.sieve")}

    def check(self, folder: Path) -> None:
        run(self.id, ("doveconf", "-n", "-c", str(folder / "dovecot.conf")), stderr_is_failure=True)

    def compile(self, folder: Path) -> None:
        # Beside the script, because the mail user may not write there at delivery: it would be compiled for each mail.
        run(self.id, ("sievec", "-c", str(folder / "dovecot.conf"), str(folder / "before.sieve")))

    def reload(self) -> None:
        try:
            wanted = doors_in(CONFIG.read_text())
        except OSError as reason:
            raise DaemonFailed(f"There is no dovecot.conf ({reason.strerror}).", daemon=self.id) from reason
        # Login processes of before hold the old sockets for a while, so that the new ones could not be opened.
        if not restarted_for(self.id, wanted):
            run(self.id, ("doveadm", "-c", str(CONFIG), "reload"))

    def doors(self, facts: Facts) -> set[Door]:
        """Where it listens when these facts are in force."""
        ports = [port for key, port in PORTS.items() if facts.settings["service.protocol"][key]]
        return {(LOOPBACK, PORTAL_IMAP_PORT), *((where, port) for where in facts.listen() or (ANY,) for port in ports)}

    def probe(self, facts: Facts) -> None:
        protocol = facts.settings["service.protocol"]
        expect(self.id, "Dovecot", self.doors(facts))
        asked = [("imap", f"{LOOPBACK}:{PORTAL_IMAP_PORT}"), ("smtp", LMTP_SOCKET)]
        asked += [(kind, f"{LOOPBACK}:{PORTS[key]}") for key, kind in PLAIN if protocol[key]]
        if silent := silent_after(asked, PROBE_LIMIT_S):
            raise DaemonFailed(f"Dovecot does not answer at {silent[0][1]}.", daemon=self.id, target=silent[0][1])


def indexed_letters(settings: AllValues) -> int:
    """How long the pieces of text are that the search index keeps with these settings; 0 for no index."""
    search = settings["service.search"]
    if not search["enabled"]:
        return 0
    return LETTERS_CHARACTERS if search["character_search"] else LETTERS


def doors_in(configuration: str) -> set[Door]:
    """Where Dovecot listens with this dovecot.conf."""
    told = LISTEN.search(configuration)
    addresses = {ANY if one in ("*", "::") else one for one in told[1].split(", ")} if told else set()
    ports = {int(port) for port in PORT.findall(configuration)} - {0, PORTAL_IMAP_PORT}
    return {(LOOPBACK, PORTAL_IMAP_PORT), *((address, port) for address in addresses for port in ports)}


def has_message(user: str, message_id: str) -> bool:
    """Whether a message with this Message-ID is in any folder of a mailbox (doveadm-search(1)). Raises DaemonFailed."""
    query = ("search", "-u", user, "mailbox", "*", "header", "message-id", message_id)
    return bool(run("dovecot", ("doveadm", "-c", str(CONFIG), *query)).strip())


DAEMON = Dovecot()
