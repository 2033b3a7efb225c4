"""The developer's Python environment, in the cache, from package/dev.lock."""

from __future__ import annotations

import os
from pathlib import Path

from devtools import cache
from devtools.command import run
from devtools.places import PACKAGE, SYSTEM_PYTHON
from devtools.say import step


def venv() -> Path:
    """The folder of the environment, built or from the cache."""
    parts = [PACKAGE / "dev.lock", Path(__file__), os.path.realpath(SYSTEM_PYTHON)]
    return cache.built("venv", cache.key_of(parts), _build)


def _build(folder: Path) -> None:
    with step("Python packages for developers"):
        run((SYSTEM_PYTHON, "-m", "venv", "--copies", folder))
        pip = (folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes")
        run((*pip, "--no-compile", "-r", PACKAGE / "dev.lock"))
        # Compiled once, on all processors: every later command starts faster, whether or not it may write bytecode.
        compiler = (
            folder / "bin/python",
            "-I",
            "-m",
            "compileall",
            "-q",
            "-j",
            "0",
            "--invalidation-mode",
            "unchecked-hash",
        )
        run((*compiler, "-x", "/(tests|testing/data|node_modules)/", folder / "lib"))


def python() -> Path:
    """The interpreter. Scripts are run as `python -m`, because the folder was renamed after it was made."""
    return venv() / "bin/python"
