"""Package Center: install, upgrade, repair, uninstall packages in the orders that DSM keeps."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from dsmhost import accounts, nginx, privilege, relations, wizard, workers
from dsmhost import spk as reading
from dsmhost.installed import Installed
from dsmhost.running import Running
from dsmhost.scripts import Action, ScriptFailed, Scripts
from dsmhost.spk import POSTINST, Refused, Spk
from dsmhost.workers import Workers

# Numbers of our own, where DSM's are not known.
NOT_THERE, NOT_NEWER, NOT_CORRUPTED = 255, 270, 271


class Center:
    """The packages of one machine. One action at a time."""

    def __init__(self, root: Path, profile: str) -> None:
        self.root, self.profile = root, profile
        self.scripts, self.workers = Scripts(root, profile), Workers(root)
        self.turn = threading.RLock()
        self.running = Running(self)
        # What nginx's own files serve for packages: as it was when nginx was last restarted.
        self.nginx = nginx.portals(root)

    def packages(self) -> list[str]:
        """Ids of what is installed."""
        return sorted(path.parent.name for path in (self.root / "var/packages").glob("*/INFO"))

    def get(self, name: str) -> Installed:
        """An installed package. Raises Refused."""
        if name not in self.packages():
            raise Refused(NOT_THERE, f"{name} is not installed")
        return Installed(self.root, self.profile, name)

    def read(self, file: str) -> Spk:
        """Read and judge an SPK. Raises Refused."""
        fresh = reading.open_spk(Path(file))
        reading.judge(fresh, self.profile)
        privilege.judge(fresh, self.profile)
        workers.judge(fresh, self.profile)
        wizard.judge(fresh)
        return fresh

    def install(
        self, file: str, wizard: dict[str, str] | None = None, start: bool = True, asked: bool = True
    ) -> dict[str, Any]:
        """Install or upgrade from an SPK file, or repair from the same version.

        wizard: answers that differ from the wizard's defaults. asked: whether a wizard is shown at all; the command
        line shows none, and gives no variables. Returns the status and what the scripts said. Raises Refused.
        """
        with self.turn:
            fresh = self.read(file)
            answers = wizard or {} if asked else None
            if fresh.name in self.packages():
                return self._upgrade(fresh, answers, self.get(fresh.name).state == "corrupted")
            return self._install(fresh, answers, start)

    def repair(self, file: str, wizard: dict[str, str] | None = None) -> dict[str, Any]:
        """Put a corrupted package right from an SPK of the same version or a newer one. Raises Refused."""
        with self.turn:
            fresh = self.read(file)
            if self.get(fresh.name).state != "corrupted":
                raise Refused(NOT_CORRUPTED, f"{fresh.name} needs no repair")
            return self._upgrade(fresh, wizard or {}, repair=True)

    def _action(self, status: str, fresh: Spk, old: str = "") -> Action:
        inside = f"/{fresh.file.relative_to(self.root)}" if fresh.file.is_relative_to(self.root) else ""
        return Action(status, fresh.version, old, spk=inside, port=fresh.info.get("adminport", ""))

    def _install(self, fresh: Spk, given: dict[str, str] | None, start: bool) -> dict[str, Any]:
        package = Installed(self.root, self.profile, fresh.name)
        relations.judge(self, fresh)
        wanted, action = privilege.of_spk(fresh), self._action("INSTALL", fresh)
        self._account(wanted)
        action.staged = package.stage(fresh)
        try:
            action.answers = self._answers(package, wanted, "install", action, given)
            self.scripts.staged(package, wanted, "prereplace", action)
            self.scripts.staged(package, wanted, "preinst", action)
        except (ScriptFailed, Refused) as reason:
            package.discard(action.staged)
            raise _refused(reason) from None
        package.put_in_place(action.staged, wanted)
        package.fill_resource(action.answers)
        action.said += self.workers.at_install(package)
        self._finish(package, action, ("postinst", "postreplace"))
        self.restart_services(package.info, "instuninst_restart_services")
        if start:
            self.running.start(package, "INSTALL")
        return {**self.status(fresh.name), "said": action.said}

    def _upgrade(self, fresh: Spk, given: dict[str, str] | None, repair: bool) -> dict[str, Any]:
        package = self.get(fresh.name)
        self._judge_upgrade(fresh, package, repair)
        wanted, action = privilege.of_spk(fresh), self._action("UPGRADE", fresh, package.version)
        old = Action("UPGRADE", package.version, package.version)
        self._account(wanted)
        action.staged = package.stage(fresh)
        was_running = package.enabled
        try:
            if was_running:
                self.running.stop(package, "UPGRADE")
            package.carry_over(wanted)
            old.answers = action.answers = self._answers(package, wanted, "upgrade", action, given)
            self.scripts.staged(package, wanted, "preupgrade", action)
            self.scripts.run(package, "preuninst", old)
            self._old_postuninst(package, old)
            self.scripts.staged(package, wanted, "prereplace", action)
            self.scripts.staged(package, wanted, "preinst", action)
        except (ScriptFailed, Refused) as reason:
            # The old version is still there, whole; it goes on when it ran.
            package.discard(action.staged)
            if was_running and not package.enabled:
                self.running.start(package, "UPGRADE")
            raise _refused(reason) from None
        self.workers.at_uninstall(package)
        package.put_in_place(action.staged, wanted)
        package.fill_resource(action.answers)
        action.said += self.workers.at_install(package)
        self._finish(package, action, ("postinst", "postreplace", "postupgrade"))
        package.carried()
        self.restart_services(package.info, "instuninst_restart_services")
        if was_running:
            self.running.start(package, "UPGRADE")
        return {**self.status(fresh.name), "said": action.said}

    def _judge_upgrade(self, fresh: Spk, package: Installed, repair: bool) -> None:
        new, old = reading.numbers(fresh.version), reading.numbers(package.version)
        # The build is what grows.
        if (new[-1] < old[-1] or new < old) if repair else (new[-1] <= old[-1] or new <= old):
            raise Refused(NOT_NEWER, f"version {fresh.version} is not newer than {package.version}")
        privilege.judge_upgrade(fresh, package.base)
        relations.judge(self, fresh)

    def _account(self, wanted: privilege.Privilege) -> None:
        if wanted.run_as == "package" or "package" in wanted.scripts.values():
            accounts.ensure(self.root, self.profile, wanted)

    def _old_postuninst(self, package: Installed, old: Action) -> None:
        try:
            self.scripts.run(package, "postuninst", old)
        except ScriptFailed as reason:
            self.log(f"{package.name}: {reason}")

    def _finish(self, package: Installed, action: Action, scripts: tuple[str, ...]) -> None:
        """What follows when the files are in place; a script that fails leaves the package corrupted."""
        try:
            for script in scripts:
                self.scripts.run(package, script, action)
        except ScriptFailed as reason:
            package.mark("corrupted")
            raise _refused(reason) from None
        finally:
            package.discard(action.staged)
        package.mark("installed")

    def uninstall(self, name: str, wizard: dict[str, str] | None = None, asked: bool = True) -> dict[str, Any]:
        """Remove a package. Raises Refused when a script objects before anything was removed."""
        with self.turn:
            package = self.get(name)
            relations.judge_removal(self, name)
            action = Action("UNINSTALL", package.version)
            given = wizard or {} if asked else None
            action.answers = self._answers(package, package.privilege, "uninstall", action, given)
            if package.enabled:
                self.running.stop(package, "UNINSTALL")
            try:
                self.scripts.run(package, "preuninst", action)
            except ScriptFailed as reason:
                raise _refused(reason) from None
            self.workers.at_uninstall(package)
            kept, info = package.scripts_copy(), package.info
            package.remove_target()
            try:
                self.scripts.run(package, "postuninst", action, kept)
            except ScriptFailed as reason:
                self.log(f"{name}: {reason}")
            package.remove_rest(kept)
            self.restart_services(info, "instuninst_restart_services")
            return {"success": True, "said": action.said}

    def _answers(
        self,
        package: Installed,
        wanted: privilege.Privilege,
        kind: str,
        action: Action,
        given: dict[str, str] | None,
    ) -> dict[str, str]:
        """What the wizard of this kind gives to the scripts: nothing when none is shown."""
        if given is None:
            return {}
        folder = action.staged or f"/var/packages/{package.name}"
        for name in (*wizard.names(kind, ".sh"), *wizard.names(kind)):
            file = package.outside(f"{folder}/{name}")
            if not file.exists():
                continue
            content = file.read_bytes()
            if name.endswith(".sh"):
                content = self.scripts.dynamic(package, wanted, f"{folder}/{name}", action).encode()
                if not content.strip():
                    break
            return wizard.answers(wizard.steps(content, name), given)
        return wizard.answers([], given)

    def restart_services(self, info: dict[str, str], key: str) -> None:
        """Restart the services that INFO names under this key: nginx is the one that shows."""
        if {"nginx", "nginx.service"} & set(info.get(key, "").split()):
            self.nginx = nginx.portals(self.root)

    def start(self, name: str) -> dict[str, Any]:
        """Start a package. Raises Refused."""
        with self.turn:
            self.running.start(self.get(name), "START")
            return self.status(name)

    def stop(self, name: str) -> dict[str, Any]:
        """Stop a package. Raises Refused."""
        with self.turn:
            self.running.stop(self.get(name), "STOP")
            return self.status(name)

    def status(self, name: str) -> dict[str, Any]:
        """{name, version, enabled, state, code}: code is what the package's own script answers to `status`."""
        package = self.get(name)
        code = self.scripts.status(package) if package.enabled else 3
        code = 150 if package.state == "corrupted" else code
        facts = {"version": package.version, "enabled": package.enabled, "state": package.state, "code": code}
        return {"name": name, **facts}

    def poll(self) -> None:
        """Ask each running package how it is."""
        self.running.poll()

    def boot(self) -> None:
        """Start what was switched on, as at power-on."""
        self.running.boot()

    def shutdown(self) -> None:
        """Stop what runs, as at power-off."""
        self.running.shutdown()

    def log(self, text: str) -> None:
        """A line in DSM's own package log."""
        with (self.root / "var/log/synopkg.log").open("a") as log:
            log.write(text + "\n")


def _refused(reason: Exception) -> Refused:
    return reason if isinstance(reason, Refused) else Refused(POSTINST, str(reason))
