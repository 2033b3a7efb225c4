"""Packages that run: started, stopped, asked how they are, at power-on and at power-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsmhost.installed import Installed
from dsmhost.scripts import Action, ScriptFailed
from dsmhost.spk import POSTINST, Refused

if TYPE_CHECKING:
    from dsmhost.center import Center

BROKEN = 150


class Running:
    """Start and stop for Package Center."""

    def __init__(self, center: Center) -> None:
        self.center, self.starting = center, set[str]()

    def start(self, package: Installed, status: str) -> None:
        """ENABLE, prestart, start. Raises Refused."""
        if package.state == "corrupted":
            raise Refused(BROKEN, f"{package.name} is broken and has to be repaired")
        action = Action(status, package.version)
        self.starting.add(package.name)
        try:
            self.center.workers.at_start(package)
            for verb in ("prestart", "start") if self._prechecks(package) else ("start",):
                self.center.scripts.verb(package, verb, action)
            package.enable(True)
            self.center.restart_services(package.info, "startstop_restart_services")
        except ScriptFailed as reason:
            self.center.workers.at_stop(package)
            raise Refused(POSTINST, str(reason)) from None
        finally:
            self.starting.discard(package.name)

    def stop(self, package: Installed, status: str) -> None:
        """prestop, stop, DISABLE. Raises Refused."""
        action = Action(status, package.version)
        try:
            for verb in ("prestop", "stop") if self._prechecks(package) else ("stop",):
                self.center.scripts.verb(package, verb, action)
        except ScriptFailed as reason:
            raise Refused(POSTINST, str(reason)) from None
        package.enable(False)
        self.center.workers.at_stop(package)
        self.center.restart_services(package.info, "startstop_restart_services")

    def _prechecks(self, package: Installed) -> bool:
        return package.info.get("precheckstartstop", "yes") != "no"

    def poll(self) -> None:
        """One that says it does not run is stopped as "abnormal". Waits for nobody: an action under way goes first."""
        center = self.center
        if not center.turn.acquire(blocking=False):
            return
        try:
            for name in center.packages():
                package = center.get(name)
                if package.enabled and (code := center.scripts.status(package)) != 0:
                    center.log(f"{name}: abnormal status {code}, stopped")
                    package.enable(False)
                    self.stop(package, "STOP")
        except (Refused, ScriptFailed) as reason:
            center.log(str(reason))
        finally:
            center.turn.release()

    def boot(self) -> None:
        """prestart (since 7.0) and start of what was switched on, with an empty status."""
        center = self.center
        with center.turn:
            for name in center.packages():
                package = center.get(name)
                if not package.enabled:
                    continue
                action = Action("", package.version, user="")
                prestart = center.profile == "7" and self._prechecks(package)
                try:
                    for verb in ("prestart", "start") if prestart else ("start",):
                        center.scripts.verb(package, verb, action)
                except ScriptFailed as reason:
                    center.log(f"{name}: start at boot failed: {reason}")

    def shutdown(self) -> None:
        """Only `stop`, with an empty status; what ran stays switched on."""
        center = self.center
        with center.turn:
            for name in center.packages():
                package = center.get(name)
                if not package.enabled:
                    continue
                try:
                    center.scripts.verb(package, "stop", Action("", package.version, user=""))
                except ScriptFailed as reason:
                    center.log(f"{name}: stop at shutdown failed: {reason}")
