"""Running a package's scripts as DSM does: as whom, where, and with which SYNOPKG_* variables."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from dsmhost import accounts
from dsmhost.installed import VOLUME, Installed
from dsmhost.privilege import Privilege
from dsmhost.spk import OS_VERSION, PLATFORM

TIME_LIMIT_S = 900
STATUS_LIMIT_S = 20
UNKNOWN = 4
# Neither /usr/syno/bin nor /usr/syno/sbin: packages must set their own.
PATH = "/sbin:/bin:/usr/sbin:/usr/bin"


class ScriptFailed(Exception):
    """A script ended with something else than 0; the text is what it said."""


@dataclass
class Action:
    """What Package Center is doing with a package, as its scripts are told."""

    status: str
    version: str
    old_version: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    staged: str = ""
    spk: str = ""
    port: str = ""
    user: str = "admin"
    # What the scripts had to say to the user, in their order.
    said: list[str] = field(default_factory=list)


class Scripts:
    """All scripts of all packages of one machine."""

    def __init__(self, root: Path, profile: str) -> None:
        self.root, self.profile = root, profile

    def staged(self, package: Installed, privilege: Privilege, script: str, action: Action) -> None:
        """A script of an SPK that is not in place yet; the SPK's own privilege decides who runs it."""
        self._script(package, privilege, f"{action.staged}/scripts/{script}", action)

    def run(self, package: Installed, script: str, action: Action, kept: str = "") -> None:
        """A script of an installed package, or of its copy in the folder `kept`. Raises ScriptFailed."""
        folder = kept or f"/var/packages/{package.name}"
        self._script(package, package.privilege, f"{folder}/scripts/{script}", action)

    def _script(self, package: Installed, privilege: Privilege, path: str, action: Action) -> None:
        optional = path.endswith(("prereplace", "postreplace"))
        if not optional or package.outside(path).exists():
            self._checked(package, privilege, [path], action)

    def verb(self, package: Installed, verb: str, action: Action) -> None:
        """start-stop-status with a verb. Raises ScriptFailed."""
        path = f"/var/packages/{package.name}/scripts/start-stop-status"
        self._checked(package, package.privilege, [path, verb], action)

    def status(self, package: Installed) -> int:
        """The exit code of `status`: 0 running, 1-4 not, 150 broken."""
        path = f"/var/packages/{package.name}/scripts/start-stop-status"
        action = Action("", package.version, user="")
        return self._run(package, package.privilege, [path, "status"], action, STATUS_LIMIT_S).code

    def dynamic(self, package: Installed, privilege: Privilege, path: str, action: Action) -> str:
        """What a wizard's script writes to SYNOPKG_TEMP_LOGFILE."""
        return self._run(package, privilege, [path], action, TIME_LIMIT_S).message

    def _checked(self, package: Installed, privilege: Privilege, argv: list[str], action: Action) -> None:
        done = self._run(package, privilege, argv, action, TIME_LIMIT_S)
        with (self.root / "var/log/packages" / f"{package.name}.log").open("a") as log:
            log.write(f"{' '.join(argv)} ({action.status or 'no status'}) -> {done.code}\n{done.stderr}")
        if done.code:
            words = (done.message or done.stdout or done.stderr).strip()[-2000:]
            raise ScriptFailed(f"{argv[-1].rpartition('/')[2]}: {words or f'exit {done.code}'}")
        if said := (done.message or done.stdout).strip():
            action.said.append(said)

    def _run(
        self, package: Installed, privilege: Privilege, argv: list[str], action: Action, limit_s: float
    ) -> Finished:
        mark = secrets.token_hex(8)
        message, progress = f"/tmp/synopkg.{mark}.log", f"/tmp/synopkg.{mark}.progress"
        for path in (message, progress):
            package.outside(path).touch()
            package.outside(path).chmod(0o666)
        told = {"SYNOPKG_TEMP_LOGFILE": message, "SYNOPKG_PKG_PROGRESS_PATH": progress}
        environment = {**self.environment(package, action), **told, **action.answers}
        words = ["chroot", str(self.root), *self._become(privilege, argv[-1].rpartition("/")[2]), *argv]
        try:
            code, stdout, stderr = to_its_end(words, environment, limit_s)
            with contextlib.suppress(OSError):
                told_message = package.outside(message).read_text(errors="replace")
                return Finished(code, stdout, stderr, told_message)
            return Finished(code, stdout, stderr, "")
        finally:
            for path in (message, progress):
                package.outside(path).unlink(missing_ok=True)

    def _become(self, privilege: Privilege, action: str) -> list[str]:
        if privilege.as_root(action):
            return []
        found = accounts.ids(self.root, privilege)
        if found is None:
            raise ScriptFailed(f"there is no account {privilege.user}")
        return ["setpriv", f"--reuid={found[0]}", f"--regid={found[1]}", "--init-groups", "--"]

    def environment(self, package: Installed, action: Action) -> dict[str, str]:
        """Every variable that DSM gives, without the wizard's answers."""
        major, minor, build = OS_VERSION[self.profile]
        known = {
            "PATH": PATH,
            "SYNOPKG_PKGNAME": package.name,
            "SYNOPKG_PKGVER": action.version,
            "SYNOPKG_OLD_PKGVER": action.old_version,
            "SYNOPKG_PKGDEST": package.folder("target"),
            "SYNOPKG_PKGDEST_VOL": VOLUME,
            "SYNOPKG_PKGPORT": action.port,
            "SYNOPKG_PKG_STATUS": action.status,
            "SYNOPKG_PKGINST_TEMP_DIR": action.staged,
            "SYNOPKG_TEMP_SPKFILE": action.spk,
            # It may outlive its upgrade; then every later script sees it.
            "SYNOPKG_TEMP_UPGRADE_FOLDER": package.carried_folder,
            "SYNOPKG_DSM_LANGUAGE": "enu",
            "SYNOPKG_DSM_VERSION_MAJOR": str(major),
            "SYNOPKG_DSM_VERSION_MINOR": str(minor),
            "SYNOPKG_DSM_VERSION_BUILD": str(build),
            "SYNOPKG_DSM_ARCH": PLATFORM,
            "SYNOPKG_USERNAME": action.user,
        }
        if self.profile == "7":
            for name in ("VAR", "TMP", "HOME"):
                known[f"SYNOPKG_PKG{name}"] = package.folder(name.lower())
        return known


@dataclass
class Finished:
    """How a script ended: its exit code, its words, and what it left in SYNOPKG_TEMP_LOGFILE."""

    code: int
    stdout: str
    stderr: str
    message: str


def to_its_end(argv: list[str], environment: dict[str, str], limit_s: float) -> tuple[int, str, str]:
    """Run a program and wait for it alone, not for the daemons that it leaves behind with its output open.

    Returns (exit code, stdout, stderr); past the limit the program is killed and the code is 4, unknown.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        program = subprocess.Popen(
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
        try:
            code = program.wait(limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()
            code = UNKNOWN
            err.write(f"did not end within {limit_s} s\n".encode())
        out.seek(0)
        err.seek(0)
        return code, out.read().decode(errors="replace"), err.read().decode(errors="replace")
