"""Rspamd: the fast spam engine (row SA01, second engine)."""

from __future__ import annotations

from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.ask import silent_after
from mailroom.daemons.command import run
from mailroom.daemons.places import RESOLVER
from mailroom.daemons.render import render
from mailroom.daemons.shape import DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "rspamd"
USER = "_rspamd"
MEMORY_MB = 4096
PROBE_LIMIT_S = 60.0
TEMPLATES = {
    "rspamd.conf": "rspamd.conf.j2",
    "local.d/options.inc": "options.inc.j2",
    "local.d/actions.conf": "actions.conf.j2",
    "local.d/fuzzy_check.conf": "fuzzy_check.conf.j2",
}


def variables(folder: Path) -> tuple[str, ...]:
    """Where Rspamd finds our overrides and keeps its data (rspamd(8) --var)."""
    return (f"--var=LOCAL_CONFDIR={folder}", f"--var=DBDIR={paths.DATA}/rspamd", f"--var=RUNDIR={paths.RUN}/rspamd")


class Rspamd(PlainDaemon):
    id = "rspamd"
    title = "Spam engine"
    program = "Rspamd"
    reader = USER

    def wanted(self, facts: Facts) -> bool:
        spam = facts.settings["security.spam"]
        return bool(spam["enabled"]) and spam["engine"] == "rspamd"

    def service(self, facts: Facts | None) -> Service:
        return Service(
            argv=(
                "/usr/bin/rspamd",
                "-f",
                "-c",
                str(CONFIG / "rspamd.conf"),
                *variables(CONFIG),
            ),
            user=USER,
            memory_mb=MEMORY_MB,
            after=("resolver",),
            ready=("http", str(paths.RSPAMD_SOCKET)),
        )

    def files(self, facts: Facts) -> dict[str, str]:
        known = {"paths": paths, "resolver": RESOLVER, "processors": facts.host.processors}
        return {name: render(HERE / template, **known) for name, template in TEMPLATES.items()}

    def check(self, folder: Path) -> None:
        run(self.id, ("rspamadm", *variables(folder), "configtest", "-c", str(folder / "rspamd.conf")), user=USER)

    def reload(self) -> None:
        run(self.id, ("s6-svc", "-h", str(paths.SERVICES / self.id)))

    def probe(self, facts: Facts) -> None:
        run(self.id, ("s6-svwait", "-U", "-t", "60000", str(paths.SERVICES / self.id)), timeout_s=65)
        if silent_after([("http", str(paths.RSPAMD_SOCKET))], PROBE_LIMIT_S):
            raise DaemonFailed("Rspamd does not answer.", daemon=self.id)


DAEMON = Rspamd()
