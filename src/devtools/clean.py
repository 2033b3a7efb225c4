"""What working here leaves behind, and how it goes: in the checkout, in the cache, in the folder for passing things."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Beside what is built: what the tools keep to be quicker the next time.
MADE = (
    "dist", "ui/dist", "ui/node_modules", ".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache",
    ".ruff_cache",
)  # fmt: skip
# As ui/vite.config.ts has it.
VITE = "mailroom-vite"


def traces(checkout: Path) -> Iterator[Path]:
    """Everything that is not there in a fresh checkout; some may be missing."""
    yield from (checkout / name for name in MADE)
    yield Path(tempfile.gettempdir()) / VITE
    # The folders of other people's packages are gone by then: nothing else is deep.
    yield from sorted(checkout.rglob("__pycache__"))


def remove(path: Path) -> None:
    """A folder with all that is in it, or a link without what it leads to. Missing is as good."""
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
