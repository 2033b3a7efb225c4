"""Dovecot: mailboxes, IMAP, POP3, delivery and search (guide ch. 6)."""

from __future__ import annotations

import time
from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.ask import ask
from mailroom.daemons.command import run
from mailroom.daemons.places import LMTP_SOCKET, PORTAL_IMAP_PORT
from mailroom.daemons.render import render
from mailroom.daemons.shape import DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "dovecot" / "dovecot.conf"
PROBE_LIMIT_S = 10.0
LISTENERS = (
    ("imap_enabled", "imap", 143),
    ("pop3_enabled", "pop3", 110),
)


class Dovecot(PlainDaemon):
    id = "dovecot"
    title = "IMAP/POP3"

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
        }
        return {name: render(HERE / f"{name}.j2", **known) for name in ("dovecot.conf", "before.sieve")}

    def check(self, folder: Path) -> None:
        run(self.id, ("doveconf", "-n", "-c", str(folder / "dovecot.conf")), stderr_is_failure=True)
        # Compiled beside the script, because the mail user may not write there at delivery.
        run(self.id, ("sievec", "-c", str(folder / "dovecot.conf"), str(folder / "before.sieve")))

    def reload(self) -> None:
        run(self.id, ("doveadm", "-c", str(CONFIG), "reload"))

    def probe(self, facts: Facts) -> None:
        protocol = facts.settings["service.protocol"]
        asked = [("imap", f"127.0.0.1:{PORTAL_IMAP_PORT}"), ("smtp", LMTP_SOCKET)]
        asked += [(kind, f"127.0.0.1:{port}") for key, kind, port in LISTENERS if protocol[key]]
        until = time.monotonic() + PROBE_LIMIT_S
        while silent := [target for kind, target in asked if not ask(kind, target)]:
            if time.monotonic() > until:
                raise DaemonFailed(f"Dovecot does not answer at {silent[0]}.", daemon=self.id, target=silent[0])
            time.sleep(0.2)


DAEMON = Dovecot()
