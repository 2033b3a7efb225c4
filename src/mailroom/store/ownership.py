"""Stores whose files the filter owns: what root asks of them is done with the filter's rights on files alone.

So a link, or a database of the filter's making, leads root nowhere that the filter cannot go by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from mailroom.core.root_files import acting_as

FILTER = "mailroom"
Store = TypeVar("Store")


def kept_by_the_filter(store: type[Store]) -> type[Store]:
    """Have every public method, and the opening, run so."""
    for name, method in list(vars(store).items()):
        if name == "__init__" or (not name.startswith("_") and callable(method)):
            setattr(store, name, _as_the_filter(method))
    return store


def _as_the_filter(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def acting(*given: Any, **named: Any) -> Any:
        if os.geteuid() != 0:
            return method(*given, **named)
        with acting_as(FILTER):
            return method(*given, **named)

    return acting
