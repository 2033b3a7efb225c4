"""Postfix, our filter and the scanners, for real, in a root and a network of their own; an LMTP sink stands for Dovecot.

Needs root and the bundle (MAILROOM_BUNDLE names its root, else the newest one in the cache is taken).
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import smtplib
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
SET_UP = """
ip link set lo up
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
echo ready; exec sleep infinity
"""
RENDER = """
import json, sys
from pathlib import Path
from mailroom.core import paths
from mailroom.core.settings import defaults
from mailroom.daemons import boot
from mailroom.daemons.order import BY_ID
from mailroom.daemons.shape import Facts, HostFacts
settings = defaults()
for page, values in json.loads(sys.argv[1]).items():
    settings[page].update(values)
boot.prepare_folders()
boot.prepare_signatures()
facts = Facts(settings, HostFacts(accounts_synced=True, processors=2))
folder = paths.CONF / "rev-1"
for name in ("postfix", "spamd", "clamd", "rspamd", "filter"):
    for file, text in BY_ID[name].files(facts).items():
        target = folder / name / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
paths.CURRENT.exists() or paths.CURRENT.symlink_to(folder)
"""
TLS = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mail.example.com -keyout /data/tls/key.pem -out /data/tls/cert.pem"
SETTINGS = {"mail_delivery.general": {"domain": "example.com", "hostname": "mail.example.com"}}
COMMANDS: dict[str, tuple[str, ...]] = {
    "sink": ("smtp-sink", "-L", "-u", "vmail", "-D", "/data/sunk/", "unix:/run/dovecot/lmtp", "200"),
    "filter": ("setpriv", "--reuid=880", "--regid=880", "--clear-groups", "python3.11", "-s", "-m", "mailroom", "filter"),
    "clamd": ("clamd", "--foreground", "-c", "/data/conf/current/clamd/clamd.conf"),
    "postfix": ("/usr/lib/postfix/sbin/master", "-s", "-c", "/data/conf/current/postfix"),
}


def bundle() -> Path | None:
    """The bundle's root, if there is one here and we may use it."""
    if os.geteuid() != 0:
        return None
    if named := os.environ.get("MAILROOM_BUNDLE"):
        return Path(named)
    built = sorted(CACHE.glob("root-amd64-*/root"), key=lambda path: path.stat().st_mtime)
    return built[-1] if built else None


class Chain:
    """The running chain. data and run are the bundle's /data and /run as seen from here."""

    def __init__(self, root: Path, settings: dict[str, Any] | None = None, data_size: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chain-"))
        self.data, self.run_folder = self.folder / "data", self.folder / "run"
        self.settings = {page: dict(values) for page, values in SETTINGS.items()}
        for page, values in (settings or {}).items():
            self.settings.setdefault(page, {}).update(values)
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
        self.render()
        self.execute(*TLS.split())
        (self.data_seen / "sunk").mkdir()
        self.execute("chown", "vmail", "/data/sunk")
        self.execute("mkdir", "-p", "/run/dovecot")
        self.execute("chmod", "777", "/run/dovecot")

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

    def render(self, changes: dict[str, Any] | None = None) -> None:
        """Write the configuration that these settings ask for."""
        for page, values in (changes or {}).items():
            self.settings.setdefault(page, {}).update(values)
        self.execute("python3.11", "-c", RENDER, json.dumps(self.settings))

    def maps(self, **maps: dict[str, str]) -> None:
        """Make the lookup tables that Postfix reads."""
        for name in ("recipients", "aliases", "senders"):
            text = "".join(f"{key} {value}\n" for key, value in maps.get(name, {}).items())
            (self.data_seen / "maps" / name).write_text(text)
            self.execute("postmap", "-c", "/data/conf/current/postfix", f"lmdb:/data/maps/{name}")
            self.execute("chmod", "644", f"/data/maps/{name}.lmdb")

    def postconf(self, *lines: str) -> None:
        """Add lines to main.cf, as no setting can."""
        with (self.data_seen / "conf/rev-1/postfix/main.cf").open("a") as file:
            file.write("\n".join(lines) + "\n")

    def start(self, name: str, *command: str) -> None:
        """Start a daemon (COMMANDS, spamd, rspamd, or the given command)."""
        if name == "postfix":
            # Makes the queue's folders.
            self.execute("postfix", "-c", "/data/conf/current/postfix", "check")
        argv = command or COMMANDS.get(name) or self._from_daemon(name)
        environment = {**ENVIRONMENT, "MAIL_CONFIG": "/data/conf/current/postfix"}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.started[name] = subprocess.Popen(
                self._enter(argv), env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def _from_daemon(self, name: str) -> tuple[str, ...]:
        code = f"import json; from mailroom.daemons.order import BY_ID; print(json.dumps(BY_ID[{name!r}].service(None).argv))"
        return tuple(json.loads(self.execute("python3.11", "-c", code)))

    def pid(self, name: str) -> int:
        """The daemon's own pid, as the machine sees it."""
        return child_of(self.started[name].pid)

    def signal(self, name: str, number: int) -> None:
        """Send a signal to one of our daemons."""
        os.kill(self.pid(name), number)

    def stop(self, name: str, number: int = 15) -> None:
        """End a daemon and wait for it."""
        self.signal(name, number)
        self.started.pop(name).wait(20)

    def log(self, name: str) -> str:
        """What a daemon has said so far."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def ready(self, kind: str, target: str, limit_s: float = 15.0) -> None:
        """Wait until a daemon answers as ours are asked (daemons/ask.py)."""
        code = f"import sys; from mailroom.daemons.ask import ask; sys.exit(not ask({kind!r}, {target!r}))"
        self.until(lambda: not subprocess.run(self._enter(("python3.11", "-c", code)), env=ENVIRONMENT).returncode, limit_s)

    def until(self, true: Callable[[], Any], limit_s: float = 20.0) -> Any:
        """Wait until `true()` is."""
        end = time.monotonic() + limit_s
        while not (found := true()):
            assert time.monotonic() < end, f"not within {limit_s} s; logs in {self.folder}"
            time.sleep(0.1)
        return found

    def socket(self) -> socket.socket:
        """A TCP socket that lives in the chain's network."""
        made: list[socket.socket] = []

        def make() -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{self.inside}/ns/net") as network:
                if libc.setns(network.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.socket())

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]

    def connect(self, port: int = 25, timeout_s: float = 40.0) -> socket.socket:
        """A connection to a port of the chain."""
        link = self.socket()
        link.settimeout(timeout_s)
        link.connect(("127.0.0.1", port))
        return link

    def smtp(self, port: int = 25, timeout_s: float = 40.0) -> smtplib.SMTP:
        """An SMTP client that is connected to the chain."""
        chain = self

        class Client(smtplib.SMTP):
            def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
                return chain.connect(port, timeout)

        return Client("127.0.0.1", port, local_hostname="client.example.net", timeout=timeout_s)

    def journal(self, search: str = "") -> list[dict[str, Any]]:
        """Whole records, newest first."""
        code = (
            "import json, sys; from mailroom.store.journal import JournalStore; store = JournalStore();"
            "print(json.dumps([store.get(row['id']) for row in store.find(sys.argv[1], 0, 1000)[1]]))"
        )
        found: list[dict[str, Any]] = json.loads(self.execute("python3.11", "-c", code, search))
        return found

    def sunk(self) -> list[bytes]:
        """Messages that reached the mailboxes' side."""
        return [file.read_bytes() for file in sorted((self.data_seen / "sunk").iterdir())]

    def end(self) -> None:
        """Stop everything and leave nothing."""
        self.first.kill()
        self.first.wait()
        for process in self.started.values():
            process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def child_of(pid: int, limit_s: float = 5.0) -> int:
    """The one child of a process (nsenter and unshare fork before they become the program)."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.02)
    raise AssertionError(f"process {pid} has no child")
