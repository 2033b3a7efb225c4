"""Where users come from, one file a source. A source is found by being here and offers `users(root)`."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def names() -> list[str]:
    """The sources there are, e.g. ["local"]."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def source(name: str) -> ModuleType:
    """The source with this name. Raises ValueError when there is none."""
    if name not in names():
        raise ValueError(f"There is no account source {name!r}.")
    return importlib.import_module(f"{__name__}.{name}")
