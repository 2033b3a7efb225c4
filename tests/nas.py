"""A small NAS: a host with users, shadow and PAM of its own, and in it the bundle in a root of its own.

Needs root and the bundle (MAILROOM_BUNDLE names its root, else the newest one in the cache is taken).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[1] / "src" / "mailroom"
CACHE = Path(os.environ.get("MAILROOM_CACHE", "/var/cache/mailroom"))
SOCKET = "/run/mailroom/signin/signin.sock"
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONPATH": "/opt/mailroom/lib:/opt/mailroom/app",
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
}
# $1: the bundle's root, $2: working folder, $3: our sources. Two overlays: the host, and the bundle mounted in it.
SET_UP = """
set -e
ip link set lo up
over() {
  mkdir -p "$1/upper" "$1/work"
  mount -t overlay overlay -o "lowerdir=$3,upperdir=$1/upper,workdir=$1/work" "$2"
}
mkdir "$2/host"; over "$2/host-layers" "$2/host" "$1"
mkdir -p "$2/host/bundle"; over "$2/bundle-layers" "$2/host/bundle" "$1"
for root in "$2/host" "$2/host/bundle"; do
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 dev "$root/dev"
  for node in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9"; do
    set -- "$1" "$2" "$3" $node; mknod -m 666 "$root/dev/$4" c "$5" "$6"
  done
  mkdir "$root/dev/shm"; mount -t tmpfs shm "$root/dev/shm"
  ln -s /proc/self/fd "$root/dev/fd"; ln -s /proc/self/fd/2 "$root/dev/stderr"
  mkdir -p "$root/opt/mailroom/app/mailroom"; mount --bind "$3" "$root/opt/mailroom/app/mailroom"
done
mkdir -p "$2/host/bundle/data" "$2/host/bundle/mail"
mount -t tmpfs run "$2/host/bundle/run"
echo ready; exec sleep infinity
"""
CONFIGURE = """
import subprocess
from mailroom.core import paths
from mailroom.core.settings import defaults
from mailroom.daemons import boot, configuration
from mailroom.daemons.order import BY_ID
from mailroom.daemons.shape import Facts, HostFacts
from mailroom.store.accounts import AccountStore
settings = defaults()
settings["mail_delivery.general"].update(domain="example.com", hostname="mail.example.com")
settings["service.protocol"].update(imap_enabled=True)
boot.prepare_folders()
facts = Facts(settings, HostFacts(accounts_synced=True))
folder = paths.CONF / "rev-1" / "dovecot"
configuration.write(folder.parent, {"dovecot": BY_ID["dovecot"].files(facts)})
paths.CURRENT.symlink_to(folder.parent)
(paths.TLS / "1").mkdir()
(paths.TLS / "current").symlink_to("1")
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
    "-subj", "/CN=mail.example.com",
    "-keyout", f"{paths.TLS}/current/key.pem", "-out", f"{paths.TLS}/current/cert.pem"],
    check=True, capture_output=True)
BY_ID["dovecot"].check(folder)
BY_ID["dovecot"].compile(folder)
AccountStore()
"""
FLOW = """
import json, sys
from mailroom.core.settings import defaults
from mailroom.flows.account import Accounts
from mailroom.store.accounts import AccountStore
class Settings:
    def values(self):
        known = defaults()
        known["mail_delivery.general"]["domain"] = "example.com"
        return known
class Events:
    def add(self, kind, text, **facts):
        return 1
accounts = Accounts(AccountStore(), Events(), Settings(), refresh=lambda settings: None)
print(json.dumps(accounts.operations()[sys.argv[1]](**json.loads(sys.argv[2]))))
"""
ASK = """
import json, socket, sys
with socket.socket(socket.AF_UNIX) as link:
    link.settimeout(15)
    link.connect(sys.argv[1])
    link.sendall(sys.argv[2].encode() + b"\\n")
    print(link.makefile().readline())
"""


def bundle_root() -> Path | None:
    """The bundle's root, or None when there is none on this machine."""
    named = os.environ.get("MAILROOM_BUNDLE")
    roots = [Path(named)] if named else sorted(CACHE.glob("root-amd64*/root"), key=lambda root: root.stat().st_mtime)
    return roots[-1] if roots else None


class Nas:
    """The running NAS. Every process in it ends with `close`."""

    def __init__(self, bundle: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mailroom-nas-"))
        self.started: dict[str, subprocess.Popen[bytes]] = {}
        self.keeper = subprocess.Popen(
            (
                "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private",
                "sh", "-c", SET_UP, "sh", str(bundle), str(self.folder), str(SOURCE),
            ),
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.keeper.stdout is not None and self.keeper.stdout.readline() == b"ready\n"
        (self.first,) = Path(f"/proc/{self.keeper.pid}/task/{self.keeper.pid}/children").read_text().split()
        self.host("groupadd", "-f", "-g", "1010", "administrators")
        self.bundle("python3.11", "-c", CONFIGURE)

    def argv(self, root: str, *argv: str) -> tuple[str, ...]:
        """How to run something in there; root: "/" for the host, "/bundle" for the bundle in it."""
        inside = f"{self.folder}/host{root}"
        # --root would be taken before the mounts are entered: chroot after it sees ours.
        return ("nsenter", "-t", self.first, "-m", "-n", "-p", "chroot", inside, *argv)

    def host(self, *argv: str, given: str = "") -> str:
        """Run a program on the host; what it says."""
        return self._run("/", argv, given)

    def bundle(self, *argv: str, given: str = "") -> str:
        """Run a program in the bundle; what it says."""
        return self._run("/bundle", argv, given)

    def _run(self, root: str, argv: tuple[str, ...], given: str) -> str:
        done = subprocess.run(
            self.argv(root, *argv), input=given, env=ENVIRONMENT, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{argv[0]}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, name: str, root: str, *argv: str) -> None:
        """Start a program that stays."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.started[name] = subprocess.Popen(self.argv(root, *argv), env=ENVIRONMENT, stdout=log, stderr=log)

    def start_signin(self) -> None:
        """The sign-in service on the host's side, as the supervisor starts it."""
        self.start(
            "signin", "/", "python3.11", "-s", "-m", "mailroom", "signin",
            "--socket", f"/bundle{SOCKET}", "--data", "/bundle/data", "--group-id", "882",
        )  # fmt: skip
        self.wait_for(lambda: self.ask(op="ways")["result"]["way"] is not None)

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        """Signal a started program itself (nsenter and chroot have become it) and wait for its end."""
        process = self.started.pop(name)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]) if children else process.pid, number)
        process.wait(15)

    def wait_for(self, what: Any, limit_s: float = 15.0) -> None:
        """Until `what()` is true; an error is a no."""
        until = time.monotonic() + limit_s
        while True:
            try:
                if what():
                    return
            except (AssertionError, OSError, KeyError, ValueError):
                pass
            assert time.monotonic() < until, "waited in vain"
            time.sleep(0.1)

    def ask(self, **request: Any) -> dict[str, Any]:
        """One question to the sign-in service."""
        return dict(json.loads(self.bundle("python3.11", "-IS", "-c", ASK, SOCKET, json.dumps(request))))

    def check(self, user: str, password: str, service: str = "imap", rip: str = "192.0.2.1") -> str:
        """The answer to one attempt."""
        return str(self.ask(op="check", user=user, password=password, service=service, rip=rip)["result"]["answer"])

    def flow(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """An operation of the account story, in the bundle."""
        return dict(json.loads(self.bundle("python3.11", "-c", FLOW, operation, json.dumps(arguments))))

    def add_user(self, name: str, password: str, groups: str = "") -> None:
        """A new user of the host."""
        uid = 1026 + sum(ord(letter) * 31**turn for turn, letter in enumerate(name)) % 20_000
        more = ["-G", groups] if groups else []
        self.host("useradd", "-u", str(uid), "-g", "users", "-s", "/usr/sbin/nologin", *more, name)
        self.set_password(name, password)

    def set_password(self, name: str, password: str) -> None:
        """Change a password on the host."""
        self.host("chpasswd", given=f"{name}:{password}\n")

    def close(self) -> None:
        """End everything and leave nothing."""
        os.kill(int(self.first), signal.SIGKILL)
        self.keeper.wait(15)
        for process in self.started.values():
            process.wait(15)
        shutil.rmtree(self.folder)
