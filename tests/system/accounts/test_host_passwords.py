"""The host's PAM checks passwords, the service lives outside the bundle's root (rows AC01, AC06, AC07, AC11)."""

from __future__ import annotations

import base64
import json
import signal
import statistics
import time
from pathlib import Path

from nas import Nas

PAM_HANGS = "auth required pam_exec.so quiet /bin/sleep 60\n"
TIMED = """
import json, socket, sys, time
def took(user, address):
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(sys.argv[1])
        asked = {"op": "check", "user": user, "password": "wrong", "service": "imap", "rip": address}
        started = time.monotonic()
        link.sendall(json.dumps(asked).encode() + b"\\n")
        assert b'"bad"' in link.makefile("rb").readline()
        return time.monotonic() - started
known = [f"timed{n}" for n in range(5)]
times = {"known": [], "unknown": []}
for turn in range(5):
    for number, name in enumerate(known):
        times["known"].append(took(name, f"198.51.{turn}.{number}"))
        times["unknown"].append(took(f"nobody{turn}{number}", f"198.52.{turn}.{number}"))
print(json.dumps(times))
"""


def activate(nas: Nas, *names: str) -> None:
    assert nas.flow("sync.now")["state"] == "ok"
    nas.flow("accounts.apply", changes=dict.fromkeys(names, "activate"))


def test_every_change_on_the_host_counts_at_the_next_sign_in(nas: Nas) -> None:
    nas.add_user("anna", "first", "administrators")
    activate(nas, "anna")
    assert [nas.check("anna", word) for word in ("first", "garbage", "first")] == ["ok", "bad", "ok"]
    nas.set_password("anna", "zweites-ü\\\"'")
    assert [nas.check("anna", word) for word in ("first", "zweites-ü\\\"'")] == ["bad", "ok"]
    nas.host("usermod", "-L", "anna")
    assert nas.check("anna", "zweites-ü\\\"'") == "bad"
    nas.host("usermod", "-U", "anna")
    nas.host("usermod", "-e", "1970-01-02", "anna")
    assert [nas.check("anna", word) for word in ("garbage", "zweites-ü\\\"'")] == ["bad", "disabled"]
    nas.host("usermod", "-e", "", "anna")
    assert nas.check("anna", "zweites-ü\\\"'") == "ok"


def test_a_new_a_disabled_and_a_removed_user_are_followed(nas: Nas) -> None:
    nas.add_user("berta", "secret")
    assert nas.check("berta", "secret", "window", "192.0.2.20") == "ok"
    assert nas.check("berta", "secret", "imap", "192.0.2.20") == "not_active"
    activate(nas, "berta")
    assert nas.check("berta", "secret", "imap", "192.0.2.20") == "ok"
    assert nas.bundle("postmap", "-q", "berta@example.com", "lmdb:/data/maps/recipients") == "OK\n"
    nas.host("usermod", "-e", "1970-01-02", "berta")
    nas.flow("sync.now")
    assert nas.flow("accounts.list", search="berta")["users"][0]["status"] == "deactivated"
    nas.host("usermod", "-e", "", "berta")
    nas.flow("sync.now")
    nas.host("userdel", "berta")
    nas.flow("sync.now")
    assert nas.bundle("postmap", "-q", "berta@example.com", "lmdb:/data/maps/held").startswith("450 ")
    assert nas.ask(op="lookup", user="berta")["status"] == 503
    assert nas.check("berta", "secret", "imap", "192.0.2.20") == "bad"


def test_passwords_are_never_in_the_bundle(nas: Nas) -> None:
    nas.add_user("clara", "only-on-the-host")
    assert "clara" not in nas.bundle("cat", "/etc/shadow")
    nas.check("clara", "only-on-the-host", "portal", "192.0.2.30")
    nas.check("clara", "a-wrong-guess", "portal", "192.0.2.30")
    kept = nas.bundle("sh", "-c", "cat /data/signin/* 2>/dev/null | base64")
    written = (nas.folder / "signin.log").read_text() + base64.b64decode(kept).decode(errors="replace")
    assert "only-on-the-host" not in written and "a-wrong-guess" not in written


def test_a_pam_that_hangs_is_temporary_and_its_worker_goes(nas: Nas) -> None:
    nas.add_user("dora", "secret")
    activate(nas, "dora")
    login = nas.folder / "host/etc/pam.d/login"
    nas.host("cp", "/etc/pam.d/login", "/etc/pam.d/login.kept")
    nas.host("sh", "-c", 'printf %s "$1" >/etc/pam.d/login', "sh", PAM_HANGS)
    try:
        started = time.monotonic()
        assert nas.check("dora", "secret", "imap", "192.0.2.40") == "temp", login
        assert time.monotonic() - started < 6
    finally:
        nas.host("mv", "/etc/pam.d/login.kept", "/etc/pam.d/login")
    assert nas.check("dora", "secret", "imap", "192.0.2.40") == "ok"


def test_six_wrong_passwords_are_held_back_also_after_a_restart(nas: Nas) -> None:
    nas.add_user("emil", "secret")
    activate(nas, "emil")
    for _ in range(8):
        nas.check("emil", "wrong", "imap", "192.0.2.50")
        nas.ask(op="unban", kind="address", value="192.0.2.50")
    time.sleep(1.5)
    nas.stop("signin", signal.SIGKILL)
    nas.start_signin()
    bans = nas.ask(op="bans")["result"]["bans"]
    assert [ban["value"] for ban in bans if ban["kind"] == "account"] == ["emil"]
    assert nas.check("emil", "secret", "imap", "192.0.2.51") == "blocked"
    assert nas.ask(op="unban", kind="account", value="emil")["result"] == {"unbanned": "emil"}
    assert nas.check("emil", "secret", "imap", "192.0.2.51") == "ok"


def test_unknown_names_take_as_long_as_known_ones(nas: Nas) -> None:
    for number in range(5):
        nas.add_user(f"timed{number}", "secret")
    nas.flow("sync.now")
    times = json.loads(nas.bundle("python3.11", "-IS", "-c", TIMED, "/run/mailroom/signin/signin.sock"))
    known, unknown = statistics.median(times["known"]), statistics.median(times["unknown"])
    assert abs(known - unknown) < 0.25 * known, f"known {known:.3f} s, unknown {unknown:.3f} s"


def test_killed_service_leaves_no_worker(nas: Nas) -> None:
    nas.check("anna", "x", "imap", "192.0.2.60")
    nas.stop("signin", signal.SIGKILL)

    def left() -> list[str]:
        found = []
        for process in Path("/proc").iterdir():
            try:
                if b"mailroom\0signin" in (process / "cmdline").read_bytes() and str(nas.folder) in str(
                    (process / "root").readlink()
                ):
                    found.append(process.name)
            except OSError:
                continue
        return found

    nas.wait_for(lambda: not left(), 5)
    nas.start_signin()
