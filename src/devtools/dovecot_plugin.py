"""Our plugin of Dovecot (src/dovecot, decision 0007), compiled into the bundle against Debian's headers of Dovecot."""

from __future__ import annotations

import tempfile
from pathlib import Path

from devtools.command import run
from devtools.compilers import COMPILERS, LOCK, headers
from devtools.places import CHECKOUT, SYSTEM_PYTHON
from devtools.say import step

SOURCE = CHECKOUT / "src" / "dovecot"
# Below the bundle's root. Dovecot loads plugins in the order of their numbers; fts is 20, fts_squat 21.
PLACE = "usr/lib/dovecot/modules/lib25_mailroom_plugin.so"
HEADERS = "dovecot-dev"
FLAGS = (
    "-std=gnu11", "-O2", "-fPIC", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-fstack-protector-strong",
    "-D_FORTIFY_SOURCE=2", "-DHAVE_CONFIG_H",
)  # fmt: skip
LINK = ("-shared", "-s", "-Wl,-z,relro,-z,now")


def sources() -> list[Path]:
    """All that the plugin is made from."""
    return [*sorted(SOURCE.iterdir()), LOCK, Path(__file__)]


def install(target: Path, dsm: str, debian_arch: str) -> None:
    """Compile the plugin for one architecture into a root. The same sources give the same bytes."""
    with step(f"plugin of Dovecot for {dsm}"), tempfile.TemporaryDirectory(dir="/var/tmp") as scratch:
        folder = Path(scratch)
        include = headers(HEADERS, debian_arch, folder) / "dovecot"
        (folder / "tables.h").write_text(run((SYSTEM_PYTHON, "-I", SOURCE / "tables.py")))
        # Assertions name their files: by names that are the same wherever it is compiled.
        words = (COMPILERS[dsm], *FLAGS, f"-ffile-prefix-map={folder}=.", f"-ffile-prefix-map={SOURCE}=src/dovecot")
        objects = []
        for source in sorted(SOURCE.glob("*.c")):
            objects.append(f"{source.stem}.o")
            places = (f"-I{include}", "-I.", f"-I{SOURCE}")
            run((*words, *places, "-c", source, "-o", objects[-1]), cwd=folder)
        run((*words, *LINK, "-o", target / PLACE, *objects), cwd=folder)
        (target / PLACE).chmod(0o644)
