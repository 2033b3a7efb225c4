"""A message's body while it is judged: small ones in memory, large ones in a file without a name."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mailroom.core import paths

MEMORY_BYTES_MAX = 1024 * 1024
PIECE = 256 * 1024


class Body:
    """Bytes in the order in which they came.

    size counts all of them; no more than `limit` bytes are kept, because what is over the limit is refused anyway.
    folder: where the nameless file lies; it is gone with the process, whatever happens to that.
    refused: why the disk did not take it; then nothing is kept.
    """

    def __init__(self, limit: int, folder: Path | None = None) -> None:
        self.limit, self.folder = limit, folder or paths.QUARANTINE
        self.size = 0
        self.refused = ""
        self.chunks: list[bytes] = []
        self.file: IO[bytes] | None = None

    def add(self, chunk: bytes) -> None:
        """Append a piece."""
        self.size += len(chunk)
        if self.size > self.limit or self.refused:
            self.close()
            return
        try:
            self._keep(chunk)
        except OSError as reason:
            self.refused = reason.strerror or type(reason).__name__
            self.close()

    def _keep(self, chunk: bytes) -> None:
        if self.file is None and self.size > MEMORY_BYTES_MAX:
            # Unbuffered, so that a full disk refuses here and not when the file is read or closed.
            self.file = tempfile.TemporaryFile(dir=self.folder, buffering=0)  # noqa: SIM115 (closed by close)
            for earlier in self.chunks:
                self._write(self.file, earlier)
            self.chunks = []
        if self.file is None:
            self.chunks.append(chunk)
        else:
            self._write(self.file, chunk)

    @staticmethod
    def _write(file: IO[bytes], content: bytes) -> None:
        left = memoryview(content)
        while left:
            left = left[file.write(left) :]

    def pieces(self) -> Iterator[bytes]:
        """The body from its beginning; may be read many times, also by several readers in turn."""
        yield from self.chunks
        place = 0
        while self.file is not None and (piece := os.pread(self.file.fileno(), PIECE, place)):
            place += len(piece)
            yield piece

    def buffer(self) -> bytes | mmap.mmap:
        """The whole body at once; a large one as the file in which it lies."""
        if self.file is None:
            return b"".join(self.chunks)
        return mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ)

    def close(self) -> None:
        """Let go of what was kept."""
        self.chunks = []
        if self.file is not None:
            self.file.close()
            self.file = None
