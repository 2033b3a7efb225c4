"""Made-up input is the same on every machine and may take its time there."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unit", deadline=None, database=None, derandomize=True)
settings.load_profile("unit")
