"""Postfix: receives, queues and sends mail (guide ch. 6 and 7)."""

from __future__ import annotations

import time
from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.ask import ask
from mailroom.daemons.command import run
from mailroom.daemons.places import PORTAL_SMTP_PORT
from mailroom.daemons.render import render
from mailroom.daemons.shape import DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "postfix"
PROBE_LIMIT_S = 10.0


class Postfix(PlainDaemon):
    id = "postfix"
    title = "SMTP"

    def service(self, facts: Facts | None) -> Service:
        # Not `postfix start-fg`: its shell would be the supervised process, and `master` would outlive it.
        return Service(
            argv=("/usr/lib/postfix/sbin/master", "-s", "-c", str(CONFIG)),
            environment={"MAIL_CONFIG": str(CONFIG)},
            after=("resolver", "filter", "dovecot"),
            ready=("smtp", f"127.0.0.1:{PORTAL_SMTP_PORT}"),
        )

    def files(self, facts: Facts) -> dict[str, str]:
        known = {
            "general": facts.settings["mail_delivery.general"],
            "protocol": facts.settings["service.protocol"],
            "host": facts.host,
            "paths": paths,
            "portal_port": PORTAL_SMTP_PORT,
        }
        return {name: render(HERE / f"{name}.j2", **known) for name in ("main.cf", "master.cf")}

    def check(self, folder: Path) -> None:
        # Exit 0 means nothing here: postconf only warns of a misspelt parameter.
        run(self.id, ("postconf", "-c", str(folder), "-n"), stderr_is_failure=True)
        run(self.id, ("postconf", "-c", str(folder), "-M"), stderr_is_failure=True)
        run(self.id, ("postfix", "-c", str(folder), "check"), stderr_is_failure=True)

    def reload(self) -> None:
        run(self.id, ("postfix", "-c", str(CONFIG), "reload"))

    def probe(self, facts: Facts) -> None:
        protocol = facts.settings["service.protocol"]
        ports = [PORTAL_SMTP_PORT]
        ports += [protocol["smtp_port"]] if protocol["smtp_enabled"] else []
        ports += [protocol["submission_port"]] if protocol["submission_enabled"] else []
        until = time.monotonic() + PROBE_LIMIT_S
        while silent := [port for port in ports if not ask("smtp", f"127.0.0.1:{port}")]:
            if time.monotonic() > until:
                raise DaemonFailed(f"Postfix does not answer on port {silent[0]}.", daemon=self.id, port=silent[0])
            time.sleep(0.2)


DAEMON = Postfix()
