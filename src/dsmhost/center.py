"""Package Center: install, upgrade, uninstall, start and stop packages in the orders that DSM keeps."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

from dsmhost import spk as reading
from dsmhost.installed import Installed
from dsmhost.scripts import ScriptFailed, Scripts
from dsmhost.spk import POSTINST, Refused, Spk
from dsmhost.workers import Workers

NOT_NEWER, NOT_THERE, CONFLICT = 270, 255, 272


class Center:
    """The packages of one machine. One action at a time."""

    def __init__(self, root: Path, profile: str) -> None:
        self.root, self.profile = root, profile
        self.scripts, self.workers = Scripts(root, profile), Workers(root, profile)
        self.turn = threading.RLock()

    def packages(self) -> list[str]:
        """Ids of what is installed."""
        return sorted(path.name for path in (self.root / "var/packages").glob("*") if (path / "INFO").exists())

    def get(self, name: str) -> Installed:
        """An installed package. Raises Refused."""
        if name not in self.packages():
            raise Refused(NOT_THERE, f"{name} is not installed")
        return Installed(self.root, self.profile, name)

    def install(self, file: str, wizard: dict[str, str] | None = None, start: bool = True) -> dict[str, Any]:
        """Install or upgrade from an SPK file. Raises Refused; scripts' own words are in the package's log."""
        with self.turn:
            fresh = reading.read(Path(file), self.profile)
            answers = self._wizard(fresh, "install" if fresh.name not in self.packages() else "upgrade", wizard or {})
            if fresh.name in self.packages():
                return self._upgrade(fresh, answers)
            return self._install(fresh, answers, start)

    def _install(self, fresh: Spk, answers: dict[str, str], start: bool) -> dict[str, Any]:
        package = Installed(self.root, self.profile, fresh.name)
        facts = {"status": "INSTALL", "answers": answers, "version": fresh.version}
        self.workers.before_install(fresh)
        staged = package.stage(fresh)
        try:
            self.scripts.staged(package, staged, "prereplace", facts, optional=True)
            self.scripts.staged(package, staged, "preinst", facts)
        except ScriptFailed as reason:
            package.discard(staged)
            raise Refused(POSTINST, f"preinst failed: {reason}") from None
        package.put_in_place(staged, fresh)
        self.workers.at_install(package)
        try:
            self.scripts.run(package, "postinst", facts)
            self.scripts.run(package, "postreplace", facts, optional=True)
        except ScriptFailed as reason:
            package.mark("corrupted")
            raise Refused(POSTINST, f"postinst failed: {reason}") from None
        package.mark("installed")
        if start:
            self._start(package, "INSTALL")
        return self.status(fresh.name)

    def _upgrade(self, fresh: Spk, answers: dict[str, str]) -> dict[str, Any]:
        package = self.get(fresh.name)
        old = package.version
        if fresh.build <= reading.Spk({"package": "", "version": old}, {}, b"").build:
            raise Refused(NOT_NEWER, f"version {fresh.version} is not newer than {old}")
        facts = {"status": "UPGRADE", "answers": answers, "version": fresh.version, "old_version": old}
        was_running = package.enabled
        if was_running:
            self._stop(package, "UPGRADE")
        staged = package.stage(fresh)
        carried = package.carry_over()
        facts["carried"] = carried
        try:
            self.scripts.staged(package, staged, "preupgrade", facts)
        except ScriptFailed as reason:
            package.discard(staged)
            if was_running:
                self._start(package, "UPGRADE")
            raise Refused(POSTINST, f"preupgrade failed: {reason}") from None
        for script in ("preuninst", "postuninst"):
            self.scripts.run(package, script, {**facts, "version": old})
        self.scripts.staged(package, staged, "prereplace", facts, optional=True)
        try:
            self.scripts.staged(package, staged, "preinst", facts)
            package.put_in_place(staged, fresh)
            self.workers.at_install(package)
            for script in ("postinst", "postreplace", "postupgrade"):
                self.scripts.run(package, script, facts, optional=script == "postreplace")
        except ScriptFailed as reason:
            package.mark("corrupted")
            raise Refused(POSTINST, f"upgrade failed: {reason}") from None
        finally:
            shutil.rmtree(self.root / carried.lstrip("/"), ignore_errors=True)
        package.mark("installed")
        if was_running:
            self._start(package, "UPGRADE")
        return self.status(fresh.name)

    def uninstall(self, name: str, wizard: dict[str, str] | None = None) -> dict[str, Any]:
        """Remove a package. Raises Refused when a script objects before anything was removed."""
        with self.turn:
            package = self.get(name)
            answers = self._check_answers(package.wizard("uninstall"), wizard or {})
            facts = {"status": "UNINSTALL", "answers": answers, "version": package.version}
            if package.enabled:
                self._stop(package, "UNINSTALL")
            try:
                self.scripts.run(package, "preuninst", facts)
            except ScriptFailed as reason:
                raise Refused(POSTINST, f"preuninst failed: {reason}") from None
            self.workers.at_uninstall(package)
            keep = package.scripts_copy()
            package.remove_target()
            try:
                self.scripts.copied(package, keep, "postuninst", facts)
            except ScriptFailed:
                pass
            package.remove_rest(keep)
            return {"success": True}

    def start(self, name: str) -> dict[str, Any]:
        """Start a package. Raises Refused."""
        with self.turn:
            self._start(self.get(name), "START")
            return self.status(name)

    def stop(self, name: str) -> dict[str, Any]:
        """Stop a package. Raises Refused."""
        with self.turn:
            self._stop(self.get(name), "STOP")
            return self.status(name)

    def _start(self, package: Installed, status: str) -> None:
        if package.state == "corrupted":
            raise Refused(150, f"{package.name} is broken and has to be repaired")
        self.workers.at_start(package)
        facts = {"status": status, "version": package.version}
        try:
            self.scripts.verb(package, "prestart", facts)
            self.scripts.verb(package, "start", facts)
        except ScriptFailed as reason:
            raise Refused(POSTINST, f"start failed: {reason}") from None
        package.enable(True)

    def _stop(self, package: Installed, status: str) -> None:
        facts = {"status": status, "version": package.version}
        package.enable(False)
        try:
            self.scripts.verb(package, "prestop", facts)
            self.scripts.verb(package, "stop", facts)
        except ScriptFailed as reason:
            raise Refused(POSTINST, f"stop failed: {reason}") from None
        self.workers.at_stop(package)

    def status(self, name: str) -> dict[str, Any]:
        """{name, version, enabled, state, code}: code is what the package's own script answers to `status`."""
        package = self.get(name)
        code = self.scripts.status(package, {"status": "", "version": package.version}) if package.enabled else 3
        facts = {"version": package.version, "enabled": package.enabled, "state": package.state, "code": code}
        return {"name": name, **facts}

    def poll(self) -> None:
        """Ask each running package; one that says it does not run is stopped as "abnormal"."""
        if not self.turn.acquire(blocking=False):
            return
        try:
            for name in self.packages():
                package = self.get(name)
                if package.enabled and self.scripts.status(package, {"status": "", "version": package.version}) != 0:
                    self.log(f"{name}: abnormal status, stopped")
                    self._stop(package, "STOP")
        except Refused as refused:
            self.log(str(refused))
        finally:
            self.turn.release()

    def boot(self) -> None:
        """Start what was switched on, as at power-on: prestart (since 7.0) and start, with an empty status."""
        with self.turn:
            for name in self.packages():
                package = self.get(name)
                if not package.enabled:
                    continue
                facts = {"status": "", "version": package.version}
                self.workers.at_boot(package)
                try:
                    if self.profile == "7":
                        self.scripts.verb(package, "prestart", facts)
                    self.scripts.verb(package, "start", facts)
                except ScriptFailed as reason:
                    self.log(f"{name}: start at boot failed: {reason}")

    def shutdown(self) -> None:
        """Stop what runs, as at power-off: only `stop`, and it stays switched on."""
        with self.turn:
            for name in self.packages():
                package = self.get(name)
                if package.enabled:
                    try:
                        self.scripts.verb(package, "stop", {"status": "", "version": package.version})
                    except ScriptFailed as reason:
                        self.log(f"{name}: stop at shutdown failed: {reason}")

    def log(self, text: str) -> None:
        """A line in DSM's own package log."""
        with (self.root / "var/log/synopkg.log").open("a") as log:
            log.write(text + "\n")

    def _wizard(self, fresh: Spk, kind: str, given: dict[str, str]) -> dict[str, str]:
        return self._check_answers(fresh.json(f"WIZARD_UIFILES/{kind}_uifile") or [], given)

    def _check_answers(self, steps: Any, given: dict[str, str]) -> dict[str, str]:
        """The wizard's defaults with what was answered; unknown keys are an error of the caller."""
        answers = {
            sub["key"]: json.dumps(default) if isinstance(default := sub.get("defaultValue", ""), bool) else str(default)
            for step in steps
            for item in step.get("items", [])
            for sub in item.get("subitems", [])
        }
        unknown = set(given) - set(answers)
        if unknown:
            raise Refused(reading.FORMAT, f"the wizard does not ask for {', '.join(sorted(unknown))}")
        return {**answers, **given}
