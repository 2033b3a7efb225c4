"""Many patterns at once: addresses in which * stands for anything, found without trying each of them.

Every pattern with an asterisk is put down under one short piece of it that few others have, too. A text is looked up
once for each of its own pieces; only patterns whose piece it holds are tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from mailroom.filtering.wildcard import fits

PIECE_LETTERS = 6
Meant = TypeVar("Meant")


class Patterns(Generic[Meant]):
    """What patterns mean, by the texts that fit. All in lower case; each pattern has more in it than asterisks."""

    def __init__(self, entries: Iterable[tuple[str, Meant]]) -> None:
        known = list(entries)
        self.exact: dict[str, list[Meant]] = {}
        wild = [(pattern, meant, pieces(pattern)) for pattern, meant in known if "*" in pattern]
        common = Counter(piece for _, _, found in wild for piece in found)
        self.by_piece: dict[str, list[tuple[str, Meant]]] = {}
        for pattern, meant, found in wild:
            self.by_piece.setdefault(min(found, key=lambda one: (common[one], -len(one))), []).append((pattern, meant))
        self.lengths = {len(piece) for piece in self.by_piece}
        for pattern, meant in known:
            if "*" not in pattern:
                self.exact.setdefault(pattern, []).append(meant)

    def of(self, text: str) -> Iterator[Meant]:
        """What the patterns mean that fit this text, in no order."""
        yield from self.exact.get(text, ())
        held = {text[at : at + length] for length in self.lengths for at in range(len(text) - length + 1)}
        for piece in held & self.by_piece.keys():
            for pattern, meant in self.by_piece[piece]:
                if fits(pattern, text):
                    yield meant


def pieces(pattern: str) -> set[str]:
    """All pieces of the usual length of what stands between the asterisks; of what is shorter the whole."""
    found: set[str] = set()
    for part in filter(None, pattern.split("*")):
        length = min(PIECE_LETTERS, len(part))
        found.update(part[at : at + length] for at in range(len(part) - length + 1))
    return found
