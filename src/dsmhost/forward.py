"""Ports of the host that lead into the machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path

CHUNK = 64 * 1024


class PortTaken(OSError):
    """Somebody else listens there."""


def open_doors(listen: str, forwards: dict[int, int]) -> list[tuple[socket.socket, int]]:
    """[(listening socket on the host, port of the machine)]. Raises PortTaken naming the port's owner."""
    doors = []
    for outside, inside in forwards.items():
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((listen, outside))
        except OSError:
            raise PortTaken(f"Port {outside} is taken by {owner(outside)}.") from None
        door.listen(128)
        doors.append((door, inside))
    return doors


def owner(port: int) -> str:
    """Who listens on a TCP port of this host: "name (pid N)"."""
    wanted = f":{port:04X}"
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[1].endswith(wanted) and fields[3] == "0A":
                    inodes.add(f"socket:[{fields[9]}]")
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.readlink(link) in inodes:
                pid = link.parts[2]
                return f"{Path(f'/proc/{pid}/comm').read_text().strip()} (pid {pid})"
    return "another program"


async def forward(door: socket.socket, address: str, port: int) -> None:
    """Carry each connection at `door` to the machine's own address and port."""
    door.setblocking(False)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(address, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))

    await asyncio.start_server(carry, sock=door)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
