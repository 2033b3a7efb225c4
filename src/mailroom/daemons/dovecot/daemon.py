"""Dovecot: mailboxes, IMAP, POP3, delivery and search (guide ch. 6)."""

from __future__ import annotations

from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.ask import silent_after
from mailroom.daemons.command import run
from mailroom.daemons.listening import ANY, Door, expect
from mailroom.daemons.places import INDEXED_LETTERS, LMTP_SOCKET, PORTAL_IMAP_PORT
from mailroom.daemons.render import render
from mailroom.daemons.shape import LOOPBACK, DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "dovecot" / "dovecot.conf"
PROBE_LIMIT_S = 10.0
# As dovecot.conf.j2 has them.
PORTS = {"imap_enabled": 143, "imaps_enabled": 993, "pop3_enabled": 110, "pop3s_enabled": 995}
PLAIN = (("imap_enabled", "imap"), ("pop3_enabled", "pop3"))


class Dovecot(PlainDaemon):
    id = "dovecot"
    title = "IMAP/POP3"
    program = "Dovecot"

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
            "indexed_letters": INDEXED_LETTERS,
            "listen": facts.listen() or ("*", "::"),
        }
        return {name: render(HERE / f"{name}.j2", **known) for name in ("dovecot.conf", "before.sieve")}

    def check(self, folder: Path) -> None:
        run(self.id, ("doveconf", "-n", "-c", str(folder / "dovecot.conf")), stderr_is_failure=True)
        # Compiled beside the script, because the mail user may not write there at delivery.
        run(self.id, ("sievec", "-c", str(folder / "dovecot.conf"), str(folder / "before.sieve")))

    def reload(self) -> None:
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


def has_message(user: str, message_id: str) -> bool:
    """Whether a message with this Message-ID is in any folder of a mailbox (doveadm-search(1)). Raises DaemonFailed."""
    query = ("search", "-u", user, "mailbox", "*", "header", "message-id", message_id)
    return bool(run("dovecot", ("doveadm", "-c", str(CONFIG), *query)).strip())


DAEMON = Dovecot()
