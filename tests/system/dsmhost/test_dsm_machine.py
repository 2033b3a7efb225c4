"""The machine itself: power, neighbours, ports, the world around it, and what it has not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from dsm_life import until
from dsm_probe import Probe, free_port

from dsmhost.forward import PortTaken
from dsmhost.machine import Machine

SEND = """
import smtplib, sys
with smtplib.SMTP("10.77.%d.1", 25, timeout=20) as server:
    server.sendmail("anna@example.com", ["friend@world.example"], "Subject: out\\r\\n\\r\\nHello outside\\r\\n")
"""
# A host that is a folder itself, with processes of its own: where a clean machine tries the whole.
CHROOT = """
mount --make-rprivate / && mount --rbind / "$1" && mount -t proc proc "$1/proc" && exec chroot "$1" "$2" -B -c "$3" "$4"
"""
BOOT_INSIDE = """
import sys
sys.path[:] = {path}
from pathlib import Path
from dsmhost.machine import Machine
machine = Machine(Path(sys.argv[1]), "7", 43)
machine.create()
machine.boot()
try:
    print(machine.run("hostname").stdout, machine.run("stat", "-c", "%a", "/volume1").stdout, end="")
finally:
    machine.delete()
"""
LISTEN = """
import socket, sys
door = socket.create_server(("0.0.0.0", 25)); print("listening", flush=True)
link, peer = door.accept(); link.sendall(b"220 here\\r\\n"); print(peer[0], flush=True)
"""


def processes(folder: Path) -> list[str]:
    """Command lines of all processes of this host that name the folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in file.read_bytes():
                found.append(file.parent.name)
        except OSError:
            continue
    return found


def namespaces() -> set[str]:
    """Network and mount namespaces in which any process of this host lives."""
    found = set()
    for file in [*Path("/proc").glob("[0-9]*/ns/net"), *Path("/proc").glob("[0-9]*/ns/mnt")]:
        try:
            found.add(os.readlink(file))
        except OSError:
            continue
    return found


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Machine]:
    """A machine of a test's own, made and not yet on."""
    machine = Machine(tmp_path / "lone", "7", 41)
    machine.create()
    yield machine
    machine.delete()


@pytest.mark.parametrize("end", ["shutdown", "power_cut", "delete"])
def test_nothing_is_left(lone: Machine, tmp_path: Path, end: str) -> None:
    """No process, mount or namespace, also with a daemon that has left its session and a shell inside."""
    lone.boot()
    own = {os.readlink(f"/proc/{lone.pid()}/ns/{kind}") for kind in ("net", "mnt")}
    (lone.folder / "volume1/probe/env").mkdir(parents=True)
    lone.run("chmod", "-R", "777", "/volume1/probe")
    lone.ask("install", file=Probe("7").write(tmp_path))
    lone.run("sh", "-c", "setsid sleep 5000 >/dev/null 2>&1 &")
    getattr(lone, end)()
    assert processes(lone.folder) == []
    assert str(lone.folder) not in Path("/proc/self/mounts").read_text()
    # The kernel lets go of a namespace a moment after the last process in it has gone.
    until(lambda: not own & namespaces(), "its namespaces are gone")
    lone.delete()
    assert not lone.folder.exists()


def test_found_again(lone: Machine) -> None:
    """Who did not start it can switch it off: only the folder is needed. What it holds stays."""
    lone.forwards = {free_port(): 5000}
    lone.create()
    lone.boot()
    lone.run("sh", "-c", "echo kept >/etc/mine; echo kept >/volume1/mine")
    other = Machine.at(lone.folder)
    assert other.is_on() and other.forwards == lone.forwards
    other.shutdown()
    assert not lone.is_on()
    other.boot()
    assert other.run("cat", "/etc/mine", "/volume1/mine").stdout == "kept\nkept\n"
    other.delete()


def test_stale_pid_file_kills_nobody(lone: Machine) -> None:
    bystander = subprocess.Popen(("sleep", "1000"))
    try:
        (lone.folder / "pid").write_text(str(bystander.pid))
        lone.power_cut()
        lone.delete()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_long_folder_name(tmp_path: Path) -> None:
    machine = Machine(tmp_path / ("long" * 40), "7", 42)
    machine.create()
    try:
        machine.boot()
        assert machine.run("/usr/syno/bin/synopkg", "list").stdout == ""
    finally:
        machine.delete()


def test_host_that_is_a_chroot(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    inner = BOOT_INSIDE.format(path=[path for path in sys.path if path])
    words = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", CHROOT, "sh")
    argv = (*words, tmp_path / "host", sys.executable, inner, tmp_path / "nas")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.stdout == "nas43\n 755\n", done.stderr
    assert not (tmp_path / "nas").exists()


def test_taken_port_names_its_owner(lone: Machine) -> None:
    """Before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        lone.forwards = {port: 5000}
        with pytest.raises(PortTaken, match=rf"Port {port} .*\(pid {os.getpid()}\)"):
            lone.boot()
    assert processes(lone.folder) == []


def test_forwarded_ports(lone: Machine) -> None:
    """From this host to the desktop and to the world's page; the machine sees a client that is not itself."""
    desktop, smtp, page = free_port(), free_port(), free_port()
    lone.forwards, lone.world_page = {desktop: 5000, smtp: 25}, page
    try:
        lone.boot()
        assert b"Sign In" in urllib.request.urlopen(f"http://127.0.0.1:{desktop}/", timeout=20).read()
        assert b"outside world" in urllib.request.urlopen(f"http://127.0.0.1:{page}/", timeout=20).read()
        server = subprocess.Popen(
            ("nsenter", f"--net=/proc/{lone.pid()}/ns/net", "python3", "-c", LISTEN), stdout=subprocess.PIPE, text=True
        )
        assert server.stdout and server.stdout.readline() == "listening\n"
        with socket.create_connection(("127.0.0.1", smtp), 20) as link:
            assert link.recv(100) == b"220 here\r\n"
        assert server.stdout.readline().strip() == "10.77.41.8"
        server.wait(20)
    finally:
        lone.delete()


def test_side_by_side(machines: dict[str, Machine]) -> None:
    """Each with its own host name, processes and network."""
    for machine in machines.values():
        machine.boot()
    six, seven = machines["6.2"], machines["7"]
    assert {one.run("hostname").stdout for one in (six, seven)} == {"nas31\n", "nas32\n"}
    assert six.run("cat", "/etc.defaults/VERSION").stdout.startswith('majorversion="6"')
    assert "10.77.31.2" in six.run("ip", "-4", "addr").stdout and "10.77.31.2" not in seven.run("ip", "addr").stdout
    assert seven.run("curl", "-s", "-m", "2", "http://10.77.31.2:5000/", check=False).returncode != 0


def test_what_it_has_not(nas: Machine) -> None:
    for program in ("python3", "perl", "apt-get", "dpkg", "gcc", "systemctl"):
        assert nas.run("sh", "-c", f"command -v {program}", check=False).returncode != 0, program
    assert nas.run("sh", "-c", "command -v synopkg", check=False).returncode != 0
    assert nas.run("sh", "-c", "test -x /usr/syno/bin/synopkg && command -v curl tar xz setcap").returncode == 0


def test_orphans_are_collected(nas: Machine) -> None:
    """Process number 1 takes in what lost its parent: no zombie stays."""
    nas.run("sh", "-c", "for n in 1 2 3 4 5; do (setsid sh -c 'sleep 0.01; exit 3' &); done; sleep 0.2")
    assert " Z" not in nas.run("ps", "-eo", "pid,stat,comm").stdout


def test_world_takes_mail(nas: Machine) -> None:
    for file in (nas.folder / "world-mail").glob("*"):
        file.unlink()
    assert nas.world_mail() == []
    nas.network("python3", "-c", SEND % nas.number, check=True)
    (mail,) = nas.world_mail()
    assert (mail["from"], mail["to"], mail["client"]) == ("anna@example.com", ["friend@world.example"], nas.address)
    assert "Hello outside" in mail["content"]


def test_world_page_sends_mail_in(nas: Machine) -> None:
    """Its form reaches the machine's port 25, and says when nobody is there."""
    fields = urlencode({"from": "friend@world.example", "to": "anna@example.com", "subject": "Hi", "text": "Hello"})
    said = nas.world(
        "curl", "-s", "-d", fields, f"http://10.77.{nas.number}.1:8025/", capture_output=True, text=True
    ).stdout
    assert "Not taken" in said and "Connection refused" in said


def test_world_dns(nas: Machine) -> None:
    """The world is everybody's mail server, except where a test's zone says otherwise."""
    ask = f"""
import dns.resolver, dns.message, dns.query, dns.rcode
resolver = dns.resolver.Resolver(configure=False); resolver.nameservers = ["10.77.{nas.number}.1"]
print(resolver.resolve("anything.example", "MX")[0], resolver.resolve("mx.world.example", "A")[0])
print(len(resolver.resolve("big.example", "TXT")))
for name in ("gone.example", "broken.example", "x.invalid"):
    print(dns.rcode.to_text(dns.query.udp(dns.message.make_query(name, "A"), "10.77.{nas.number}.1", 5).rcode()))
"""
    zone = {
        "gone.example": "nxdomain",
        "broken.example": "servfail",
        "big.example": {"TXT": ["x" * 200 + str(n) for n in range(20)]},
    }
    (nas.folder / "zone.json").write_text(json.dumps(zone))
    try:
        said = nas.network(sys.executable, "-c", ask, capture_output=True, text=True, check=True).stdout.split("\n")
    finally:
        (nas.folder / "zone.json").unlink()
    assert said[0] == f"10 mx.world.example. 10.77.{nas.number}.1"
    assert said[1:5] == ["20", "NXDOMAIN", "SERVFAIL", "NXDOMAIN"]
