"""Our own filter: the milter that judges each message (story "a message")."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mailroom.core import filter_settings, paths
from mailroom.core.pages.mail_delivery_general import domains_of
from mailroom.daemons.ask import ask
from mailroom.daemons.command import run
from mailroom.daemons.shape import DaemonFailed, Facts, PlainDaemon, Service

USER = "mailroom"
MEMORY_MB = 2048


class Filter(PlainDaemon):
    id = "filter"
    title = "Mail filter"
    program = "Mailroom"
    reader = USER

    def service(self, facts: Facts | None) -> Service:
        return Service(
            argv=("/usr/bin/python3.11", "-s", "-m", "mailroom", "filter"),
            user=USER,
            memory_mb=MEMORY_MB,
            maps_files=True,
            ready=("milter", str(paths.FILTER_SOCKET)),
        )

    def files(self, facts: Facts) -> dict[str, str]:
        domains = domains_of(facts.settings["mail_delivery.general"])
        known = {**filter_settings.taken(facts.settings), "trusted": facts.trusted(), "domains": domains}
        return {"filter.json": _text(known)}

    def check(self, folder: Path) -> None:
        json.loads((folder / "filter.json").read_text())

    def reload(self) -> None:
        run(self.id, ("s6-svc", "-h", str(paths.SERVICES / self.id)))

    def probe(self, facts: Facts) -> None:
        if not ask("milter", str(paths.FILTER_SOCKET)):
            raise DaemonFailed("The mail filter does not answer.", daemon=self.id)


def _text(known: dict[str, Any]) -> str:
    """JSON with a line for each value, and for each item of a list: a difference shows just those that changed."""
    pages = (f"{json.dumps(name)}: {_lines(values)}" for name, values in sorted(known.items()))
    return "{\n" + ",\n".join(pages) + "\n}\n"


def _lines(value: Any) -> str:
    if isinstance(value, dict) and "id" not in value:
        return "{\n" + ",\n".join(f"{json.dumps(key)}: {_lines(one)}" for key, one in sorted(value.items())) + "\n}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(_lines(one) for one in value) + "\n]"
    return json.dumps(value, sort_keys=True)


DAEMON = Filter()
