"""An installed package: its folders as DSM lays them, per profile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from dsmhost import spk as reading
from dsmhost.spk import Spk

VOLUME = "/volume1"
# name below /var/packages/P -> folder on the volume (DSM 7)
FOLDERS_7 = {"target": "@appstore", "etc": "@appconf", "var": "@appdata", "tmp": "@apptemp", "home": "@apphome"}
KEPT_7 = ("etc", "var", "home")
FIRST_PACKAGE_UID = 200_001
COPIES = ("conf", "scripts", "WIZARD_UIFILES")


class Installed:
    """One package under /var/packages."""

    def __init__(self, root: Path, profile: str, name: str) -> None:
        self.root, self.profile, self.name = root, profile, name
        self.base = root / "var/packages" / name

    def folder(self, which: str) -> str:
        """Path in the machine of target, etc, var, tmp or home; DSM 6 has only target and etc."""
        if self.profile == "7":
            return f"{VOLUME}/{FOLDERS_7[which]}/{self.name}"
        return {"target": f"{VOLUME}/@appstore/{self.name}", "etc": f"/usr/syno/etc/packages/{self.name}"}[which]

    def outside(self, path: str) -> Path:
        """A path in the machine as seen from outside."""
        return self.root / path.lstrip("/")

    @property
    def info(self) -> dict[str, str]:
        return reading.parse_info((self.base / "INFO").read_bytes())

    @property
    def version(self) -> str:
        return self.info["version"]

    @property
    def state(self) -> str:
        """ "installed" | "corrupted"."""
        mark = self.base / ".state"
        return mark.read_text() if mark.exists() else "installed"

    def mark(self, state: str) -> None:
        (self.base / ".state").write_text(state)

    @property
    def enabled(self) -> bool:
        return (self.base / "enabled").exists()

    def enable(self, on: bool) -> None:
        flag = self.base / "enabled"
        flag.touch() if on else flag.unlink(missing_ok=True)

    def privilege(self) -> dict[str, Any]:
        """The installed conf/privilege: read at each start, checked only at install."""
        file = self.base / "conf/privilege"
        return json.loads(file.read_text()) if file.exists() else {"defaults": {"run-as": "root"}}

    @property
    def user(self) -> str:
        return str(self.privilege().get("username", self.name))

    @property
    def runs_as_root(self) -> bool:
        return self.privilege()["defaults"]["run-as"] != "package"

    def stage(self, fresh: Spk) -> str:
        """Unpack the SPK beside; the staging folder's path in the machine."""
        staged = f"{VOLUME}/@tmp/{self.name}.inst"
        shutil.rmtree(self.outside(staged), ignore_errors=True)
        for name, content in fresh.members.items():
            file = self.outside(f"{staged}/{name}")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            if name.startswith("scripts/") or name.endswith(".sh"):
                file.chmod(0o755)
        self.outside(f"{staged}/package").mkdir(parents=True)
        reading.unpack(fresh.payload, self.outside(f"{staged}/package"))
        return staged

    def discard(self, staged: str) -> None:
        shutil.rmtree(self.outside(staged), ignore_errors=True)

    def put_in_place(self, staged: str, fresh: Spk) -> None:
        """The staged payload becomes target; INFO, conf, scripts and wizards are copied; folders are made and owned."""
        target = self.outside(self.folder("target"))
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        source = self.outside(staged)
        (source / "package").rename(target)
        self.base.mkdir(parents=True, exist_ok=True)
        for name in COPIES:
            shutil.rmtree(self.base / name, ignore_errors=True)
            if (source / name).exists():
                shutil.copytree(source / name, self.base / name)
        shutil.copy(source / "INFO", self.base / "INFO")
        self.discard(staged)
        self._user()
        self._folders()
        self._own(target)
        self._show_ui(fresh.info)

    def _user(self) -> None:
        """The package's own account, made once (DSM 7: uid above 100000)."""
        if self.runs_as_root or f"\n{self.user}:" in (self.root / "etc/passwd").read_text():
            return
        line = f"{self.user}:x:{FIRST_PACKAGE_UID}:{FIRST_PACKAGE_UID}::/nonexist:/sbin/nologin\n"
        with (self.root / "etc/passwd").open("a") as users:
            users.write(line)
        with (self.root / "etc/group").open("a") as groups:
            groups.write(f"{self.user}:x:{FIRST_PACKAGE_UID}:\n")
        with (self.root / "etc/shadow").open("a") as shadow:
            shadow.write(f"{self.user}:!:20000::::::\n")

    def _folders(self) -> None:
        for which in FOLDERS_7 if self.profile == "7" else ("target", "etc"):
            path = self.outside(self.folder(which))
            path.mkdir(parents=True, exist_ok=True)
            if self.profile == "7" and which != "target":
                os.chown(path, *self._ids())
                path.chmod(0o700 if which == "home" else 0o755)
            link = self.base / which
            if not link.is_symlink():
                link.symlink_to(self.folder(which))

    def _ids(self) -> tuple[int, int]:
        return (0, 0) if self.runs_as_root else (FIRST_PACKAGE_UID, FIRST_PACKAGE_UID)

    def _own(self, target: Path) -> None:
        """Everything in target belongs to the package; set-id bits and capabilities are gone."""
        user, group = self._ids()
        subprocess.run(("chown", "-hR", f"{user}:{group}", str(target)), check=True)

    def _show_ui(self, info: dict[str, str]) -> None:
        shown = self.root / "usr/syno/synoman/webman/3rdparty" / self.name
        shown.unlink(missing_ok=True)
        if info.get("dsmuidir"):
            shown.symlink_to(f"{self.folder('target')}/{info['dsmuidir']}")

    def carry_over(self) -> str:
        """The folder that survives an upgrade for the scripts to use (SYNOPKG_TEMP_UPGRADE_FOLDER)."""
        carried = f"{VOLUME}/@tmp/{self.name}.upgrade"
        path = self.outside(carried)
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        os.chown(path, *self._ids())
        return carried

    def wizard(self, kind: str) -> Any:
        """The steps of an installed wizard."""
        file = self.base / "WIZARD_UIFILES" / f"{kind}_uifile"
        return json.loads(file.read_text()) if file.exists() else []

    def scripts_copy(self) -> str:
        """Scripts that outlive the package, for postuninst."""
        kept = f"{VOLUME}/@tmp/{self.name}.uninst"
        shutil.rmtree(self.outside(kept), ignore_errors=True)
        shutil.copytree(self.base / "scripts", self.outside(kept) / "scripts")
        return kept

    def remove_target(self) -> None:
        shutil.rmtree(self.outside(self.folder("target")), ignore_errors=True)
        if self.profile == "7":
            shutil.rmtree(self.outside(self.folder("tmp")), ignore_errors=True)

    def remove_rest(self, kept: str) -> None:
        shutil.rmtree(self.outside(kept), ignore_errors=True)
        (self.root / "usr/syno/synoman/webman/3rdparty" / self.name).unlink(missing_ok=True)
        shutil.rmtree(self.base, ignore_errors=True)
