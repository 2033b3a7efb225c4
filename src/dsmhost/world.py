"""The outside world: a network beside the machine with DNS, a mail server for every other domain, and a page to look.

Mail for anybody outside ends here. Tests write the zone they need; what is not in it points back here.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session

from dsmhost.world_dns import WorldDns
from dsmhost.world_page import page

PAGE_PORT = 8025
CABLE_LIMIT_S = 10.0
# Addresses from which tests can speak: the world's own and a few strangers'.
STRANGERS = range(9, 20)


class Mailbox:
    """Everything that arrived outside, one file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook: keep the message, with its envelope beside."""
        name = f"{time.time():.6f}"
        facts = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None}
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        (self.folder / f"{name}.eml").write_bytes(content)
        (self.folder / f"{name}.json").write_text(json.dumps(facts))
        return "250 2.0.0 taken by the outside world"

    def messages(self) -> list[dict[str, Any]]:
        """What has arrived, newest first: {name, from, to, content}."""
        found = []
        for file in sorted(self.folder.glob("*.json"), reverse=True):
            content = file.with_suffix(".eml").read_bytes().decode("utf-8", "replace")
            found.append({"name": file.stem, **json.loads(file.read_text()), "content": content})
        return found


def plug_in(number: int) -> None:
    """Wait for the cable from the machine, and give this end its addresses."""
    until = time.monotonic() + CABLE_LIMIT_S
    while subprocess.run(("ip", "link", "show", "eth0"), capture_output=True, check=False).returncode:
        if time.monotonic() > until:
            sys.exit("the machine laid no cable")
        time.sleep(0.02)
    addresses = [f"10.77.{number}.{last}/24" for last in (1, *STRANGERS)]
    for words in (("link", "set", "lo", "up"), ("link", "set", "eth0", "up")):
        subprocess.run(("ip", *words), check=True)
    for address in addresses:
        subprocess.run(("ip", "addr", "add", address, "dev", "eth0"), check=True)


async def live(folder: Path, number: int) -> None:
    """Serve DNS, SMTP and the page until the machine goes off."""
    here = f"10.77.{number}.1"
    mailbox = Mailbox(folder / "world-mail")
    smtp = UnthreadedController(mailbox, hostname=here, port=25, server_hostname="mx.world.example")
    smtp.begin()
    await WorldDns(folder / "zone.json", here).listen(here)
    await asyncio.start_server(lambda r, w: page(mailbox, f"10.77.{number}.2", r, w), here, PAGE_PORT)
    (folder / "world.ready").write_text("yes")
    await asyncio.Event().wait()


def main() -> None:
    """`python -m dsmhost.world FOLDER NUMBER`."""
    folder, number = Path(sys.argv[1]), int(sys.argv[2])
    plug_in(number)
    asyncio.run(live(folder, number))


if __name__ == "__main__":
    main()
