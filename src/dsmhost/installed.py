"""An installed package: its folders as DSM lays them, per profile."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from dsmhost import accounts
from dsmhost.privilege import Privilege, of_installed
from dsmhost.spk import CHUNK, FORMAT, Refused, Spk, parse_info

VOLUME = "/volume1"
# name below /var/packages/P -> folder on the volume (DSM 7)
FOLDERS_7 = {"target": "@appstore", "etc": "@appconf", "var": "@appdata", "tmp": "@apptemp", "home": "@apphome"}
COPIES = ("conf", "scripts", "WIZARD_UIFILES")
FILES = ("INFO", "LICENSE", "CHANGELOG", "PACKAGE_ICON.PNG", "PACKAGE_ICON_256.PNG")
SHOWN = "usr/syno/synoman/webman/3rdparty"


class Installed:
    """One package under /var/packages."""

    def __init__(self, root: Path, profile: str, name: str) -> None:
        self.root, self.profile, self.name = root, profile, name
        self.base = root / "var/packages" / name
        self.carried_folder = f"{VOLUME}/@tmp/upgrade/{name}"

    def folder(self, which: str) -> str:
        """Path in the machine of target, etc, var, tmp or home; DSM 6 has only target and etc."""
        if self.profile == "7":
            return f"{VOLUME}/{FOLDERS_7[which]}/{self.name}"
        return {"target": f"{VOLUME}/@appstore/{self.name}", "etc": f"/usr/syno/etc/packages/{self.name}"}[which]

    def outside(self, path: str) -> Path:
        """A path in the machine as the first process sees it."""
        return self.root / path.lstrip("/")

    @property
    def info(self) -> dict[str, str]:
        return parse_info((self.base / "INFO").read_bytes())

    @property
    def version(self) -> str:
        return self.info["version"]

    @property
    def state(self) -> str:
        """ "installed" | "corrupted"."""
        mark = self.base / ".state"
        return mark.read_text() if mark.exists() else "installed"

    def mark(self, state: str) -> None:
        """Remember the state."""
        (self.base / ".state").write_text(state)

    @property
    def enabled(self) -> bool:
        return (self.base / "enabled").exists()

    def enable(self, on: bool) -> None:
        """Switch it on or off, for this and every later power-on."""
        flag = self.base / "enabled"
        flag.touch() if on else flag.unlink(missing_ok=True)

    @property
    def privilege(self) -> Privilege:
        return of_installed(self.base)

    def stage(self, fresh: Spk) -> str:
        """Unpack the SPK beside; the staging folder's path in the machine. Raises Refused for a broken payload."""
        staged = f"{VOLUME}/@tmp/{self.name}.inst"
        shutil.rmtree(self.outside(staged), ignore_errors=True)
        self.outside(f"{staged}/package").mkdir(parents=True)
        for name, content in fresh.members.items():
            file = self.outside(f"{staged}/{name}")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755 if name.startswith("scripts/") or name.endswith(".sh") else 0o644)
        try:
            self._unpack(fresh, f"{staged}/package")
            ui = fresh.info.get("dsmuidir", "")
            if ui and not (self.outside(f"{staged}/package") / ui).is_dir():
                raise Refused(FORMAT, f"dsmuidir {ui} is not in package.tgz")
        except Refused:
            self.discard(staged)
            raise
        return staged

    def _unpack(self, fresh: Spk, into: str) -> None:
        """Stream the payload through the machine's own tar: a path in it cannot leave the machine."""
        words = ("chroot", str(self.root), "tar", "-x", fresh.compression, "--no-same-owner", "-C", into, "-f", "-")
        tar = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        assert tar.stdin and tar.stderr
        offset, left = fresh.payload
        try:
            with fresh.file.open("rb") as outer, tar.stdin:
                outer.seek(offset)
                while left and (chunk := outer.read(min(CHUNK, left))):
                    tar.stdin.write(chunk)
                    left -= len(chunk)
        except BrokenPipeError:
            pass
        said = tar.stderr.read().decode(errors="replace")
        if tar.wait():
            raise Refused(FORMAT, f"package.tgz cannot be unpacked: {said.strip()[-300:]}")

    def discard(self, staged: str) -> None:
        """Remove a staging folder."""
        shutil.rmtree(self.outside(staged), ignore_errors=True)

    def put_in_place(self, staged: str, privilege: Privilege) -> None:
        """The staged payload becomes target; INFO, conf, scripts and wizards are copied; folders are made and owned."""
        target = self.outside(self.folder("target"))
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        source = self.outside(staged)
        self._own(source / "package", privilege)
        (source / "package").rename(target)
        self.base.mkdir(parents=True, exist_ok=True)
        for name in COPIES:
            shutil.rmtree(self.base / name, ignore_errors=True)
            if (source / name).exists():
                shutil.copytree(source / name, self.base / name)
        for name in FILES:
            (self.base / name).unlink(missing_ok=True)
            if (source / name).exists():
                shutil.copy(source / name, self.base / name)
        self._folders(privilege)
        self._show_ui()

    def fill_resource(self, answers: dict[str, str]) -> None:
        """{{wizard_key}} in conf/resource becomes what was answered."""
        file = self.base / "conf/resource"
        if file.exists():
            filled = re.sub(r"\{\{(\w+)\}\}", lambda one: answers.get(one[1], one[0]), file.read_text())
            file.write_text(filled)

    def _ids(self, privilege: Privilege) -> tuple[int, int]:
        """Who owns the files: the package's account, or root with the package's group when there is one."""
        found = accounts.ids(self.root, privilege) or (0, 0)
        return (0, found[1]) if privilege.run_as != "package" else found

    def _own(self, folder: Path, privilege: Privilege) -> None:
        """Everything there belongs to the package; changing the owner takes set-id bits and capabilities off files."""
        user, group = self._ids(privilege)
        subprocess.run(("chown", "-hR", f"{user}:{group}", str(folder)), check=True)

    def _folders(self, privilege: Privilege) -> None:
        """What DSM keeps for the package; a folder that is there already stays as it is."""
        for which in FOLDERS_7 if self.profile == "7" else ("target", "etc"):
            path = self.outside(self.folder(which))
            if not path.exists():
                path.mkdir(parents=True)
                path.chmod(0o700 if which == "home" else 0o755)
                os.chown(path, *self._ids(privilege))
            link = self.base / which
            if not link.is_symlink():
                link.symlink_to(self.folder(which))

    def _show_ui(self) -> None:
        shown = self.root / SHOWN / self.name
        shown.unlink(missing_ok=True)
        if self.info.get("dsmuidir"):
            shown.symlink_to(f"{self.folder('target')}/{self.info['dsmuidir']}")

    def carry_over(self, privilege: Privilege) -> None:
        """Make the folder that survives an upgrade for the scripts to use (SYNOPKG_TEMP_UPGRADE_FOLDER)."""
        path = self.outside(self.carried_folder)
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        os.chown(path, *self._ids(privilege))

    def carried(self) -> None:
        """The upgrade is done: what was carried over goes."""
        shutil.rmtree(self.outside(self.carried_folder), ignore_errors=True)

    def scripts_copy(self) -> str:
        """Scripts that outlive the package, for postuninst: their folder in the machine."""
        kept = f"{VOLUME}/@tmp/{self.name}.uninst"
        shutil.rmtree(self.outside(kept), ignore_errors=True)
        shutil.copytree(self.base / "scripts", self.outside(kept) / "scripts")
        return kept

    def remove_target(self) -> None:
        """Remove what an uninstall removes before postuninst: target, and tmp on DSM 7. etc, var and home stay."""
        for which in ("target", "tmp") if self.profile == "7" else ("target",):
            path = self.outside(self.folder(which))
            if path.exists():
                shutil.rmtree(path)

    def remove_rest(self, kept: str) -> None:
        """Remove the package's entry."""
        shutil.rmtree(self.outside(kept), ignore_errors=True)
        (self.root / SHOWN / self.name).unlink(missing_ok=True)
        shutil.rmtree(self.base)
