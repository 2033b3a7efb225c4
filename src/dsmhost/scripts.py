"""Running a package's scripts as DSM does: as whom, where, and with which SYNOPKG_* variables."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from dsmhost.installed import VOLUME, Installed
from dsmhost.spk import OS_VERSION

TIME_LIMIT_S = 600
STATUS_LIMIT_S = 20
# Neither /usr/syno/bin nor /usr/syno/sbin: packages must set their own.
PATH = "/sbin:/bin:/usr/sbin:/usr/bin"


class ScriptFailed(Exception):
    """A script ended with something else than 0; the text is what it said."""


class Scripts:
    """All scripts of all packages of one machine."""

    def __init__(self, root: Path, profile: str) -> None:
        self.root, self.profile = root, profile

    def staged(self, package: Installed, staged: str, script: str, facts: dict[str, Any], optional: bool = False) -> None:
        """A script of an SPK that is not in place yet."""
        path = f"{staged}/scripts/{script}"
        if optional and not package.outside(path).exists():
            return
        # Before its privilege is installed, the SPK's own decides who runs it.
        as_root = self.profile == "6.2" or (package.base.exists() and package.runs_as_root)
        self._checked(package, [path], {**facts, "staged": staged}, as_root)

    def run(self, package: Installed, script: str, facts: dict[str, Any], optional: bool = False) -> None:
        """A script of an installed package. Raises ScriptFailed."""
        path = f"/var/packages/{package.name}/scripts/{script}"
        if optional and not package.outside(path).exists():
            return
        self._checked(package, [path], facts, package.runs_as_root)

    def copied(self, package: Installed, kept: str, script: str, facts: dict[str, Any]) -> None:
        """A script of a package whose target is gone already."""
        self._checked(package, [f"{kept}/scripts/{script}"], facts, package.runs_as_root)

    def verb(self, package: Installed, verb: str, facts: dict[str, Any]) -> None:
        """start-stop-status with a verb. Raises ScriptFailed."""
        path = f"/var/packages/{package.name}/scripts/start-stop-status"
        self._checked(package, [path, verb], facts, package.runs_as_root)

    def status(self, package: Installed, facts: dict[str, Any]) -> int:
        """The exit code of `status`: 0 running, 1-4 not, 150 broken."""
        path = f"/var/packages/{package.name}/scripts/start-stop-status"
        try:
            return self._run(package, [path, "status"], facts, package.runs_as_root, STATUS_LIMIT_S).returncode
        except subprocess.TimeoutExpired:
            return 4

    def _checked(self, package: Installed, argv: list[str], facts: dict[str, Any], as_root: bool) -> None:
        try:
            done = self._run(package, argv, facts, as_root, TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise ScriptFailed(f"{argv[-1]} did not end within {TIME_LIMIT_S} s") from None
        with (self.root / "var/log/packages" / f"{package.name}.log").open("a") as log:
            log.write(f"{' '.join(argv)} -> {done.returncode}\n{done.stdout}{done.stderr}")
        if done.returncode:
            message = self.root / "tmp/synopkg.message"
            said = message.read_text() if message.exists() else ""
            raise ScriptFailed((said or done.stdout or done.stderr).strip()[-500:] or f"exit {done.returncode}")

    def _run(
        self, package: Installed, argv: list[str], facts: dict[str, Any], as_root: bool, limit_s: float
    ) -> subprocess.CompletedProcess[str]:
        message = self.root / "tmp/synopkg.message"
        message.unlink(missing_ok=True)
        message.touch(mode=0o666)
        message.chmod(0o666)
        environment = [f"{name}={value}" for name, value in self.environment(package, facts).items()]
        become = [] if as_root else ["setpriv", f"--reuid={package.user}", f"--regid={package.user}", "--init-groups", "--"]
        if not as_root and not (f"\n{package.user}:" in (self.root / "etc/passwd").read_text()):
            become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
        return subprocess.run(
            ["chroot", str(self.root), "/usr/bin/env", "-i", *environment, *become, *argv],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit_s, check=False, errors="replace",
        )  # fmt: skip

    def environment(self, package: Installed, facts: dict[str, Any]) -> dict[str, str]:
        """Every variable that DSM gives, and the wizard's answers where it gives them."""
        major, minor, build = OS_VERSION[self.profile]
        known = {
            "PATH": PATH,
            "SYNOPKG_PKGNAME": package.name,
            "SYNOPKG_PKGVER": facts["version"],
            "SYNOPKG_OLD_PKGVER": facts.get("old_version", ""),
            "SYNOPKG_PKGDEST": package.folder("target"),
            "SYNOPKG_PKGDEST_VOL": VOLUME,
            "SYNOPKG_PKG_STATUS": facts["status"],
            "SYNOPKG_PKGINST_TEMP_DIR": facts.get("staged", ""),
            "SYNOPKG_TEMP_LOGFILE": "/tmp/synopkg.message",
            "SYNOPKG_TEMP_UPGRADE_FOLDER": facts.get("carried", ""),
            "SYNOPKG_DSM_LANGUAGE": "enu",
            "SYNOPKG_DSM_VERSION_MAJOR": str(major),
            "SYNOPKG_DSM_VERSION_MINOR": str(minor),
            "SYNOPKG_DSM_VERSION_BUILD": str(build),
            "SYNOPKG_DSM_ARCH": "geminilake",
            "SYNOPKG_USERNAME": "admin" if facts["status"] else "",
        }
        if self.profile == "7":
            for name in ("VAR", "TMP", "HOME"):
                known[f"SYNOPKG_PKG{name}"] = package.folder(name.lower())
        return {**known, **facts.get("answers", {})}
