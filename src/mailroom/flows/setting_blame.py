"""Which of several changed settings a daemon objected to: each is tried alone on top of what was in force."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mailroom.core.settings import AllValues
from mailroom.daemons.shape import DaemonFailed, Facts
from mailroom.flows.setting_exchange import Configuration


def setting_at_fault(
    configuration: Configuration,
    facts_for: Callable[[AllValues], Facts],
    before: AllValues,
    after: AllValues,
    changes: list[dict[str, Any]],
    daemon: str,
    folders: Path,
) -> str | None:
    """`page.key` of the changed setting at fault, or None when it cannot be told.

    First the one that alone makes rendering or the checker fail; else the first that alone alters that daemon's files,
    or whether it runs; else the only one there is.
    """
    if not daemon:
        return None
    names = [f"{change['page']}.{change['key']}" for change in changes]
    if len(changes) == 1:
        return names[0]
    touching = []
    for change, name in zip(changes, names, strict=True):
        alone = {page: dict(values) for page, values in before.items()}
        alone[change["page"]][change["key"]] = after[change["page"]][change["key"]]
        match _tried(configuration, facts_for(before), facts_for(alone), daemon, folders):
            case "refused":
                return name
            case "touching":
                touching.append(name)
    return touching[0] if touching else None


def _tried(configuration: Configuration, then: Facts, now: Facts, daemon: str, folders: Path) -> str:
    """ "refused" | "touching" | "unrelated": what this daemon makes of one change without the others."""
    try:
        rendered_before = configuration.render(then)
    except DaemonFailed:
        # It failed before any of the changes: none of them is at fault alone.
        return "unrelated"
    try:
        rendered = configuration.render(now)
        if rendered.get(daemon) != rendered_before.get(daemon):
            with tempfile.TemporaryDirectory(dir=folders, prefix=".blame-") as folder:
                configuration.write(Path(folder), rendered)
                own = {name: files for name, files in rendered.items() if name == daemon}
                configuration.check(Path(folder), own, [daemon])
            return "touching"
    except DaemonFailed as reason:
        return "refused" if reason.more.get("daemon") == daemon else "unrelated"
    except OSError:
        return "unrelated"
    runs_differently = (daemon in configuration.wanted(now)) != (daemon in configuration.wanted(then))
    return "touching" if runs_differently else "unrelated"
