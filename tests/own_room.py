"""A room of its own for real daemons: the bundle's root under an overlay, its own network, mounts and processes.

Needs root and the bundle (MAILROOM_BUNDLE names its root, else the newest one in the cache is taken).
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[1] / "src" / "mailroom"
CACHE = Path(os.environ.get("MAILROOM_CACHE", "/var/cache/mailroom"))
CLONE_NEWNET = 0x40000000
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONPATH": "/opt/mailroom/lib:/opt/mailroom/app",
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
}
# Addresses in the room's network: the server's own, a client's on the local network, a client's out there.
SERVER, LAN_CLIENT, CLIENT = "192.0.2.1", "192.0.2.10", "198.51.100.7"
RESOLVER = ("127.0.0.153", 53)
SET_UP = """
ip link set lo up
for address in 192.0.2.1 192.0.2.10 198.51.100.7; do ip address add "$address/32" dev lo; done
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root"
mount -t proc proc proc
mount -t tmpfs -o mode=755 dev dev
for node in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9"; do
  set -- "$1" "$2" "$3" $node; mknod -m 666 "dev/$4" c "$5" "$6"
done
mkdir dev/shm; mount -t tmpfs shm dev/shm
ln -s /proc/self/fd dev/fd; ln -s /proc/self/fd/1 dev/stdout; ln -s /proc/self/fd/2 dev/stderr
mkdir -p data run mail opt/mailroom/app/mailroom
mount --bind "$2/data" data; mount --bind "$2/run" run
mount --bind "$3" opt/mailroom/app/mailroom
[ -z "$DATA_SIZE" ] || mount -t tmpfs -o "size=$DATA_SIZE" small data
echo ready
# As the first process, takes in those whose parents have died.
sleep infinity & wait
"""


def bundle() -> Path | None:
    """The bundle's root, if there is one here and we may use it."""
    if os.geteuid() != 0:
        return None
    if named := os.environ.get("MAILROOM_BUNDLE"):
        return Path(named)
    built = sorted(CACHE.glob("root-amd64-*/root"), key=lambda path: path.parent.stat().st_mtime)
    return built[-1] if built else None


class Room:
    """The room. data_size: makes /data a small disk of its own (tmpfs(5), size)."""

    def __init__(self, root: Path, data_size: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chain-"))
        self.run_folder = self.folder / "run"
        for name in ("data", "run", "upper", "work", "root"):
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)
        self.started: dict[str, subprocess.Popen[bytes]] = {}
        self.first = subprocess.Popen(
            ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-euc", SET_UP,
             "sh", str(root), str(self.folder), str(SOURCE)),
            stdout=subprocess.PIPE, env={**os.environ, "DATA_SIZE": data_size},
        )  # fmt: skip
        assert self.first.stdout is not None and self.first.stdout.readline() == b"ready\n"
        self.inside = child_of(self.first.pid)
        self._resolve()

    @property
    def data_seen(self) -> Path:
        """/data, also when it is a file system of its own."""
        return Path(f"/proc/{self.inside}/root{self.folder}/root/data")

    def _enter(self, command: Sequence[str]) -> list[str]:
        return ["nsenter", "-t", str(self.inside), "-m", "-n", "-p", "chroot", str(self.folder / "root"), *command]

    def execute(self, *command: str, given: str = "") -> str:
        """Run a command inside to its end; its output. Raises CalledProcessError."""
        done = subprocess.run(
            self._enter(command), env=ENVIRONMENT, input=given, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise AssertionError(f"{command[:2]}: {done.stdout}{done.stderr}")
        return done.stdout

    def spawn(self, name: str, argv: Sequence[str], **environment: str) -> None:
        """Start a program whose output is kept under this name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.started[name] = subprocess.Popen(
                self._enter(argv), env={**ENVIRONMENT, **environment}, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def pid(self, name: str) -> int:
        """The daemon's own pid, as the machine sees it."""
        return child_of(self.started[name].pid)

    def tree(self, name: str) -> list[int]:
        """A daemon's processes, as the machine sees them; the first is the daemon itself."""
        found = [self.pid(name)]
        for pid in found:
            found += children_of(pid)
        return found

    def signal(self, name: str, number: int) -> None:
        """Send a signal to one of our daemons."""
        os.kill(self.pid(name), number)

    def signal_all(self, name: str, number: int) -> None:
        """Send a signal to a daemon with all of its processes."""
        # nsenter stops with its child, and has to go on with it.
        for pid in [self.started[name].pid] if number == signal.SIGCONT else []:
            os.kill(pid, number)
        for pid in self.tree(name):
            os.kill(pid, number)

    def cpu_ms(self) -> float:
        """Processor time of everything that runs in the chain, and of what has run and was waited for."""
        space, ticks = os.readlink(f"/proc/{self.inside}/ns/pid"), 0
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(process / "ns" / "pid") == space:
                    ticks += sum(map(int, (process / "stat").read_text().rpartition(")")[2].split()[11:15]))
            except OSError:
                continue
        return ticks * 1000 / os.sysconf("SC_CLK_TCK")

    def stop(self, name: str, number: int = 15) -> None:
        """End a daemon and wait for it."""
        self.signal(name, number)
        self.started.pop(name).wait(20)

    def log(self, name: str) -> str:
        """What a daemon has said so far."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def until(self, true: Callable[[], Any], limit_s: float = 20.0) -> Any:
        """Wait until `true()` is."""
        end = time.monotonic() + limit_s
        while not (found := true()):
            assert time.monotonic() < end, f"not within {limit_s} s; logs in {self.folder}"
            time.sleep(0.1)
        return found

    def socket(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
        """An IPv4 socket that lives in the room's network."""
        made: list[socket.socket] = []

        def make() -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{self.inside}/ns/net") as network:
                if libc.setns(network.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.socket(socket.AF_INET, kind))

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]

    def named(self, question: bytes) -> bytes:
        """The resolver's answer: no name exists."""
        return no_such_name(question)

    def _resolve(self) -> None:
        """Stand for the resolver."""
        self.resolver = self.socket(socket.SOCK_DGRAM)
        self.resolver.bind(RESOLVER)

        def answer() -> None:
            while True:
                try:
                    question, asker = self.resolver.recvfrom(4096)
                except OSError:
                    return
                self.resolver.sendto(self.named(question), asker)

        threading.Thread(target=answer, daemon=True).start()

    def end(self) -> None:
        """Stop everything and leave nothing."""
        self.first.kill()
        self.first.wait()
        for process in self.started.values():
            process.send_signal(signal.SIGCONT)
            process.wait(20)
        self.resolver.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def no_such_name(question: bytes) -> bytes:
    """The DNS answer NXDOMAIN to a question (RFC 1035 4.1.1)."""
    end = question.index(b"\0", 12) + 5
    return question[:2] + b"\x81\x83" + question[4:6] + b"\0" * 6 + question[12:end]


def children_of(pid: int) -> list[int]:
    """The children of a process; none when it has gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def child_of(pid: int, limit_s: float = 5.0) -> int:
    """The one child of a process (nsenter and unshare fork before they become the program)."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if children := children_of(pid):
            return children[0]
        time.sleep(0.02)
    raise AssertionError(f"process {pid} has no child")
