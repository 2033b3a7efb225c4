"""The developer's Python environment, in the cache, from package/dev.lock."""

from __future__ import annotations

from pathlib import Path

from devtools import cache
from devtools.command import run
from devtools.places import PACKAGE, SYSTEM_PYTHON
from devtools.say import step


def venv() -> Path:
    """The folder of the environment, built or from the cache."""
    return cache.built("venv", cache.key_of([PACKAGE / "dev.lock", SYSTEM_PYTHON]), _build)


def _build(folder: Path) -> None:
    with step("Python packages for developers"):
        run((SYSTEM_PYTHON, "-m", "venv", "--copies", folder))
        pip = (folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes")
        run((*pip, "--no-compile", "-r", PACKAGE / "dev.lock"))


def python() -> Path:
    """The environment's interpreter. Scripts are run as `python -m`, because the folder was renamed after it was made."""
    return venv() / "bin/python"
