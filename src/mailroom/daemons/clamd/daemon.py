"""clamd: looks for viruses (guide ch. 8, rows AV01, AV02)."""

from __future__ import annotations

from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.ask import ask
from mailroom.daemons.asked import note_asked
from mailroom.daemons.command import run
from mailroom.daemons.render import render
from mailroom.daemons.shape import DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "clamd"
USER = "clamav"
# With all definitions it takes some 1.5 GB.
MEMORY_MB = 6144
# All definitions take half a minute to read, on a slow NAS two; whoever asks waits for an answer for two minutes.
READY_WITHIN_MS = 100_000
# In steps, because a changed limit restarts clamd, which reads its definitions for half a minute, and mail waits then.
LIMITS_MB = (110, 510, 2010)


class Clamd(PlainDaemon):
    id = "clamd"
    title = "Antivirus engine"
    program = "ClamAV"
    reader = USER

    def wanted(self, facts: Facts) -> bool:
        return bool(facts.settings["security.antivirus"]["enabled"])

    def service(self, facts: Facts | None) -> Service:
        return Service(
            argv=("/usr/sbin/clamd", "--foreground", "-c", str(CONFIG / "clamd.conf")),
            user=USER,
            memory_mb=MEMORY_MB,
            ready=("clamd", str(paths.CLAMD_SOCKET)),
        )

    def files(self, facts: Facts) -> dict[str, str]:
        text = render(
            HERE / "clamd.conf.j2",
            socket=paths.CLAMD_SOCKET,
            paths=paths,
            host=facts.host,
            limit_mb=next(
                step for step in LIMITS_MB if step > facts.settings["mail_delivery.general"]["max_message_mb"]
            ),
        )
        return {"clamd.conf": text}

    def check(self, folder: Path) -> None:
        run(self.id, ("clamconf", "-c", str(folder)), stderr_is_failure=True, user=USER)

    def reload(self) -> None:
        # clamd's RELOAD reads definitions only; a changed configuration needs a restart.
        note_asked(self.id)
        argv = ("s6-svc", "-wR", "-T", str(READY_WITHIN_MS), "-r", str(paths.SERVICES / self.id))
        run(self.id, argv, timeout_s=READY_WITHIN_MS / 1000 + 5)

    def probe(self, facts: Facts) -> None:
        run(self.id, ("s6-svwait", "-U", "-t", "60000", str(paths.SERVICES / self.id)), timeout_s=65)
        if not ask("clamd", str(paths.CLAMD_SOCKET)):
            raise DaemonFailed("The antivirus engine does not answer.", daemon=self.id)


DAEMON = Clamd()
