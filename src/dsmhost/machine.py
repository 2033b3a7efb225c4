"""A machine: made in a folder, switched on and off, and used from outside."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dsmhost import forward
from dsmhost.mailbox import messages
from dsmhost.power import volume
from dsmhost.root import root
from dsmhost.spk import Refused
from dsmhost.world_page import PAGE_PORT

START_LIMIT_S = 60.0
OFF_LIMIT_S = 60.0
ANSWER_LIMIT_S = 900.0
LOOK_AGAIN_S = 0.02
# As over SSH: neither /usr/syno/bin nor /usr/syno/sbin.
PATH = "/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
# The shell is the machine's process number 1: it collects orphans, and ends when the first process does.
FIRST = '"$1" -B -m dsmhost.first "$2"; exit $?'
NAMESPACES = ("unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--fork", "--kill-child")
SHUT_OUT = ("pid", "world.pid", "control.sock")


@dataclass
class Machine:
    """One machine in `folder`.

    profile: "6.2" or "7". number: its place among machines running side by side (its network is 10.77.number.0/24).
    forwards: {port on the host: port of the machine}. world_page: the host's port that leads to the outside world's
    page, 0 for none. listen: the host's address where these ports are open. volumes: how many are plugged in at boot.
    """

    folder: Path
    profile: str = "7"
    number: int = 1
    forwards: dict[int, int] = field(default_factory=dict)
    listen: str = "127.0.0.1"
    world_page: int = 0
    volumes: int = 1
    _power: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.folder = Path(self.folder).absolute()

    @classmethod
    def at(cls, folder: Path) -> Machine:
        """The machine that was created in this folder. Raises OSError when there is none."""
        facts = json.loads((folder / "machine.json").read_text())
        facts["forwards"] = {int(outside): inside for outside, inside in facts["forwards"].items()}
        return cls(folder=folder, **facts)

    @property
    def address(self) -> str:
        """The machine's own address, on the network it shares with the outside world."""
        return f"10.77.{self.number}.2"

    @property
    def root(self) -> Path:
        """The machine's root, for programs in its mount namespace; elsewhere an empty folder."""
        return self.folder / "root"

    def create(self) -> None:
        """Make the machine's folders and note what it is; what an existing machine holds is left as it is."""
        for name in ("root", "upper", "work", *map(volume, range(1, self.volumes + 1))):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        names = ("profile", "number", "forwards", "listen", "world_page", "volumes")
        (self.folder / "machine.json").write_text(json.dumps({name: getattr(self, name) for name in names}))

    def boot(self) -> None:
        """Switch it on; when this returns, its packages have been started.

        Raises PortTaken before anything is started, RuntimeError with its own words when it does not come up.
        """
        if self.is_on():
            return
        for name in SHUT_OUT:
            (self.folder / name).unlink(missing_ok=True)
        with contextlib.ExitStack() as opened:
            console = opened.enter_context((self.folder / "console.log").open("wb"))
            doors = [
                (opened.enter_context(forward.open_door(self.listen, outside)).fileno(), self.address, inside)
                for outside, inside in self.forwards.items()
            ]
            if self.world_page:
                door = opened.enter_context(forward.open_door(self.listen, self.world_page))
                doors.append((door.fileno(), f"10.77.{self.number}.1", PAGE_PORT))
            facts = {"folder": str(self.folder), "lower": str(root()), "profile": self.profile, "number": self.number}
            told = json.dumps({**facts, "doors": doors, "volumes": self.volumes}, ensure_ascii=False)
            self._power = subprocess.Popen(
                (*NAMESPACES, "sh", "-c", FIRST, "sh", sys.executable, told),
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
                pass_fds=[door[0] for door in doors],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )  # fmt: skip
        self._wait_on(self._power)
        self.ask("ready")

    def _wait_on(self, power: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_LIMIT_S
        while not self.is_on():
            if power.poll() is not None or time.monotonic() > until:
                power.kill()
                power.wait()
                raise RuntimeError(f"The machine did not start:\n{self.console()[-3000:]}")
            time.sleep(LOOK_AGAIN_S)

    def console(self) -> str:
        """What the machine has said since it was switched on."""
        return (self.folder / "console.log").read_text(errors="replace")

    def is_on(self) -> bool:
        """Whether its first process answers."""
        try:
            return bool(self.ask("ping", limit_s=2.0))
        except (OSError, ValueError):
            return False

    def pid(self) -> int:
        """Its process number 1, as this host numbers it. Raises ProcessLookupError when it is off."""
        found = self._alive("pid")
        if found is None:
            raise ProcessLookupError("the machine is off")
        return found

    def _alive(self, which: str) -> int | None:
        """The process that a pid file names, while it lives and still is this machine's."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.folder / which).read_text())
            if str(self.folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        return None

    def ask(self, what: str, limit_s: float = ANSWER_LIMIT_S, **facts: Any) -> Any:
        """Ask the first process. Raises OSError when the machine is off, Refused as Package Center would.

        install(file, wizard, start) · repair(file, wizard) · uninstall(name, wizard) · start(name) · stop(name) ·
        status(name) · packages(). `file` is the SPK's path on this host; `wizard` the answers that differ from the
        wizard's defaults.
        """
        with socket.socket(socket.AF_UNIX) as link, opened_folder(self.folder) as folder:
            link.settimeout(limit_s)
            # However long the folder's path is: the name of a socket holds 107 bytes.
            link.connect(f"/proc/self/fd/{folder}/control.sock")
            link.sendall(json.dumps({"what": what, **facts}, default=str).encode() + b"\n")
            with link.makefile() as lines:
                answer = json.loads(lines.readline() or "null")
        if answer is None:
            raise OSError("the machine went off")
        if "refused" in answer:
            raise Refused(answer["refused"]["code"], answer["refused"]["message"])
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def run(
        self, *argv: str | Path, check: bool = True, stdin: str | None = None, user: str = "root", limit_s: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the machine, as its root or another user, with the PATH of a shell over SSH.

        Raises CalledProcessError, TimeoutExpired.
        """
        words = [str(word) for word in argv]
        if user != "root":
            words = ["setpriv", f"--reuid={user}", f"--regid={self._group(user)}", "--init-groups", "--", *words]
        return subprocess.run(
            (*self._inside(), "chroot", str(self.root), "/usr/bin/env", "-i", f"PATH={PATH}", "HOME=/root", *words),
            input=stdin, capture_output=True, text=True, check=check, timeout=limit_s, errors="replace",
        )  # fmt: skip

    def _inside(self) -> Sequence[str]:
        # -r: this host may itself be a chroot, which entering a mount namespace would leave.
        # When nsenter is killed, what it started ends too.
        return ("nsenter", "-t", str(self.pid()), "-m", "-p", "-n", "-u", "-i", "-r", "setpriv", "--pdeathsig", "KILL")

    def attach(self, number: int) -> None:
        """Bring a volume while the machine runs: its disks were plugged in, or it was unlocked."""
        name = volume(number)
        words = ("mount", "--bind", str(self.folder / name), str(self.root / name))
        subprocess.run(("nsenter", "-t", str(self.pid()), "-m", "-r", *words), check=True)

    def _group(self, user: str) -> str:
        return self.run("id", "-g", user).stdout.strip()

    def network(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program of this host in the machine's network only: a client on the machine itself."""
        return subprocess.run(("nsenter", f"--net=/proc/{self.pid()}/ns/net", *argv), **options)

    def world(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program of this host in the outside world's network: a client from elsewhere."""
        pid = self._alive("world.pid")
        if pid is None:
            raise ProcessLookupError("the machine is off")
        return subprocess.run(("nsenter", f"--net=/proc/{pid}/ns/net", *argv), **options)

    def world_mail(self) -> list[dict[str, Any]]:
        """What has arrived in the outside world, newest first: {name, from, to, content}."""
        return messages(self.folder / "world-mail")

    def add_user(self, name: str, password: str, full_name: str = "", admin: bool = False) -> None:
        """Make a user of the machine as DSM's Control Panel would."""
        self.run("/usr/syno/bin/synouser", "--add", name, password, full_name, "0", "", "0")
        if admin:
            self.run("/usr/syno/bin/synogroup", "--memberadd", "administrators", name)

    def set_password(self, name: str, password: str) -> None:
        """Change a user's password."""
        self.run("/usr/syno/bin/synouser", "--setpw", name, password)

    def shutdown(self) -> None:
        """Stop packages and switch off."""
        processes = self._processes()
        if self.is_on():
            self.ask("shutdown")
        self._wait_off(processes)

    def power_cut(self) -> None:
        """Pull the plug: process number 1 is killed, and with it everything else."""
        processes = self._processes()
        if processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(processes[0], signal.SIGKILL)
        self._wait_off(processes)

    def _processes(self) -> list[int]:
        """Process number 1, and its parent on this host, which holds the forwarded ports too."""
        pid = self._alive("pid")
        return [] if pid is None else [pid, parent(pid)]

    def _wait_off(self, processes: list[int]) -> None:
        """Until its last process is gone. Raises RuntimeError when it lives on."""
        until = time.monotonic() + OFF_LIMIT_S
        while any(running(pid) for pid in processes):
            if time.monotonic() > until:
                raise RuntimeError(f"The machine does not go off:\n{self.console()[-3000:]}")
            time.sleep(LOOK_AGAIN_S)
        if self._power is not None:
            self._power.wait(OFF_LIMIT_S)
            self._power = None

    def delete(self) -> None:
        """Switch it off and leave no trace of it."""
        self.power_cut()
        if self.folder.exists():
            shutil.rmtree(self.folder)


@contextlib.contextmanager
def opened_folder(folder: Path) -> Iterator[int]:
    """The folder's file descriptor. Raises OSError."""
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield opened
    finally:
        os.close(opened)


def parent(pid: int) -> int:
    """The process's parent; 0 when there is none here."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def running(pid: int) -> bool:
    """Whether this process still runs. A machine's process number 1 is a zombie only when all others have ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
