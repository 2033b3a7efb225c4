"""Power-on: the mounts, names and network of a machine, before its first process serves anything."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from dsmhost.spk import OS_VERSION

DEVICES = (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0))
LINKS = (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"), ("ptmx", "pts/ptmx"))
MOUNTS = (
    ("proc", "proc", "nosuid"), ("sysfs", "sys", "ro,nosuid"), ("tmpfs", "dev", "mode=755"),
    ("tmpfs", "run", "mode=755"), ("tmpfs", "tmp", "mode=1777"),
)  # fmt: skip
TOOLS = Path(__file__).parent / "tools"


def mount(*words: str | Path) -> None:
    """mount(8). Raises OSError with its words."""
    done = subprocess.run(("mount", *map(str, words)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip())


def volume(number: int) -> str:
    """A volume's name, in the machine's folder and in its root."""
    return f"volume{number}"


def mount_all(folder: Path, lower: Path, profile: str, volumes: int) -> None:
    """The machine's root: the common layer below, the machine's own changes above, its volumes beside."""
    root = folder / "root"
    mount("--make-rprivate", "/")
    layers = f"lowerdir={lower},upperdir={folder}/upper,workdir={folder}/work"
    mount("-t", "overlay", "overlay", "-o", layers, root)
    for kind, name, options in MOUNTS:
        mount("-t", kind, "-o", options, kind, root / name)
    mount("-t", "proc", "proc", "/proc")
    for name, major, minor in DEVICES:
        os.mknod(root / "dev" / name, 0o020666, os.makedev(major, minor))
        (root / "dev" / name).chmod(0o666)
    for name, options in (("shm", "mode=1777"), ("pts", "newinstance,ptmxmode=0666,mode=620")):
        (root / "dev" / name).mkdir()
        mount("-t", "tmpfs" if name == "shm" else "devpts", "-o", options, name, root / "dev" / name)
    for name, target in LINKS:
        (root / "dev" / name).symlink_to(target)
    for name in map(volume, range(1, volumes + 1)):
        (root / name).mkdir(exist_ok=True)
        mount("--bind", folder / name, root / name)
        # As on DSM: no device nodes on a volume.
        mount("-o", "remount,bind,nodev", root / name)
    if profile != "6.2":
        # As systemd does: what is mounted later is seen in namespaces that follow this one.
        mount("--make-rshared", root)


def name_all(root: Path, profile: str, number: int) -> None:
    """Host name, resolver, DSM's version files and DSM's own tools."""
    socket.sethostname(f"nas{number}")
    (root / "etc/hostname").write_text(f"nas{number}\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n10.77.{number}.2 nas{number}\n")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text(f"nameserver 10.77.{number}.1\n")
    major, minor, build = OS_VERSION[profile]
    facts = {"majorversion": major, "minorversion": minor, "productversion": f"{major}.{minor}", "buildnumber": build}
    (root / "etc.defaults").mkdir(exist_ok=True)
    (root / "etc.defaults/VERSION").write_text("".join(f'{name}="{value}"\n' for name, value in facts.items()))
    scripts = root / "etc/sysconfig/network-scripts"
    scripts.mkdir(parents=True, exist_ok=True)
    (scripts / "ifcfg-eth0").write_text("DEVICE=eth0\nBOOTPROTO=static\n")
    synoinfo = 'unique="synology_geminilake_920+"\nlanguage="enu"\ntimezone="UTC"\n'
    (root / "etc/synoinfo.conf").write_text(synoinfo)
    for tool in sorted(TOOLS.iterdir()):
        place = "usr/syno/synoman/webman/modules" if tool.suffix == ".cgi" else "usr/syno/bin"
        shutil.copyfile(tool, root / place / tool.name)
        (root / place / tool.name).chmod(0o755)


def lay_cable(folder: Path, number: int, doors: list[Any], proc: int) -> subprocess.Popen[str]:
    """Start the outside world in a network of its own, and lay a cable from this machine's network to it.

    doors: [(listening socket of the host, address, port)], served by the world. proc: the host's /proc.
    Returns the world when it serves. Raises OSError when it does not come up.
    """
    facts = json.dumps({"folder": str(folder), "number": number, "doors": doors, "proc": proc}, ensure_ascii=False)
    world = subprocess.Popen(
        ("unshare", "--net", sys.executable, "-B", "-m", "dsmhost.world", facts),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[proc, *(door[0] for door in doors)],
    )  # fmt: skip
    assert world.stdin and world.stdout
    (folder / "world.pid").write_text(world.stdout.readline().strip())
    for descriptor, _, _ in doors:
        os.close(descriptor)
    lines = (
        "link set lo up",
        f"link add eth0 type veth peer name eth0 netns {world.pid}",
        f"addr add 10.77.{number}.2/24 dev eth0",
        "link set eth0 up",
        f"route add default via 10.77.{number}.1",
    )
    done = subprocess.run(("ip", "-batch", "-"), input="\n".join(lines), capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"no cable to the outside world: {done.stderr.strip()}")
    world.stdin.write("laid\n")
    world.stdin.flush()
    if world.stdout.readline().strip() != "ready":
        raise OSError("the outside world does not come up")
    return world
