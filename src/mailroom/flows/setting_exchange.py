"""One configuration takes the place of another: check, swap, reload, probe; all of it, or everything is as before."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from mailroom.core import durable
from mailroom.core.problems import ApplyFailed
from mailroom.core.settings import AllValues
from mailroom.daemons.shape import DaemonFailed, Facts
from mailroom.flows.setting_difference import Rendered, changed_daemons

LOG = logging.getLogger("mailroom.settings")


class Configuration(Protocol):
    """The daemons' side of an Apply (see daemons/configuration.py)."""

    def wanted(self, facts: Facts) -> list[str]: ...
    def render(self, facts: Facts) -> Rendered: ...
    def write(self, folder: Path, rendered: Rendered) -> None: ...
    def check(self, folder: Path, rendered: Rendered, daemons: list[str]) -> None: ...
    def current(self) -> Path | None: ...
    def swap(self, folder: Path) -> Path | None: ...
    def remove(self, folder: Path) -> None: ...
    def reload(self, daemons: list[str], facts: Facts) -> None: ...
    def probe(self, daemons: list[str], facts: Facts) -> None: ...


class Exchange:
    """How a configuration is put in force.

    `reload-wanted` beside the configurations names the daemons that may not yet have taken the one in force. It is
    written before the swap and removed after the reload, so that a job process that was killed between them makes up
    for it at its next start.
    """

    def __init__(self, configuration: Configuration, folders: Path) -> None:
        self.configuration, self.folders = configuration, folders
        # Called with the settings to come before the swap: what the daemons look up must already be there. When they do
        # not come in force, called again with those that stay.
        self.prepare: Callable[[AllValues], None] = lambda _: None
        self.owed = folders / "reload-wanted"

    @contextmanager
    def put_in_force(
        self, folder: Path, rendered: Rendered, before: Rendered, now: Facts, then: Facts
    ) -> Iterator[list[str]]:
        """Put `rendered` in force as `folder`; the body of the `with` gets the changed daemons and may still refuse.

        before, then: files and facts that are in force. Raises ApplyFailed with `daemon` when a step fails, or what
        the body raises; then the former configuration is in force again.
        """
        daemons, former = self.configuration, self.configuration.current()
        changed = changed_daemons(before, rendered)
        started = [name for name in daemons.wanted(now) if name not in daemons.wanted(then)]
        try:
            with failing_as("check_failed"):
                daemons.write(folder, rendered)
                daemons.check(folder, rendered, changed)
                self.prepare(now.settings)
                self._owe(changed)
                daemons.swap(folder)
            with failing_as("reload_failed"):
                daemons.reload(changed, now)
            with failing_as("probe_failed"):
                daemons.probe([*changed, *(name for name in started if name not in changed)], now)
            yield changed
        except Exception:
            self._back(folder, former, changed, then)
            self._unprepare(then.settings)
            raise
        self.owed.unlink(missing_ok=True)
        if former is not None:
            daemons.remove(former)

    def _back(self, folder: Path, former: Path | None, changed: list[str], then: Facts) -> None:
        """The former configuration again, whatever the daemons say to it: it has worked until now."""
        if former is not None and self.configuration.current() != former:
            self.configuration.swap(former)
            try:
                self.configuration.reload(changed, then)
                self.owed.unlink(missing_ok=True)
            except DaemonFailed as reason:
                LOG.error("after an undone Apply: %s", reason.message)
        else:
            self.owed.unlink(missing_ok=True)
        self.configuration.remove(folder)

    def _unprepare(self, values: AllValues) -> None:
        try:
            self.prepare(values)
        except (DaemonFailed, OSError) as reason:
            LOG.error("what the daemons look up, after an undone Apply: %s", reason)

    def settle_debts(self, facts: Facts) -> list[str]:
        """Reload what an interrupted exchange did not; ids of those daemons. Raises DaemonFailed."""
        try:
            changed: list[str] = json.loads(self.owed.read_text())
        except FileNotFoundError:
            return []
        self.configuration.reload(changed, facts)
        self.owed.unlink()
        return changed

    def _owe(self, changed: list[str]) -> None:
        durable.replace(self.owed, json.dumps(changed))


@contextmanager
def failing_as(code: str) -> Iterator[None]:
    """What a daemon or the disk objects to becomes ApplyFailed with this code and `daemon`."""
    try:
        yield
    except DaemonFailed as reason:
        raise ApplyFailed(reason.message, code=code, **{"daemon": "", **reason.more}) from reason
    except OSError as reason:
        raise ApplyFailed(
            f"The files cannot be written: {reason.strerror}.",
            code=code,
            daemon="",
            next="Nothing was changed. Look whether the volume is full.",
        ) from reason
