"""Ports of the host that lead into the machine, through the network it shares with the outside world."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path

CHUNK = 64 * 1024
WAITING = 128


class PortTaken(OSError):
    """Somebody else listens there; the text names the port and its owner."""


def open_door(listen: str, port: int) -> socket.socket:
    """A listening socket on this host. Raises PortTaken naming the port's owner."""
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((listen, port))
        door.listen(WAITING)
    except OSError as reason:
        door.close()
        if isinstance(reason, PermissionError):
            raise
        raise PortTaken(f"Port {port} on {listen} is taken by {owner(port)}.") from None
    return door


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


async def forward(door: socket.socket, address: str, port: int, source: str) -> None:
    """Carry each connection at `door` to `address`:`port`; there it seems to come from `source`."""
    door.setblocking(False)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(address, port, local_addr=(source, 0))
        except OSError:
            writer.close()
            return
        await asyncio.gather(pipe(reader, inner_writer), pipe(inner_reader, writer))
        for one in (inner_writer, writer):
            one.close()

    await asyncio.start_server(carry, sock=door)


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes until one side ends, then end the other side's input."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
