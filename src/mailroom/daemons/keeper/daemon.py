"""The keeper's watch: s6 and the host-side keeper restart each other."""

from __future__ import annotations

import os

from mailroom.daemons.shape import Facts, PlainDaemon, Service


class Keeper(PlainDaemon):
    id = "keeper"
    title = "Supervisor's watch"

    def service(self, facts: Facts | None) -> Service:
        target = os.environ.get("MAILROOM_TARGET", "")
        return Service(argv=(f"{target}/bin/keeper-watch",), outside=True, needs_settings=False)


DAEMON = Keeper()
