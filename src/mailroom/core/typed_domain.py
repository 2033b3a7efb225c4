"""Fields of settings in which a domain is typed: letters outside ASCII are taken and kept as A-labels (core/idn.py)."""

from __future__ import annotations

from typing import Any

from mailroom.core.idn import a_labels

MORE = "\u0080-\U0010ffff"
LABEL = f"[A-Za-z0-9{MORE}]([A-Za-z0-9{MORE}-]{{0,61}}[A-Za-z0-9{MORE}])?"
# What forms take. The server looks at the A-labels.
PATTERN = rf"^({LABEL}\.)+[A-Za-z{MORE}]([A-Za-z0-9{MORE}-]{{0,61}}[A-Za-z0-9{MORE}])?$"


def in_a_labels(name: Any) -> Any:
    """A typed domain in A-labels and lower case; for a validator that runs before others. Raises ValueError."""
    try:
        return a_labels(name.lower()) if isinstance(name, str) else name
    except ValueError:
        raise ValueError("This is no domain name.") from None
