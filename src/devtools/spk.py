"""The payload of the package, and the SPK made of it. What has not changed is taken from the cache."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from pathlib import Path

from devtools import bundle, cache, frontend
from devtools.bundle import ARCHITECTURES, Architecture
from devtools.command import run
from devtools.compilers import COMPILERS
from devtools.places import CHECKOUT, DIST, PACKAGE
from devtools.say import step

sys.path.insert(0, str(CHECKOUT))
import build_spk

SOURCE = CHECKOUT / "src" / "mailroom"
RELAY = CHECKOUT / "src" / "relay" / "relay.c"
DSM_UI = CHECKOUT / "ui" / "dsm"
NGINX = ("nginx.conf", "nginx-clients.conf")


def version() -> str:
    """The package's version, as src/mailroom/__init__.py has it."""
    found = re.search(r'__version__ = "([^"]+)"', (SOURCE / "__init__.py").read_text())
    assert found is not None
    return found[1]


def sources() -> list[Path]:
    """Every file of ours that becomes part of the package."""
    folders = (SOURCE, PACKAGE / "bin", PACKAGE / "port_conf", DSM_UI)
    found = [
        path for folder in folders for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    nginx = [PACKAGE / name for name in NGINX]
    return sorted([*found, RELAY, *nginx, Path(__file__), CHECKOUT / "build_spk.py"])


def payload_key(arch: Architecture, dsm: str) -> str:
    """Names exactly this payload: our files with their names, the bundle's root and the front end."""
    named = [part for path in sources() for part in (os.path.relpath(path, CHECKOUT), path)]
    return cache.key_of([*named, arch.dsm, dsm, bundle.root(arch).parent.name, frontend.built().name])


def spk(arch_name: str = "x86_64", dsm: str = "7", *, fast: bool = True) -> Path:
    """The SPK for this checkout, from the cache when nothing has changed."""
    arch = ARCHITECTURES[arch_name]
    folders = ("scripts", "conf", "WIZARD_UIFILES")
    dsm_files = [file for folder in folders for file in sorted((CHECKOUT / folder).iterdir())]
    dsm_files += [CHECKOUT / "INFO", CHECKOUT / "LICENSES" / "README.md"]
    key = cache.key_of([payload_key(arch, dsm), *dsm_files, "fast" if fast else "release"])
    name = f"Mailroom-{arch.dsm}-dsm{dsm}-{version()}.spk"

    def make(folder: Path) -> None:
        tree = folder / "tree"
        with step(f"payload for {arch.dsm}, DSM {dsm}"):
            assemble(tree, arch, dsm)
        with step(f"package for {arch.dsm}, DSM {dsm}" + ("" if fast else ", compressed for release")):
            build_spk.build(
                tree, folder / name, arch=arch.dsm, dsm=dsm, version=version(), icons=DSM_UI / "images", fast=fast
            )
        shutil.rmtree(tree)

    return cache.built(f"spk-{arch.dsm}-{dsm}" + ("" if fast else "-release"), key, make) / name


def release(arch_name: str, dsm: str) -> Path:
    """Write the SPK, compressed for release, to dist/."""
    made = spk(arch_name, dsm, fast=False)
    DIST.mkdir(exist_ok=True)
    return Path(shutil.copy(made, DIST / made.name))


def assemble(tree: Path, arch: Architecture, dsm: str) -> None:
    """Lay out `target/` as it will be on the NAS, with modes that do not depend on this machine."""
    tree.mkdir()
    root = tree / "root"
    run(("cp", "-a", "--reflink=auto", bundle.root(arch), root))
    owners(root, tree / "owners")
    app = root / "opt/mailroom/app/mailroom"
    shutil.rmtree(app, ignore_errors=True)
    copied(SOURCE, app)
    compiled(app)
    shutil.rmtree(root / "opt/mailroom/ui", ignore_errors=True)
    copied(frontend.built() / "dist", root / "opt/mailroom/ui")
    copied(PACKAGE / "bin", tree / "bin")
    copied(PACKAGE / "port_conf", tree / "port_conf")
    for name in NGINX:
        shutil.copyfile(PACKAGE / name, tree / name)
    (tree / "version").write_text(f"{version()} {payload_key(arch, dsm)}\n")
    desktop(tree / "ui", dsm)
    run(
        (
            COMPILERS[arch.dsm],
            "-std=gnu11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Os",
            "-static",
            "-s",
            "-o",
            tree / "ui/index.cgi",
            RELAY,
        )
    )
    for path in build_spk.walk(tree):
        if not path.is_symlink() and (root not in path.parents or app in path.parents):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def copied(source: Path, target: Path) -> None:
    """Copy a folder of ours without what Python left in it; modes follow from "may be run" alone."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def compiled(app: Path) -> None:
    """Compile our modules; the bytecode does not depend on times, and names the modules as they lie on the NAS."""
    bundle.compile_python(app, "/opt/mailroom/app/mailroom")


def owners(root: Path, manifest: Path) -> None:
    """Write what the tar cannot carry through DSM: "mode uid:gid path" of all that is not simply root's."""
    lines = []
    for path in build_spk.walk(root):
        facts = path.lstat()
        mode = stat.S_IMODE(facts.st_mode)
        if not path.is_symlink() and ((facts.st_uid, facts.st_gid) != (0, 0) or mode & ~build_spk.MODE):
            lines.append(f"{mode:o} {facts.st_uid}:{facts.st_gid} {path.relative_to(root)}\n")
    manifest.write_text("".join(lines))


def desktop(target: Path, dsm: str) -> None:
    """DSM's own files of the window: one `config` of the two, texts, script and icons.

    The script has the version in its name: the desktop would go on with an older one that the browser has kept.
    """
    copied(DSM_UI, target)
    script = target / "mailroom-7.js"
    if dsm == "7":
        script.rename(target / f"mailroom-{version()}.js")
    else:
        script.unlink()
    (target / "config").write_text((target / f"config.{dsm}").read_text().replace("{version}", version()))
    for other in (*target.glob("config.*"), target / "mailroom.svg"):
        other.unlink()
