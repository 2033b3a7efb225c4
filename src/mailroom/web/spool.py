"""A place for bytes that pass through: a little in memory, the rest in a file without a name."""

from __future__ import annotations

import tempfile
from typing import IO, cast

from mailroom.core import paths

IN_MEMORY_BYTES = 256 * 1024


def spool() -> IO[bytes]:
    """An empty one; it is gone when closed."""
    made = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES, dir=str(paths.UPLOADS))  # noqa: SIM115
    return cast(IO[bytes], made)
