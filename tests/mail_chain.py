"""Postfix, our filter and the scanners, for real, in a root and a network of their own.

An LMTP server in the test's own process stands for Dovecot (see lmtp_sink.py).

Needs root and the bundle (MAILROOM_BUNDLE names its root, else the newest one in the cache is taken).
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lmtp_sink import LmtpSink

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
for address in 192.0.2.1 192.0.2.10 198.51.100.7; do ip address add "$address/32" dev lo; done
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
echo ready
# As the first process, takes in those whose parents have died.
sleep infinity & wait
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
boot.prepare_resolver()
facts = Facts(settings, HostFacts(accounts_synced=sys.argv[2] == "synced", processors=2))
folder = paths.CONF / "rev-1"
for name in ("postfix", "spamd", "clamd", "rspamd", "filter"):
    for file, text in BY_ID[name].files(facts).items():
        target = folder / name / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
paths.CURRENT.exists() or paths.CURRENT.symlink_to(folder)
"""
TLS = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mail.example.com"
    " -keyout /data/tls/key.pem -out /data/tls/cert.pem"
)
# Addresses in the chain's network: the server's own, a client's on the local network, a client's out there.
SERVER, LAN_CLIENT, CLIENT = "192.0.2.1", "192.0.2.10", "198.51.100.7"
RESOLVER = ("127.0.0.153", 53)
READY = {
    "clamd": ("clamd", "/run/clamav/clamd.sock"),
    "spamd": ("spamd", "/run/spamd/spamd.sock"),
    "rspamd": ("http", "/run/rspamd/rspamd.sock"),
    "filter": ("milter", "/run/filter/filter.sock"),
    "postfix": ("smtp", f"{SERVER}:25"),
}
SETTINGS = {"mail_delivery.general": {"domain": "example.com", "hostname": "mail.example.com"}}
# Our services' users are changed by s6-setuidgid; so are they here.
OWN_USER = ("s6-setuidgid", "mailroom")


def bundle() -> Path | None:
    """The bundle's root, if there is one here and we may use it."""
    if os.geteuid() != 0:
        return None
    if named := os.environ.get("MAILROOM_BUNDLE"):
        return Path(named)
    built = sorted(CACHE.glob("root-amd64-*/root"), key=lambda path: path.parent.stat().st_mtime)
    return built[-1] if built else None


class Chain:
    """The running chain. sink: what stands for the mailboxes. data_size: makes /data a small disk of its own."""

    def __init__(self, root: Path, settings: dict[str, Any] | None = None, data_size: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chain-"))
        self.run_folder = self.folder / "run"
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
        self._resolve()
        self.sink = LmtpSink(self.run_folder / "dovecot" / "lmtp")
        self.maps()

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

    def render(self, changes: dict[str, Any] | None = None, accounts: str = "synced") -> None:
        """Write the configuration that these settings ask for. accounts: "synced", or "never" read so far."""
        for page, values in (changes or {}).items():
            self.settings.setdefault(page, {}).update(values)
        self.execute("python3.11", "-c", RENDER, json.dumps(self.settings), accounts)

    def maps(self, **maps: dict[str, str]) -> None:
        """Make the lookup tables that Postfix reads."""
        for name in ("recipients", "aliases", "senders", "held"):
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
        argv = command or self._argv(name)
        environment = {**ENVIRONMENT, "MAIL_CONFIG": "/data/conf/current/postfix"}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.started[name] = subprocess.Popen(
                self._enter(argv), env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def _argv(self, name: str) -> tuple[str, ...]:
        """As the supervisor would start it (daemons/services.py)."""
        code = (
            "import json, sys; from mailroom.daemons.order import BY_ID;"
            "service = BY_ID[sys.argv[1]].service(None); print(json.dumps([service.user, *service.argv]))"
        )
        user, *argv = json.loads(self.execute("python3.11", "-c", code, name))
        return (*(OWN_USER if user == "mailroom" else ()), *argv)

    def pid(self, name: str) -> int:
        """The daemon's own pid, as the machine sees it."""
        return child_of(self.started[name].pid)

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

    def signal(self, name: str, number: int) -> None:
        """Send a signal to one of our daemons."""
        os.kill(self.pid(name), number)

    def signal_all(self, name: str, number: int) -> None:
        """Send a signal to a daemon with all of its processes."""
        # nsenter stops with its child, and has to go on with it.
        for pid in [self.started[name].pid] if number == signal.SIGCONT else []:
            os.kill(pid, number)
        for pid in self.tree(name):
            os.kill(pid, number)

    def cpu_ms(self) -> float:
        """Processor time of everything that runs in the chain, and of what has run and was waited for."""
        space, ticks = os.readlink(f"/proc/{self.inside}/ns/pid"), 0
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(process / "ns" / "pid") == space:
                    ticks += sum(map(int, (process / "stat").read_text().rpartition(")")[2].split()[11:15]))
            except OSError:
                continue
        return ticks * 1000 / os.sysconf("SC_CLK_TCK")

    def stop(self, name: str, number: int = 15) -> None:
        """End a daemon and wait for it."""
        self.signal(name, number)
        self.started.pop(name).wait(20)

    def log(self, name: str) -> str:
        """What a daemon has said so far."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def ready(self, kind: str, target: str, limit_s: float = 60.0) -> None:
        """Wait until a daemon answers as ours are asked (daemons/ask.py). Rspamd's first start compiles its rules."""
        code = f"import sys; from mailroom.daemons.ask import ask; sys.exit(not ask({kind!r}, {target!r}))"
        asking = self._enter(("python3.11", "-c", code))
        self.until(lambda: not subprocess.run(asking, env=ENVIRONMENT, check=False).returncode, limit_s)

    def until(self, true: Callable[[], Any], limit_s: float = 20.0) -> Any:
        """Wait until `true()` is."""
        end = time.monotonic() + limit_s
        while not (found := true()):
            assert time.monotonic() < end, f"not within {limit_s} s; logs in {self.folder}"
            time.sleep(0.1)
        return found

    def socket(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
        """An IPv4 socket that lives in the chain's network."""
        made: list[socket.socket] = []

        def make() -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{self.inside}/ns/net") as network:
                if libc.setns(network.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.socket(socket.AF_INET, kind))

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]

    def _resolve(self) -> None:
        """Stand for the resolver: no name exists."""
        self.resolver = self.socket(socket.SOCK_DGRAM)
        self.resolver.bind(RESOLVER)

        def answer() -> None:
            while True:
                try:
                    question, asker = self.resolver.recvfrom(4096)
                except OSError:
                    return
                self.resolver.sendto(no_such_name(question), asker)

        threading.Thread(target=answer, daemon=True).start()

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
        files = (self.run_folder / "mailroom" / "conditions").glob("*.json")
        return {file.stem: json.loads(file.read_text()) for file in files}

    def tree(self, name: str) -> list[int]:
        """A daemon's processes, as the machine sees them; the first is the daemon itself."""
        found = [self.pid(name)]
        for pid in found:
            found += children_of(pid)
        return found

    def journal(self, search: str = "") -> list[dict[str, Any]]:
        """Whole records, newest first."""
        code = (
            "import json, sys; from mailroom.store.journal import JournalStore; store = JournalStore();"
            "print(json.dumps([store.get(row['id']) for row in store.find(sys.argv[1], 0, 1000)[1]]))"
        )
        found: list[dict[str, Any]] = json.loads(self.execute("python3.11", "-c", code, search))
        return found

    def end(self) -> None:
        """Stop everything and leave nothing."""
        self.first.kill()
        self.first.wait()
        for process in self.started.values():
            process.send_signal(signal.SIGCONT)
            process.wait(20)
        self.sink.close()
        self.resolver.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def no_such_name(question: bytes) -> bytes:
    """The DNS answer NXDOMAIN to a question (RFC 1035 4.1.1)."""
    end = question.index(b"\0", 12) + 5
    return question[:2] + b"\x81\x83" + question[4:6] + b"\0" * 6 + question[12:end]


def children_of(pid: int) -> list[int]:
    """The children of a process; none when it has gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def child_of(pid: int, limit_s: float = 5.0) -> int:
    """The one child of a process (nsenter and unshare fork before they become the program)."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if children := children_of(pid):
            return children[0]
        time.sleep(0.02)
    raise AssertionError(f"process {pid} has no child")
