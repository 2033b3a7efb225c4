"""Long lists of settings, kept in pieces: a revision that changes one of ten thousand rules stores one piece anew.

A list is cut where an item says so by itself (content-defined chunks), so that an item that comes or goes moves no
other cut. A piece is named by its content; revisions that have it in common share it. Nothing is ever overwritten.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from peewee import BlobField, Model, chunked

# Shorter lists stay in the revision's own row.
WHOLE_MAX = 64
# A cut comes after one item of these, on average: about 7 KB of rules, 1.5 KB when packed.
ITEMS_A_PIECE = 64
PIECE_ITEMS_MAX = 8 * ITEMS_A_PIECE
DIGEST_BYTES = 16
AT_ONCE = 500


class PieceRow(Model):
    digest = BlobField(primary_key=True)
    content = BlobField()

    class Meta:
        table_name = "pieces"


def packed(value: Any) -> bytes:
    """JSON-able facts as they are stored."""
    return zlib.compress(_text(value))


def unpacked(content: bytes) -> Any:
    """What `packed` was given. Raises zlib.error or ValueError for anything else."""
    return json.loads(zlib.decompress(content))


def put(items: list[Any]) -> str:
    """Store a list; its name. To be called in a transaction."""
    pieces = [_text(part) for part in _cut(items)]
    names = [_digest(piece) for piece in pieces]
    table = _text([name.hex() for name in names])
    whole = dict(zip([*names, _digest(table)], [*pieces, table], strict=True))
    there = {bytes(row.digest) for row in _rows(whole, PieceRow.digest)}
    fresh = [(name, zlib.compress(text)) for name, text in whole.items() if name not in there]
    for part in chunked(fresh, AT_ONCE):
        PieceRow.insert_many(part, fields=[PieceRow.digest, PieceRow.content]).execute()
    return _digest(table).hex()


def get(names: Iterable[str]) -> dict[str, list[Any]]:
    """{name: list} of what `put` stored. Raises KeyError when a piece is missing."""
    tables = {name: _contents([name])[name] for name in names}
    parts = _contents({part for table in tables.values() for part in table})
    return {name: [item for part in table for item in parts[part]] for name, table in tables.items()}


def _contents(names: Iterable[str]) -> dict[str, list[Any]]:
    rows = _rows((bytes.fromhex(name) for name in names), PieceRow.digest, PieceRow.content)
    return {bytes(row.digest).hex(): unpacked(row.content) for row in rows}


def _rows(digests: Iterable[bytes], *columns: Any) -> Iterator[Any]:
    for part in chunked(digests, AT_ONCE):
        yield from PieceRow.select(*columns).where(PieceRow.digest.in_(part))


def _cut(items: list[Any]) -> Iterator[list[Any]]:
    """The list in parts. Where a cut is depends on the item before it alone: on its id, so that a change moves none."""
    part: list[Any] = []
    for item in items:
        part.append(item)
        if zlib.crc32(_mark(item)) % ITEMS_A_PIECE == 0 or len(part) == PIECE_ITEMS_MAX:
            yield part
            part = []
    if part:
        yield part


def _mark(item: Any) -> bytes:
    return str(item["id"]).encode() if isinstance(item, dict) and "id" in item else _text(item)


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=DIGEST_BYTES).digest()
