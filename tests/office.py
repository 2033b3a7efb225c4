"""An office: a stand-in NAS with Mailroom installed and running, clients inside and outside of it.

Needs root. The machine has a network of its own; nothing of it is seen on this host but its desktop's port.
"""

from __future__ import annotations

import contextlib
import ctypes
import imaplib
import json
import shutil
import smtplib
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

from devtools import spk
from dsmhost.machine import Machine
from mailroom.daemons.states import SETTLED
from patient_smtp import PatientSmtp
from typed import typed

CLONE_NEWNET = 0x40000000
DOMAIN, HOSTNAME = "example.com", "mail.example.com"
ANSWERS = {"wizard_domain": DOMAIN, "wizard_hostname": HOSTNAME}
USERS = {"anna": True, "ben": False, "chloe": False}
PACKAGE = "/var/packages/Mailroom"
GENERATIONS = {"6.2": "6", "7": "7"}


def free_port() -> int:
    """A port of this host that nobody uses now."""
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return int(link.getsockname()[1])


def until(true: Callable[[], Any], limit_s: float = 30.0, what: str | Callable[[], str] = "") -> Any:
    """Wait until `true()` is, and return what it says. An error counts as no; `what` may be told in the end."""
    end = time.monotonic() + limit_s
    while True:
        try:
            if found := true():
                return found
            last = "no"
        except Exception as reason:
            last = repr(reason)
        assert time.monotonic() < end, f"not in {limit_s} s: {(what() if callable(what) else what) or true} ({last})"
        time.sleep(0.2)


class Office:
    """One NAS. number: its network is 10.77.number.0/24; 1 belongs to `./dev run`."""

    def __init__(self, number: int, profile: str = "7") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="office-", dir="/var/tmp"))
        self.profile, self.number = profile, number
        self.web_port = free_port()
        self.machine = Machine(self.folder / "nas", profile, number, forwards={self.web_port: 5000})
        self.passwords = {name: f"{name}-Password-{number}" for name in ("admin", *USERS)}

    @property
    def package(self) -> Path:
        """The SPK for this machine."""
        return spk.spk("x86_64", GENERATIONS[self.profile])

    @property
    def web(self) -> str:
        """Where the desktop is, for a browser on this host."""
        return f"http://127.0.0.1:{self.web_port}"

    def open(self) -> Office:
        """Machine on, users there, package installed and activated, everything answering, seats given."""
        self.boot()
        self.install()
        self.activate()
        self.ready()
        self.ctl("accounts", "activate", *USERS)
        return self

    def boot(self) -> None:
        """Switch it on, with its users."""
        self.machine.create()
        self.machine.boot()
        if "\nanna:" not in self.machine.run("cat", "/etc/passwd").stdout:
            self.machine.set_password("admin", self.passwords["admin"])
            for name, admin in USERS.items():
                self.machine.add_user(name, self.passwords[name], name.title(), admin)

    def install(self, file: Path | None = None, **answers: str) -> Any:
        """Install or upgrade as Package Center does."""
        there = "Mailroom" in self.machine.ask("packages")
        wizard = {} if there else {**ANSWERS, **answers}
        return self.machine.ask("install", file=str(file or self.package), wizard=wizard)

    def activate(self) -> None:
        """What an administrator of DSM 7 does once as root."""
        if self.profile == "7":
            self.machine.run("sh", f"{PACKAGE}/target/bin/activate")

    def ctl(self, *words: str, check: bool = True) -> Any:
        """What mailroomctl answers, as facts; with check=False an error too."""
        done = self.machine.run("/usr/local/bin/mailroomctl", *words, "--json", check=False)
        try:
            facts = json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(f"mailroomctl {words}: {done.stdout}{done.stderr}") from None
        if check and done.returncode:
            raise RuntimeError(f"mailroomctl {words}: {facts}")
        return facts

    def ready(self, limit_s: float = 120.0) -> None:
        """Wait until every daemon answers and the users are known."""
        until(lambda: not self.late(), limit_s, "all daemons answer")
        until(
            lambda: {one["name"] for one in self.ctl("accounts", "list")["users"]} >= set(USERS), 60, "users are known"
        )
        until(self.takes_mail, 60, "Postfix knows the accounts")

    def takes_mail(self) -> bool:
        """Whether Postfix can say yes or no to a recipient by now."""
        with self.smtp() as client:
            client.ehlo()
            client.mail("friend@world.example")
            return client.rcpt(f"ben@{DOMAIN}")[0] not in (450, 451)

    def inside(self, *argv: str) -> str:
        """Run a program inside the instance; its words. Raises CalledProcessError."""
        first = self.machine.run("cat", f"{PACKAGE}/var/data/run/init.pid").stdout.strip()
        return self.machine.run("nsenter", "-t", first, "-m", "-p", "-r", "-w", "--", *argv).stdout

    def late(self) -> list[str]:
        """Daemons that should run and do not answer."""
        return [one["id"] for one in self.ctl("status")["daemons"] if one["state"] not in SETTLED]

    def daemon(self, name: str) -> dict[str, Any]:
        """One daemon's state."""
        return next(one for one in self.ctl("status")["daemons"] if one["id"] == name)

    def apply(self, page: str, **values: Any) -> Any:
        """Apply settings of one page, as `mailroomctl settings set` does; items of a list are JSON."""
        return self.ctl("settings", "set", *(f"{page}.{key}={typed(value)}" for key, value in values.items()))

    def forgive(self, *accounts: str) -> None:
        """Forget failed sign-ins of the addresses that tests speak from, and of these accounts."""
        known = [("address", self.address(last)) for last in (1, 8)] + [("account", name) for name in accounts]
        for kind, value in known:
            self.ctl("bans", "lift", kind, value, check=False)

    def socket(self, place: str = "world", source: str = "", kind: int = 0) -> socket.socket:
        """A socket in the outside world ("world") or on the NAS itself ("nas"). source: its own. kind: 0 is TCP."""
        # Entering a network changes the whole thread: a short-lived one does it.
        with ThreadPoolExecutor(1) as thread:
            made = thread.submit(self._socket_in, place, kind).result()
        if source:
            made.bind((source, 0))
        return made

    def _socket_in(self, place: str, kind: int) -> socket.socket:
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/{self._network_pid(place)}/ns/net") as network:
            if libc.setns(network.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        return socket.socket(socket.AF_INET, kind or socket.SOCK_STREAM)

    def _network_pid(self, place: str) -> int:
        if place == "nas":
            return self.machine.pid()
        return int((self.machine.folder / "world.pid").read_text())

    def address(self, last: int) -> str:
        """An address on the machine's network: 1 is the world, 2 the NAS, 9 to 19 strangers."""
        return f"10.77.{self.number}.{last}"

    def connect(
        self, port: int, place: str = "world", source: str = "", timeout_s: float = 60.0, to: str = ""
    ) -> socket.socket:
        """A connection to a port of the NAS."""
        link = self.socket(place, source)
        link.settimeout(timeout_s)
        link.connect((to or self.address(2), port))
        return link

    def smtp(self, port: int = 25, place: str = "world", source: str = "", to: str = "") -> smtplib.SMTP:
        """An SMTP client; on 465 with TLS from the start."""
        office = self

        class Client(PatientSmtp):
            def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
                link = office.connect(port, place, source, timeout, to)
                return trusting().wrap_socket(link, server_hostname=HOSTNAME) if port == 465 else link

        return Client("nas", port, local_hostname="client.world.example", timeout=60)

    def submission(self, user: str, port: int = 587, password: str | None = None) -> smtplib.SMTP:
        """An SMTP client that has signed in. Raises SMTPAuthenticationError."""
        client = self.smtp(port)
        if port != 465:
            client.starttls(context=trusting())
            client.ehlo()
        client.login(user, self.passwords.get(user, "") if password is None else password)
        return client

    def imap(self, user: str, password: str | None = None, port: int = 993) -> imaplib.IMAP4:
        """An IMAP client that has signed in. Raises imaplib.IMAP4.error."""
        office = self

        class Client(imaplib.IMAP4):
            def _create_socket(self, timeout: float | None) -> socket.socket:
                link = office.connect(port)
                return trusting().wrap_socket(link, server_hostname=HOSTNAME) if port == 993 else link

        client = Client("nas", port)
        if port == 143:
            client.starttls(trusting())
        client.login(user, self.passwords.get(user, "") if password is None else password)
        return client

    def mail(
        self, subject: str, text: str = "Hello.\n", to: str = f"ben@{DOMAIN}", sender: str = "friend@world.example"
    ) -> EmailMessage:
        """A plain message."""
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = sender, to, subject
        made["Date"], made["Message-ID"] = formatdate(), make_msgid(domain="world.example")
        made.set_content(text)
        return made

    def deliver(self, subject: str, to: str = f"ben@{DOMAIN}", **more: str) -> EmailMessage:
        """Send a plain message in from outside."""
        made = self.mail(subject, to=to, **more)
        with self.smtp() as client:
            client.send_message(made)
        return made

    def folder_of(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Whole messages of a mailbox, oldest first."""
        with self.imap(user) as client:
            if client.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            numbers = client.search(None, "ALL")[1][0].split()
            return [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in numbers]  # type: ignore[index,misc]

    def arrived(self, user: str, subject: str, folder: str = "INBOX", limit_s: float = 60.0) -> bytes:
        """The message with this subject, waited for."""

        def look() -> bytes | None:
            wanted = f"Subject: {subject}".encode()
            return next((one for one in self.folder_of(user, folder) if wanted in one), None)

        return until(look, limit_s, f"{subject} in {user}'s {folder}")

    def sent_out(self, subject: str, limit_s: float = 150.0) -> dict[str, Any]:
        """What the outside world got with this subject, waited for."""
        wanted = f"Subject: {subject}"
        return until(
            lambda: next((one for one in self.machine.world_mail() if wanted in one["content"]), None), limit_s
        )

    def own_words(self) -> str:
        """What the instance and its daemons said last, to find out why a test failed."""
        logs = f"{PACKAGE}/var/data" if self.profile == "7" else "/volume1/@mailroom/data"
        return self.machine.run("sh", "-c", f"cd {logs} && tail -n 15 run/*.log log/*/current; ls relay || :").stdout

    def close(self) -> None:
        """Leave nothing."""
        self.machine.delete()
        shutil.rmtree(self.folder, ignore_errors=True)


def trusting() -> ssl.SSLContext:
    """TLS with the server's own certificate of the first day."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextlib.contextmanager
def office(number: int, profile: str = "7", *, opened: bool = True) -> Iterator[Office]:
    """An office for a while; when a test fails to open it, the machine's own words are shown."""
    made = Office(number, profile)
    try:
        if opened:
            try:
                made.open()
            except Exception as reason:
                reason.add_note(made.own_words())
                raise
        yield made
    finally:
        made.close()
