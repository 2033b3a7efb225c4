"""unbound: our own caching resolver, so that blocklists and DNSSEC work whatever the router's DNS does."""

from __future__ import annotations

from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.ask import ask
from mailroom.daemons.command import run
from mailroom.daemons.places import RESOLVER
from mailroom.daemons.render import render
from mailroom.daemons.shape import DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "resolver" / "unbound.conf"


class Resolver(PlainDaemon):
    id = "resolver"
    title = "DNS resolver"
    program = "Unbound"

    def service(self, facts: Facts | None) -> Service:
        return Service(argv=("/usr/sbin/unbound", "-d", "-c", str(CONFIG)), ready=("dns", f"{RESOLVER}:53"))

    def files(self, facts: Facts) -> dict[str, str]:
        return {"unbound.conf": render(HERE / "unbound.conf.j2", host=facts.host, resolver=RESOLVER)}

    def check(self, folder: Path) -> None:
        run(self.id, ("unbound-checkconf", str(folder / "unbound.conf")))

    def reload(self) -> None:
        run(self.id, ("s6-svc", "-h", str(paths.SERVICES / self.id)))

    def probe(self, facts: Facts) -> None:
        if not ask("dns", f"{RESOLVER}:53"):
            raise DaemonFailed("The resolver does not answer.", daemon=self.id)


DAEMON = Resolver()
