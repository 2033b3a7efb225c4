"""unbound: our own caching resolver, so that blocklists and DNSSEC work whatever the router's DNS does."""

from __future__ import annotations

from pathlib import Path

from mailroom.core import paths
from mailroom.core.pages.mail_delivery_delivery import checks_dane
from mailroom.core.pages.mail_delivery_general import domains_of
from mailroom.core.sender_relay import ADDRESS
from mailroom.daemons.ask import ask
from mailroom.daemons.command import run
from mailroom.daemons.places import RESOLVER
from mailroom.daemons.render import render
from mailroom.daemons.shape import DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "resolver" / "unbound.conf"
# The keys of the DNS root, as IANA publishes them (RFC 7958); see decision 0022.
ROOT_KEYS = HERE / "root.key"
# Names below which offices have zones of their own that the public root denies or knows otherwise (RFC 6762 app. G,
# RFC 8375, and what makers of routers chose).
OWN_NAMES = (
    "corp", "fritz.box", "home", "home.arpa", "internal", "intranet", "lan", "local", "localdomain", "private",
)  # fmt: skip


class Resolver(PlainDaemon):
    id = "resolver"
    title = "DNS resolver"
    program = "Unbound"
    # It reads its file again when it is told to, and is no root then.
    reader = "unbound"

    def service(self, facts: Facts | None) -> Service:
        return Service(argv=("/usr/sbin/unbound", "-d", "-c", str(CONFIG)), ready=("dns", f"{RESOLVER}:53"))

    def files(self, facts: Facts) -> dict[str, str]:
        # Signatures are checked only while somebody uses what comes of it (X06-06).
        validates = checks_dane(facts.settings["mail_delivery.delivery"])
        known = {"host": facts.host, "resolver": RESOLVER, "validates": validates, "root_keys": ROOT_KEYS}
        return {"unbound.conf": render(HERE / "unbound.conf.j2", **known, own_names=own_names(facts))}

    def check(self, folder: Path) -> None:
        run(self.id, ("unbound-checkconf", str(folder / "unbound.conf")))

    def reload(self) -> None:
        run(self.id, ("s6-svc", "-h", str(paths.SERVICES / self.id)))

    def probe(self, facts: Facts) -> None:
        if not ask("dns", f"{RESOLVER}:53"):
            raise DaemonFailed("The resolver does not answer.", daemon=self.id)


def own_names(facts: Facts) -> list[str]:
    """Names that are not validated: an office often has another, unsigned form of its own domains inside.

    Relays by sender domain are among them. Each proves by its certificate who it is, or is not asked to.
    """
    domains = domains_of(facts.settings["mail_delivery.general"])
    relays = [one["server"] for one in facts.settings["mail_delivery.delivery"]["sender_relays"]]
    named = [name for name in relays if not ADDRESS.fullmatch(name)]
    return list(dict.fromkeys([*OWN_NAMES, *domains, *facts.host.dns_search, *named]))


DAEMON = Resolver()
