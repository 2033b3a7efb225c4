"""The outside world: a network beside the machine with DNS, a mail server for every other domain, and a page to look.

Mail for anybody outside ends here. Tests write the zone they need; what is not in it points back here.
The host's forwarded ports enter here too: for the machine they come from a desk on its network.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from dsmhost.forward import forward
from dsmhost.mailbox import Mailbox
from dsmhost.world_dns import WorldDns
from dsmhost.world_page import PAGE_PORT, page

# Addresses from which tests can speak: the world's own, the desk's and a few strangers'.
DESK = 8
STRANGERS = range(9, 20)
MESSAGE_MAX = 1024 * 1024 * 1024


def plug_in(number: int) -> None:
    """Give this end of the cable its addresses. Raises CalledProcessError."""
    addresses = [f"10.77.{number}.{last}/24" for last in (1, DESK, *STRANGERS)]
    lines = ["link set lo up", "link set eth0 up", *(f"addr add {address} dev eth0" for address in addresses)]
    subprocess.run(("ip", "-batch", "-"), input="\n".join(lines), text=True, check=True)


async def live(folder: Path, number: int, doors: list[Any]) -> None:
    """Serve DNS, SMTP, the page and the host's doors until the machine goes off."""
    here = f"10.77.{number}.1"
    mailbox = Mailbox(folder / "world-mail")

    def session() -> SMTP:
        return SMTP(mailbox, hostname="mx.world.example", data_size_limit=MESSAGE_MAX, enable_SMTPUTF8=True)

    await asyncio.get_running_loop().create_server(session, here, 25)
    await WorldDns(folder / "zone.json", here).listen(here)
    await asyncio.start_server(lambda r, w: page(folder / "world-mail", f"10.77.{number}.2", r, w), here, PAGE_PORT)
    for descriptor, address, port in doors:
        await forward(socket.socket(fileno=descriptor), address, port, f"10.77.{number}.{DESK}")
    print("ready", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """`python -m dsmhost.world FACTS`: says its number in the host's /proc, waits for the cable, says "ready"."""
    facts = json.loads(sys.argv[1])
    print(os.readlink("self", dir_fd=facts["proc"]), flush=True)
    if not sys.stdin.readline():
        sys.exit("the machine laid no cable")
    plug_in(facts["number"])
    asyncio.run(live(Path(facts["folder"]), facts["number"], facts["doors"]))


if __name__ == "__main__":
    main()
