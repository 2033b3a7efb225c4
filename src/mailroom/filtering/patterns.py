"""Many patterns at once: addresses in which * stands for anything, found without trying each of them.

A pattern is put down under what stands before its first and after its last asterisk; a text is looked up once for each
pair of lengths that occur. Only patterns that begin and end with an asterisk are tried one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from mailroom.filtering.wildcard import fits

Meant = TypeVar("Meant")
Entries = list[tuple[str, Meant]]


class Patterns(Generic[Meant]):
    """What patterns mean, by the texts that fit. All in lower case."""

    def __init__(self, entries: Iterable[tuple[str, Meant]]) -> None:
        self.exact: dict[str, list[Meant]] = {}
        self.ends: dict[tuple[int, int], dict[tuple[str, str], Entries[Meant]]] = {}
        # What stands between the asterisks of *x*; of *x*y* the whole pattern has to be tried, too.
        self.inside: list[tuple[str, str, Meant]] = []
        for pattern, meant in entries:
            first, *rest = pattern.split("*")
            if not rest:
                self.exact.setdefault(pattern, []).append(meant)
            elif first or rest[-1]:
                ends = (first, rest[-1])
                group = self.ends.setdefault((len(ends[0]), len(ends[1])), {})
                group.setdefault(ends, []).append((pattern, meant))
            else:
                self.inside.append((max(rest, key=len), pattern, meant))

    def of(self, text: str) -> Iterator[Meant]:
        """What the patterns mean that fit this text, in no order."""
        yield from self.exact.get(text, ())
        for (before, after), group in self.ends.items():
            if before + after > len(text):
                continue
            for pattern, meant in group.get((text[:before], text[len(text) - after :]), ()):
                if fits(pattern, text):
                    yield meant
        for piece, pattern, meant in self.inside:
            if piece in text and fits(pattern, text):
                yield meant
