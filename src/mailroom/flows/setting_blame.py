"""Which of several changed settings a daemon objected to: each is tried alone on top of what was in force."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailroom.core.settings import AllValues
from mailroom.daemons.shape import DaemonFailed, Facts

if TYPE_CHECKING:
    from mailroom.flows.setting import Configuration


def setting_at_fault(
    configuration: Configuration,
    facts_for: Callable[[AllValues], Facts],
    before: AllValues,
    changes: list[dict[str, Any]],
    daemon: str,
    folders: Path,
) -> str | None:
    """`page.key` of the changed setting at fault, or None when none of them has to do with `daemon`.

    First the one that alone makes the checker fail; else the only, or first, one that alters that daemon's files.
    """
    touching = []
    for change in changes:
        name = f"{change['page']}.{change['key']}"
        alone = {page: dict(values) for page, values in before.items()}
        alone[change["page"]][change["key"]] = change["new"]
        try:
            rendered = configuration.render(facts_for(alone))
            if rendered.get(daemon) == configuration.render(facts_for(before)).get(daemon):
                continue
            touching.append(name)
            with tempfile.TemporaryDirectory(dir=folders, prefix=".blame-") as folder:
                configuration.write(Path(folder), rendered)
                configuration.check(Path(folder), rendered, [daemon])
        except DaemonFailed:
            return name
        except OSError:
            continue
    return touching[0] if touching else None
