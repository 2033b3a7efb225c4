"""SpamAssassin's spamd: judges spam (guide ch. 8, rows SA01, SA05)."""

from __future__ import annotations

from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.ask import silent_after
from mailroom.daemons.command import run
from mailroom.daemons.places import RESOLVER
from mailroom.daemons.render import render
from mailroom.daemons.shape import DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "spamd"
USER = "debian-spamd"
MEMORY_MB = 2048
PROBE_LIMIT_S = 60.0


class Spamd(PlainDaemon):
    id = "spamd"
    title = "Spam engine"
    program = "SpamAssassin"
    reader = USER

    def wanted(self, facts: Facts) -> bool:
        spam = facts.settings["security.spam"]
        return bool(spam["enabled"]) and spam["engine"] == "spamassassin"

    def service(self, facts: Facts | None) -> Service:
        children = facts.host.processors * 2 if facts else 4
        return Service(
            argv=(
                "/usr/sbin/spamd",
                "--nouser-config",
                f"--socketpath={paths.SPAMD_SOCKET}",
                # The folder lets in only the filter's group.
                "--socketmode=0666",
                f"--helper-home-dir={paths.DATA}/spamassassin",
                f"--siteconfigpath={CONFIG}",
                f"--max-children={children}",
                "--min-children=1",
                "--min-spare=1",
                "--syslog=stderr",
                f"--pidfile={paths.SPAMD_SOCKET.parent}/spamd.pid",
            ),
            user=USER,
            memory_mb=MEMORY_MB,
            after=("resolver",),
            ready=("spamd", str(paths.SPAMD_SOCKET)),
        )

    def files(self, facts: Facts) -> dict[str, str]:
        text = render(HERE / "local.cf.j2", paths=paths, resolver=RESOLVER)
        return {"local.cf": text, "init.pre": (HERE / "init.pre").read_text()}

    def check(self, folder: Path) -> None:
        # As the daemon's own user: it opens what the daemon has learned.
        argv = ("spamassassin", "--lint", f"--siteconfigpath={folder}")
        run(self.id, argv, timeout_s=60, stderr_is_failure=True, user=USER)

    def reload(self) -> None:
        run(self.id, ("s6-svc", "-h", str(paths.SERVICES / self.id)))

    def probe(self, facts: Facts) -> None:
        run(self.id, ("s6-svwait", "-U", "-t", "60000", str(paths.SERVICES / self.id)), timeout_s=65)
        # A reload closes its socket for as long as it takes to read the rules; s6 still calls it ready then.
        if silent_after([("spamd", str(paths.SPAMD_SOCKET))], PROBE_LIMIT_S):
            raise DaemonFailed("SpamAssassin does not answer.", daemon=self.id)


DAEMON = Spamd()
