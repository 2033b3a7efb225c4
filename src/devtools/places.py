"""Where the developer's things are: the checkout, and a cache folder outside of it."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("MAILROOM_CACHE", "/var/cache/mailroom"))
PACKAGE = CHECKOUT / "package"
DIST = CHECKOUT / "dist"
SYSTEM_PYTHON = "/usr/bin/python3"
