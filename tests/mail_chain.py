"""Postfix, our filter and the scanners, for real, in a room of their own (see own_room.py).

An LMTP server in the test's own process stands for Dovecot (see lmtp_sink.py).
"""

from __future__ import annotations

import contextlib
import json
import smtplib
import socket
import subprocess
from email.utils import formatdate
from pathlib import Path
from typing import Any

from lmtp_sink import LmtpSink
from own_room import CLIENT, ENVIRONMENT, SERVER, Room

RENDER = """
import json, sys
from pathlib import Path
from mailroom.core import paths
from mailroom.core.settings import defaults
from mailroom.daemons import boot, configuration
from mailroom.daemons.order import BY_ID
from mailroom.daemons.shape import Facts, HostFacts
SHOWN = ("postfix", "spamd", "clamd", "rspamd", "filter")
settings = defaults()
for page, values in json.load(sys.stdin).items():
    settings[page].update(values)
boot.prepare_folders()
boot.prepare_signatures()
boot.prepare_srs_key()
boot.prepare_resolver()
facts = Facts(settings, HostFacts(accounts_synced=sys.argv[1] == "synced", processors=2))
folder = paths.CONF / "rev-1"
configuration.write(folder, {name: BY_ID[name].files(facts) for name in SHOWN})
paths.CURRENT.exists() or paths.CURRENT.symlink_to(folder)
"""
TLS = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mail.example.com"
    " -keyout /data/tls/current/key.pem -out /data/tls/current/cert.pem"
)
READY = {
    "clamd": ("clamd", "/run/clamav/clamd.sock"),
    "spamd": ("spamd", "/run/spamd/spamd.sock"),
    "rspamd": ("http", "/run/rspamd/rspamd.sock"),
    "filter": ("milter", "/run/filter/filter.sock"),
    "postfix": ("smtp", f"{SERVER}:25"),
}
# Nobody signs in to the chain: its client is also who writes as a user of ours.
SETTINGS: dict[str, dict[str, Any]] = {
    "mail_delivery.general": {"domain": "example.com", "hostname": "mail.example.com"},
    "mail_delivery.security": {"own_senders": False},
}
# What every decent message has; a scanner takes one without for spam. Ours completes only mail of its own users.
DECENT = f"From: bob@out.example\r\nTo: alice@example.com\r\nDate: {formatdate()}\r\n"


class Chain(Room):
    """The running chain. sink: what stands for the mailboxes."""

    def __init__(self, root: Path, settings: dict[str, Any] | None = None, data_size: str = "") -> None:
        super().__init__(root, data_size)
        self.settings = {page: dict(values) for page, values in SETTINGS.items()}
        self.render(settings)
        self.execute("mkdir", "-p", "/data/tls/1")
        self.execute("ln", "-sfn", "1", "/data/tls/current")
        self.execute(*TLS.split())
        self.sink = LmtpSink(self.run_folder / "dovecot" / "lmtp")
        self.maps()

    def end(self) -> None:
        """Stop everything and leave nothing."""
        super().end()
        self.sink.close()

    def render(self, changes: dict[str, Any] | None = None, accounts: str = "synced") -> None:
        """Write the configuration that these settings ask for. accounts: "synced", or "never" read so far."""
        for page, values in (changes or {}).items():
            self.settings.setdefault(page, {}).update(values)
        self.execute("python3.11", "-c", RENDER, accounts, given=json.dumps(self.settings))

    def maps(self, **maps: dict[str, str]) -> None:
        """Make the lookup tables that Postfix reads."""
        for name in ("recipients", "aliases", "senders", "held", "inactive"):
            text = "".join(f"{key} {value}\n" for key, value in maps.get(name, {}).items())
            (self.data_seen / "maps" / name).write_text(text)
            self.execute("postmap", "-c", "/data/conf/current/postfix", f"lmdb:/data/maps/{name}")
            self.execute("chmod", "644", f"/data/maps/{name}.lmdb")

    def postconf(self, *lines: str) -> None:
        """Put lines into main.cf, as no setting can; each takes the place of the parameter's own line.

        Were both there, each program of Postfix would warn of it, and the warnings fill the log's socket before
        postlogd, which warns too, has begun to read it.
        """
        file = self.data_seen / "conf/rev-1/postfix/main.cf"
        names = tuple(f"{line.partition('=')[0].strip()} =" for line in lines)
        kept = [line for line in file.read_text().splitlines() if not line.startswith(names)]
        file.write_text("\n".join([*kept, *lines, ""]))

    def start(self, name: str) -> None:
        """Start a daemon as the supervisor would."""
        if name == "postfix":
            # Makes the queue's folders.
            self.execute("postfix", "-c", "/data/conf/current/postfix", "check")
        self.spawn(name, self._argv(name), MAIL_CONFIG="/data/conf/current/postfix")

    def _argv(self, name: str) -> tuple[str, ...]:
        code = (
            "import json, sys; from mailroom.daemons.order import BY_ID;"
            "from mailroom.daemons.services import command;"
            "print(json.dumps(command(BY_ID[sys.argv[1]].service(None))))"
        )
        # With the rights and limits that it has under the supervisor.
        return tuple(json.loads(self.execute("python3.11", "-c", code, name)))

    def run_all(self, *names: str) -> None:
        """Start these daemons and wait until each has answered."""
        for name in names:
            self.start(name)
        for name in names:
            self.ready(*READY[name])

    def restart(self, name: str, changes: dict[str, Any] | None = None) -> None:
        """Render these changed settings and start a daemon anew with them."""
        self.render(changes)
        self.stop(name)
        self.run_all(name)

    def ready(self, kind: str, target: str, limit_s: float = 60.0) -> None:
        """Wait until a daemon answers as ours are asked (daemons/ask.py). Rspamd's first start compiles its rules."""
        code = f"import sys; from mailroom.daemons.ask import ask; sys.exit(not ask({kind!r}, {target!r}))"
        asking = self._enter(("python3.11", "-c", code))
        self.until(lambda: not subprocess.run(asking, env=ENVIRONMENT, check=False).returncode, limit_s)

    def connect(
        self, port: int = 25, timeout_s: float = 40.0, server: str = SERVER, client: str = CLIENT
    ) -> socket.socket:
        """A connection from `client` to a port of the chain."""
        link = self.socket()
        link.settimeout(timeout_s)
        link.bind((client, 0))
        link.connect((server, port))
        return link

    def smtp(self, port: int = 25, timeout_s: float = 40.0, server: str = SERVER, client: str = CLIENT) -> smtplib.SMTP:
        """An SMTP client that is connected to the chain."""
        chain = self

        class Client(smtplib.SMTP):
            def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
                return chain.connect(port, timeout, server, client)

        return Client(server, port, local_hostname="client.example.net", timeout=timeout_s)

    def send(self, content: bytes, *to: str, sender: str = "bob@out.example", **how: Any) -> tuple[int, str]:
        """Send one message; the last reply, whatever it is."""
        with self.smtp(**how) as client:
            client.ehlo()
            code, text = client.mail(sender, [f"size={len(content)}"])
            for address in to or ("alice@example.com",):
                code, text = client.rcpt(address) if code < 400 else (code, text)
            if code < 400:
                code, text = client.data(content)
            return code, text.decode("utf-8", "replace")

    def record(self, search: str, limit_s: float = 10.0) -> dict[str, Any]:
        """Wait for the newest record with this sender or recipient."""
        found: list[dict[str, Any]] = self.until(lambda: self.journal(search), limit_s)
        return found[0]

    def conditions(self) -> dict[str, Any]:
        """What the window would show as lasting."""
        found = {}
        for file in (self.run_folder / "filter-conditions").glob("*.json"):
            # It may end while we look.
            with contextlib.suppress(FileNotFoundError):
                found[file.stem] = json.loads(file.read_text())
        return found

    def journal(self, search: str = "") -> list[dict[str, Any]]:
        """Whole records, newest first."""
        code = (
            "import json, sys; from mailroom.store.journal import JournalStore; store = JournalStore();"
            "print(json.dumps([store.get(row['id']) for row in store.find(sys.argv[1], 0, 1000)[1]]))"
        )
        found: list[dict[str, Any]] = json.loads(self.execute("python3.11", "-c", code, search))
        return found
