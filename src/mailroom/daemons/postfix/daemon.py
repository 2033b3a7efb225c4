"""Postfix: receives, queues and sends mail (guide ch. 6 and 7)."""

from __future__ import annotations

import re
from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.ask import silent_after
from mailroom.daemons.command import run
from mailroom.daemons.listening import expect, refuse_taken
from mailroom.daemons.places import PORTAL_SMTP_PORT
from mailroom.daemons.render import render
from mailroom.daemons.shape import DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "postfix"
PROBE_LIMIT_S = 10.0
# A service of master.cf that listens on a port (master(5)).
INET = re.compile(r"^(?:\S+:)?(\d+) +inet ", re.MULTILINE)


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
        services = run(self.id, ("postconf", "-c", str(folder), "-M"), stderr_is_failure=True)
        refuse_taken(self.id, {int(port) for port in INET.findall(services)})
        # Not `postfix check`: it reads the whole queue, and looks at files' owners more than at values. smtpd, alone
        # and with nobody to talk to (-S), reads its parameters, ends at once, and fails on a value it cannot take.
        try:
            run(self.id, ("env", f"MAIL_CONFIG={folder}", "/usr/lib/postfix/sbin/smtpd", "-S"))
        except DaemonFailed as reason:
            raise DaemonFailed(f"smtpd does not take these values ({reason.message})", daemon=self.id) from reason

    def reload(self) -> None:
        # What `postfix reload` does (master(8), SIGHUP), without its walk through the whole queue.
        run(self.id, ("s6-svc", "-h", str(paths.SERVICES / self.id)))

    def probe(self, facts: Facts) -> None:
        protocol = facts.settings["service.protocol"]
        plain = [protocol[f"{name}_port"] for name in ("smtp", "submission") if protocol[f"{name}_enabled"]]
        wrapped = [protocol["smtps_port"]] if protocol["smtps_enabled"] else []
        expect(self.id, "Postfix", {PORTAL_SMTP_PORT, *plain, *wrapped})
        silent = silent_after((("smtp", f"127.0.0.1:{port}") for port in [PORTAL_SMTP_PORT, *plain]), PROBE_LIMIT_S)
        if silent:
            raise DaemonFailed(f"Postfix does not answer at {silent[0][1]}.", daemon=self.id, target=silent[0][1])


def flush() -> None:
    """Try all waiting mail again now (postqueue(1)). Raises DaemonFailed."""
    run("postfix", ("postqueue", "-c", str(CONFIG), "-f"))


DAEMON = Postfix()
