"""A NAS whose bundle runs what the portal needs: job process, sign-in service, Dovecot, Postfix, and the web process.

The daemons are started by hand and not by the supervisor: what it does is proved elsewhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nas import Nas

# The job process with all its real parts but one: there is no supervisor whom it could ask to reload.
JOB = """
import os
from mailroom import app
from mailroom.flows.account import Accounts
from mailroom.flows.job import serve
from mailroom.store.accounts import AccountStore
from mailroom.store.events import EventStore
os.umask(0o007)
store, events = AccountStore(), EventStore()
settings = app.settings_story(store, events, app.AtRest())
accounts = Accounts(store, events, settings, refresh=lambda settings: None)
operations, _ = app.job_parts(settings, accounts, events)
serve(operations, accounts.watches())
"""
CLONE_NEWNET = 0x40000000
SETUP = json.dumps({"domain": "example.com", "hostname": "mail.example.com"})
CONFIGURED = "/data/conf/current"
PROCESSES = {
    "job": ("python3.11", "-s", "-c", JOB),
    "dovecot": ("dovecot", "-F", "-c", f"{CONFIGURED}/dovecot/dovecot.conf"),
    "serve": (
        "setpriv", "--reuid=882", "--regid=882", "--clear-groups",
        "env", "MAILROOM_PACKAGE_UID=4711", "python3.11", "-s", "-m", "mailroom", "serve",
    ),
    "postfix": ("/usr/lib/postfix/sbin/master", "-s", "-c", f"{CONFIGURED}/postfix"),
}  # fmt: skip
READY = "import sys; from mailroom.daemons.ask import ask; sys.exit(not ask(*sys.argv[1:]))"
PASSWORDS = {"anna": "anna's secret", "ben": "ben's secret", "clara": "clara's secret", "dora": "dora's secret"}


class House(Nas):
    """The NAS, with everything running and two users who may use mail. anna is an administrator."""

    def set_up(self) -> None:
        """Start everything."""
        self.bundle("sh", "-c", "rm -rf /data/conf /data/db/* /data/records/*; cat >/data/setup.json", given=SETUP)
        self.bundle("python3.11", "-s", "-m", "mailroom", "boot")
        self.start_signin()
        for name, password in PASSWORDS.items():
            self.add_user(name, password, "administrators" if name == "anna" else "")
        self.run("job", "line", "/run/mailroom/job.sock")
        self.job("sync.now")
        self.job("accounts.apply", changes=dict.fromkeys(("anna", "ben", "dora"), "activate"), who="test", where="")
        # Once more: now that the host's users are known, the configuration says so.
        self.bundle("python3.11", "-s", "-m", "mailroom", "boot")
        self.run("dovecot", "imap", "127.0.0.1:5143")
        # No filter runs here: what it does to a message is proved elsewhere.
        self.bundle("sh", "-c", f"echo 'smtpd_milters =' >>{CONFIGURED}/postfix/main.cf")
        self.bundle("postfix", "-c", f"{CONFIGURED}/postfix", "check")
        self.run("postfix", "smtp", "127.0.0.1:5587", MAIL_CONFIG=f"{CONFIGURED}/postfix")
        self.run("serve", "http", "127.0.0.1:5280")

    def run(self, name: str, kind: str, target: str, **environment: str) -> None:
        """Start one of PROCESSES and wait until it answers."""
        more = [f"{key}={value}" for key, value in environment.items()]
        self.start(name, "/bundle", *(("env", *more) if more else ()), *PROCESSES[name])
        self.wait_for(lambda: self.bundle("python3.11", "-c", READY, kind, target) == "", 40)

    def job(self, operation: str, **arguments: Any) -> Any:
        """Ask the job process."""
        code = (
            "import json, sys; from mailroom.core import paths; from mailroom.core.line_socket import ask;"
            "print(json.dumps(ask(paths.JOB_SOCKET, json.loads(sys.argv[1]))))"
        )
        return json.loads(self.bundle("python3.11", "-c", code, json.dumps({"op": operation, **arguments})))

    def socket(self) -> socket.socket:
        """A TCP socket that lives in the NAS's network."""
        made: list[socket.socket] = []

        def make() -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{self.first}/ns/net") as network:
                assert libc.setns(network.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            made.append(socket.socket())

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        made[0].settimeout(60)
        return made[0]

    def connect(self, port: int) -> socket.socket:
        """A connection to a port of the NAS."""
        link = self.socket()
        link.connect(("127.0.0.1", port))
        return link

    def outside(self, path: str) -> Path:
        """A path on the host of the NAS, as seen from here."""
        return Path(f"/proc/{self.first}/root{self.folder}/host{path}")

    @property
    def window_socket(self) -> Path:
        """The window's socket, as seen from here."""
        return self.outside("/bundle/data/relay/window.sock")

    def deliver(self, user: str, message: bytes) -> None:
        """Put a message into somebody's mailbox by LMTP, as Postfix does."""
        code = (
            "import smtplib, sys; link = smtplib.LMTP('/run/dovecot/lmtp');"
            "link.sendmail('sender@example.net', [sys.argv[1]], sys.stdin.buffer.read()); link.quit()"
        )
        # LMTP hands bytes on as they are; they travel here in latin-1.
        done = self.bundle(
            "python3.11", "-c", code.replace("sys.stdin.buffer.read()", "sys.stdin.read().encode('latin-1')"),
            f"{user}@example.com", given=message.decode("latin-1"),
        )  # fmt: skip
        assert done == ""

    def end_softly(self, name: str) -> None:
        """End a process and wait for it."""
        self.stop(name, signal.SIGTERM)


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def facts(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Browser:
    """Somebody at /mail, behind DSM's reverse proxy."""

    def __init__(self, house: House, address: str = "192.0.2.7") -> None:
        self.house, self.address = house, address
        self.cookie, self.csrf = "", ""

    def headers(self) -> dict[str, str]:
        """What the browser and the proxy send with everything."""
        known = {"Host": "nas.example.com", "X-Forwarded-For": self.address, "X-Forwarded-Proto": "https"}
        return {**known, **({"Cookie": self.cookie} if self.cookie else {})}

    def ask(self, method: str, path: str, facts: Any = None, *, raw: bytes | None = None, **more: str) -> Answer:
        """One request below /mail/. facts: sent as JSON; raw: sent as it is."""
        headers = {**self.headers(), **({"X-CSRF-Token": self.csrf} if method != "GET" else {})}
        body = raw
        if raw is None and method != "GET":
            headers["Content-Type"], body = "application/json", json.dumps(facts or {}).encode()
        headers.update({name.replace("_", "-"): value for name, value in more.items()})
        link = http.client.HTTPConnection("127.0.0.1", 5280, timeout=60)
        link.sock = self.house.connect(5280)
        try:
            got = _answered(link, method, f"/mail/{path}", body, headers)
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            link.close()

    def sign_in(self, user: str, password: str | None = None) -> Answer:
        """Sign in, and keep what was given."""
        got = self.ask("POST", "api/session", {"user": user, "password": password or PASSWORDS[user]})
        if got.status == 200:
            self.cookie = got.headers["set-cookie"].partition(";")[0]
            self.csrf = got.facts["csrf"]
        return got

    def get(self, path: str) -> Any:
        """The facts at a path."""
        got = self.ask("GET", path)
        assert got.status == 200, got.body
        return got.facts

    def post(self, path: str, **facts: Any) -> Any:
        """What a change answers."""
        got = self.ask("POST", path, facts)
        assert got.status == 200, got.body
        return got.facts

    def messages(self, folder: str = "INBOX", query: str = "") -> list[dict[str, Any]]:
        """The list of a folder."""
        return list(self.get(f"api/folders/{folder}/messages{query}")["messages"])

    def events(self) -> tuple[socket.socket, Iterator[dict[str, Any]]]:
        """An open event stream: its socket, to close it, and what comes."""
        link = self.house.connect(5280)
        lines = [f"{name}: {value}" for name, value in self.headers().items()]
        link.sendall(("\r\n".join(["GET /mail/api/events HTTP/1.1", *lines, "", ""])).encode())
        file = link.makefile("rb")
        assert file.readline().split()[1] == b"200"

        def read() -> Iterator[dict[str, Any]]:
            for line in file:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

        return link, read()


class Window:
    """Somebody at the window, through the relay."""

    def __init__(
        self, house: House, user: str = "anna", address: str = "192.0.2.9", socket_file: Path | None = None
    ) -> None:
        self.house, self.user, self.address = house, user, address
        self.socket_file = socket_file or house.window_socket

    def ask(self, method: str, path: str, facts: Any = None, *, raw: bytes | None = None, **more: str) -> Answer:
        """One request below the window's base. facts: sent as JSON; raw: sent as it is."""
        headers = {
            "Host": "nas", "X-Mailroom-User": self.user, "X-Mailroom-Address": self.address, "X-SYNO-TOKEN": "t0k",
            **({"Content-Type": "application/json"} if method != "GET" else {}),
            **{name.replace("_", "-"): value for name, value in more.items()},
        }  # fmt: skip
        link = http.client.HTTPConnection("localhost", timeout=60)
        link.sock = socket.socket(socket.AF_UNIX)
        link.sock.settimeout(60)
        # The path through /proc is longer than a socket's name may be.
        link.sock.connect(_short(self.socket_file))
        try:
            body = json.dumps(facts or {}).encode() if raw is None and method != "GET" else raw
            got = _answered(link, method, f"/{path}", body, headers)
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            link.close()

    def get(self, path: str) -> Any:
        """The facts at a path."""
        got = self.ask("GET", path)
        assert got.status == 200, got.body
        return got.facts


def _answered(
    link: http.client.HTTPConnection, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> http.client.HTTPResponse:
    """The answer, also one that comes before the whole body was taken, as browsers read it."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        link.request(method, path, body, headers)
    return link.getresponse()


def _short(path: Path) -> str:
    text = str(path)
    assert len(text) < 108, text
    return text


def until(true: Callable[[], Any], limit_s: float = 20.0) -> Any:
    """Wait until `true()` is; what it then is."""
    end = time.monotonic() + limit_s
    while not (found := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return found
