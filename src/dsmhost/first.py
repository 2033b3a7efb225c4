"""The machine's first process: mounts, network, packages, desktop. When it dies, the machine is off.

It keeps the developer's Python and root; everything that belongs to the machine runs chrooted in the machine's root.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dsmhost import forward
from dsmhost.center import Center
from dsmhost.desktop import Desktop
from dsmhost.local_api import LocalApi
from dsmhost.spk import Refused

CLONE_NEWNET = 0x40000000
DEVICES = (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9))
REAP_S = 1.0
POLL_S = 1.0


def mount(*words: str | Path) -> None:
    """mount(8); raises CalledProcessError."""
    subprocess.run(("mount", *map(str, words)), check=True, capture_output=True)


class First:
    """Everything that the first process does."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts, self.folder = facts, Path(facts["folder"])
        self.root = self.folder / "root"
        self.profile, self.number = facts["profile"], int(facts["number"])
        self.stop = asyncio.Event()

    def mount_all(self) -> None:
        """The machine's root: the common layer below, the machine's own changes above, its volume beside."""
        mount("--make-rprivate", "/")
        layers = f"lowerdir={self.facts['lower']},upperdir={self.folder}/upper,workdir={self.folder}/work"
        mount("-t", "overlay", "overlay", "-o", layers, self.root)
        for kind, name, options in (("proc", "proc", "nosuid"), ("tmpfs", "dev", "mode=755"), ("tmpfs", "run", "mode=755"),
                                    ("tmpfs", "tmp", "mode=1777")):  # fmt: skip
            mount("-t", kind, "-o", options, kind, self.root / name)
        mount("-t", "proc", "proc", "/proc")
        for name, minor in DEVICES:
            os.mknod(self.root / "dev" / name, 0o020666, os.makedev(1, minor))
            (self.root / "dev" / name).chmod(0o666)
        os.mknod(self.root / "dev" / "tty", 0o020666, os.makedev(5, 0))
        (self.root / "dev" / "shm").mkdir()
        for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
            (self.root / "dev" / name).symlink_to(target)
        mount("--bind", self.folder / "volume1", self.root / "volume1")
        # As on DSM: no device nodes on a volume.
        mount("-o", "remount,bind,nodev", self.root / "volume1")

    def name_all(self) -> None:
        """Host name, resolver, DSM's version files."""
        socket.sethostname(f"nas{self.number}")
        (self.root / "etc/hostname").write_text(f"nas{self.number}\n")
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost\n10.77.{self.number}.2 nas{self.number}\n")
        (self.root / "etc/resolv.conf").unlink(missing_ok=True)
        (self.root / "etc/resolv.conf").write_text(f"nameserver 10.77.{self.number}.1\n")
        major, minor, build = ("6", "2", "25556") if self.profile == "6.2" else ("7", "2", "72806")
        (self.root / "etc.defaults").mkdir(exist_ok=True)
        version = f'majorversion="{major}"\nminorversion="{minor}"\nproductversion="{major}.{minor}"\nbuildnumber="{build}"\n'
        (self.root / "etc.defaults/VERSION").write_text(version)
        (self.root / "etc/synoinfo.conf").write_text('unique="synology_geminilake_920+"\nlanguage="enu"\ntimezone="UTC"\n')

    def network(self) -> list[tuple[socket.socket, int]]:
        """Open the forwarded ports on the host, then leave the host's network for one of our own."""
        doors = forward.open_doors(self.facts["listen"], {int(k): v for k, v in self.facts["forwards"].items()})
        libc = ctypes.CDLL(None, use_errno=True)
        # The new network needs the world's end of the cable, which is laid from the world's side.
        world = subprocess.Popen(
            ("unshare", "--net", sys.executable, "-B", "-m", "dsmhost.world", str(self.folder), str(self.number)),
            stdin=subprocess.DEVNULL,
        )
        (self.folder / "world.pid.inside").write_text(str(world.pid))
        if libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "no network of its own")
        for words in (("link", "set", "lo", "up"), ("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", str(world.pid)),
                      ("addr", "add", f"10.77.{self.number}.2/24", "dev", "eth0"), ("link", "set", "eth0", "up")):  # fmt: skip
            subprocess.run(("ip", *words), check=True)
        (self.folder / "cable").write_text("laid")
        subprocess.run(("ip", "route", "add", "default", "via", f"10.77.{self.number}.1"), check=False)
        return doors

    async def run(self) -> None:
        """Be the machine until it is told to stop."""
        doors = self.network()
        center = Center(self.root, self.profile)
        desktop = Desktop(self.root, center, self.profile)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        await desktop.listen()
        await LocalApi(center, desktop).listen(self.root / "run/dsm.sock")
        for door, port in doors:
            await forward.forward(door, f"10.77.{self.number}.2", port)
        background = [asyncio.create_task(self._reap()), asyncio.create_task(self._poll(center))]
        await asyncio.to_thread(center.boot)
        control = self.folder / "control.sock"
        control.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(lambda r, w: self._control(center, r, w), control)
        await self.stop.wait()
        server.close()
        await asyncio.to_thread(center.shutdown)
        for task in background:
            task.cancel()

    async def _control(self, center: Center, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        answer: dict[str, Any]
        try:
            request = json.loads(line)
            answer = {"result": await self._do(center, request.pop("what"), request)}
        except Refused as refused:
            answer = {"refused": {"code": refused.code, "message": refused.message}}
        except Exception as reason:
            answer = {"error": f"{type(reason).__name__}: {reason}"}
        with contextlib.suppress(OSError):
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _do(self, center: Center, what: str, facts: dict[str, Any]) -> Any:
        if what == "ping":
            return "pong"
        if what == "shutdown":
            self.stop.set()
            return "off"
        actions: dict[str, Callable[..., Any]] = {
            "install": center.install,
            "uninstall": center.uninstall,
            "start": center.start,
            "stop": center.stop,
            "status": center.status,
            "packages": center.packages,
        }
        return await asyncio.to_thread(actions[what], **facts)

    async def _poll(self, center: Center) -> None:
        """Package Center asks each running package how it is, about once a second."""
        while True:
            await asyncio.sleep(POLL_S)
            await asyncio.to_thread(center.poll)

    async def _reap(self) -> None:
        """Collect children that lost their parent; our own are waited for by those who started them."""
        while True:
            await asyncio.sleep(REAP_S)
            ours = os.getpid()
            for stat in Path("/proc").glob("[0-9]*/stat"):
                with contextlib.suppress(OSError, ValueError):
                    state, parent, *_ = stat.read_text().rpartition(")")[2].split()
                    pid = int(stat.parent.name)
                    if state == "Z" and int(parent) == ours and pid not in CHILDREN:
                        os.waitpid(pid, os.WNOHANG)


CHILDREN: set[int] = set()


def main() -> None:
    """`python -m dsmhost.first FACTS`."""
    first = First(json.loads(sys.argv[1]))
    # The number that the host knows us by is in the host's /proc, which is still mounted here.
    (first.folder / "pid").write_text(Path("/proc/self").readlink().name)
    first.mount_all()
    first.name_all()
    asyncio.run(first.run())


if __name__ == "__main__":
    main()
