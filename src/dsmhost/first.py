"""The machine's first process: packages, desktop, and the questions of its owner. When it dies, the machine is off.

It keeps the developer's Python and root; everything that belongs to the machine runs chrooted in the machine's root.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dsmhost import power
from dsmhost.center import Center
from dsmhost.desktop import Desktop
from dsmhost.local_api import LocalApi
from dsmhost.spk import Refused

POLL_S = 1.0


class First:
    """Everything that the first process does once the machine is up."""

    def __init__(self, folder: Path, profile: str) -> None:
        self.folder, self.root = folder, folder / "root"
        self.stop, self.booted = asyncio.Event(), asyncio.Event()
        self.center = Center(self.root, profile)
        self.desktop = Desktop(self.root, self.center, profile)

    async def run(self) -> None:
        """Be the machine until it is told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        await self.desktop.listen()
        await LocalApi(self.center, self.desktop).listen(self.root / "run/dsm.sock")
        # The folder is the current one: its path may be too long for a socket's name.
        await asyncio.start_unix_server(self._control, "control.sock")
        await asyncio.to_thread(self.center.boot)
        self.booted.set()
        poll = asyncio.create_task(self._poll())
        await self.stop.wait()
        poll.cancel()
        await asyncio.to_thread(self.center.shutdown)

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer: dict[str, Any]
        try:
            request = json.loads(await reader.readline())
            answer = {"result": await self._do(request.pop("what"), request)}
        except Refused as refused:
            answer = {"refused": {"code": refused.code, "message": refused.message}}
        except Exception as reason:
            traceback.print_exc()
            answer = {"error": f"{type(reason).__name__}: {reason}"}
        with contextlib.suppress(OSError):
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _do(self, what: str, facts: dict[str, Any]) -> Any:
        if what == "ping":
            return "pong"
        if what == "ready":
            return await self.booted.wait()
        if what == "shutdown":
            self.stop.set()
            return "off"
        actions: dict[str, Callable[..., Any]] = {
            "install": self.center.install,
            "repair": self.center.repair,
            "uninstall": self.center.uninstall,
            "start": self.center.start,
            "stop": self.center.stop,
            "status": self.center.status,
            "packages": self.center.packages,
        }
        return await asyncio.to_thread(actions[what], **facts)

    async def _poll(self) -> None:
        """Package Center asks each running package how it is, about once a second."""
        while True:
            await asyncio.sleep(POLL_S)
            await asyncio.to_thread(self.center.poll)


def main() -> None:
    """`python -m dsmhost.first FACTS`."""
    facts = json.loads(sys.argv[1])
    folder, number = Path(facts["folder"]), int(facts["number"])
    os.umask(0o022)
    os.chdir(folder)
    # While the host's /proc is still there: the number that the host knows our parent by, process number 1 in here.
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    with open(os.open("self/stat", os.O_RDONLY, dir_fd=proc)) as stat:
        (folder / "pid").write_text(stat.read().rpartition(")")[2].split()[1])
    power.mount_all(folder, Path(facts["lower"]), facts["profile"], int(facts["volumes"]))
    power.name_all(folder / "root", facts["profile"], number)
    world = power.lay_cable(folder, number, facts["doors"], proc)
    os.close(proc)
    first = First(folder, facts["profile"])
    asyncio.run(first.run())
    world.kill()


if __name__ == "__main__":
    main()
