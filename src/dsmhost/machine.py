"""A machine: made in a folder, switched on and off, and used from outside."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dsmhost.root import root
from dsmhost.spk import Refused

START_LIMIT_S = 20.0
ANSWER_LIMIT_S = 900.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin"


@dataclass
class Machine:
    """One machine in `folder`.

    profile: "6.2" or "7". number: its place among machines running side by side (its network is 10.77.number.0/24).
    forwards: {port on the host: port of the machine}.
    """

    folder: Path
    profile: str = "7"
    number: int = 1
    forwards: dict[int, int] = field(default_factory=dict)
    listen: str = "127.0.0.1"

    @property
    def address(self) -> str:
        """The machine's own address, on the network it shares with the outside world."""
        return f"10.77.{self.number}.2"

    @property
    def root(self) -> Path:
        """The machine's root as seen from outside; there only while it runs."""
        return self.folder / "root"

    def create(self) -> None:
        """Make the machine's folders. An existing machine is left as it is."""
        for name in ("root", "upper", "work", "volume1"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "machine.json").write_text(json.dumps({"profile": self.profile, "number": self.number}))

    def boot(self) -> None:
        """Switch it on and wait until it answers. Raises RuntimeError with its words when it does not."""
        if self.is_on():
            return
        facts = {
            "folder": str(self.folder),
            "lower": str(root()),
            "profile": self.profile,
            "number": self.number,
            "forwards": self.forwards,
            "listen": self.listen,
        }
        with (self.folder / "console.log").open("ab") as console:
            subprocess.Popen(
                ("unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", sys.executable, "-B",
                 "-m", "dsmhost.first", json.dumps(facts)),
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )  # fmt: skip
        until = time.monotonic() + START_LIMIT_S
        while not self.is_on():
            if time.monotonic() > until:
                tail = (self.folder / "console.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"The machine did not start:\n{tail}")
            time.sleep(0.05)

    def is_on(self) -> bool:
        """Whether its first process answers."""
        try:
            return bool(self.ask("ping", limit_s=2.0))
        except (OSError, ValueError):
            return False

    def pid(self) -> int:
        """Its first process, as this machine numbers it."""
        return int((self.folder / "pid").read_text())

    def ask(self, what: str, limit_s: float = ANSWER_LIMIT_S, **facts: Any) -> Any:
        """Ask the first process. Raises OSError when the machine is off, Refused as Package Center would."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(limit_s)
            link.connect(str(self.folder / "control.sock"))
            link.sendall(json.dumps({"what": what, **facts}).encode() + b"\n")
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
        """Run a program in the machine, as its root or another user. Raises CalledProcessError."""
        words = [str(word) for word in argv]
        if user != "root":
            words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--", *words]
        return subprocess.run(
            (*self._inside(), "chroot", str(self.root), "/usr/bin/env", "-i", f"PATH={PATH}", "HOME=/root", *words),
            input=stdin, capture_output=True, text=True, check=check, timeout=limit_s, errors="replace",
        )  # fmt: skip

    def network(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program of this host in the machine's network only: a client on the machine itself."""
        return subprocess.run(("nsenter", f"--net=/proc/{self.pid()}/ns/net", *argv), **options)

    def world(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program of this host in the outside world's network: a client from elsewhere."""
        pid = int((self.folder / "world.pid").read_text())
        return subprocess.run(("nsenter", f"--net=/proc/{pid}/ns/net", *argv), **options)

    def _inside(self) -> Sequence[str]:
        return ("nsenter", "-t", str(self.pid()), "-m", "-p", "-n", "-u", "-i")

    def add_user(self, name: str, password: str, full_name: str = "", admin: bool = False) -> None:
        """Make a user of the machine as DSM's Control Panel would."""
        self.run("/usr/syno/bin/synouser", "--add", name, password, full_name, "0", "", "0")
        if admin:
            self.run("usermod", "-aG", "administrators", name)

    def set_password(self, name: str, password: str) -> None:
        """Change a user's password."""
        self.run("/usr/syno/bin/synouser", "--setpw", name, password)

    def shutdown(self) -> None:
        """Stop packages and switch off."""
        if self.is_on():
            self.ask("shutdown")
        self._wait_off()

    def power_cut(self) -> None:
        """Pull the plug: the first process is killed, and with it everything else."""
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        self._wait_off()

    def _wait_off(self) -> None:
        until = time.monotonic() + START_LIMIT_S
        pids = [int(file.read_text()) for name in ("pid", "world.pid") if (file := self.folder / name).exists()]
        while any(Path(f"/proc/{pid}/root").exists() for pid in pids) and time.monotonic() < until:
            time.sleep(0.05)

    def delete(self) -> None:
        """Switch it off and leave no trace of it."""
        if (self.folder / "pid").exists() and self.is_on():
            self.power_cut()
        shutil.rmtree(self.folder, ignore_errors=True)
