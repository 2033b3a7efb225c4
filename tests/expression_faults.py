"""Which regular expressions may take more than linear time: for the house rule of tests/unit/test_expressions.py.

An expression is read as an automaton of positions (Glushkov). Python's engine tries one way after the other, so its
time is the number of ways in which it can read one text: quadratic or worse where two repetitions can share characters
(p reads w and stays, p reads w and reaches q, q reads w and stays), exponential where one repetition can read a text in
two ways (Weber and Seidl, "On the degree of ambiguity of finite automata", 1991). A search begins at every character,
which is one more repetition, of anything, in front of the expression. Bounded repetitions count as one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parse  # type: ignore[attr-defined]
from typing import Any

# What expressions can tell apart: all of Latin-1, and letters, a space and a line end of elsewhere.
LETTERS = [*range(256), 0x131, 0x17F, 0x2028, 0x3000, 0x4E00, 0x1F600]
EVERYTHING = frozenset(LETTERS)
# From here on a bounded repetition counts as one without a bound.
BOUND = 1_000
CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_NOT_DIGIT: r"\D", sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S", sre.CATEGORY_WORD: r"\w", sre.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
ATOMS = (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY)
EXPONENTIAL = "one repetition can read the same text in two ways (exponential time)"
QUADRATIC = "two repetitions share characters (quadratic time)"
SEARCHED = "a search begins it again and again within its own repetition (quadratic time)"

Letters = frozenset[int]


@dataclass
class Piece:
    """A part of an expression. first, last: the positions it may begin and end with; done: those of the end after which
    it cannot fail any more. empty: whether it may read nothing; sure: and then cannot fail (it asserts nothing)."""

    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    empty: bool = True
    sure: bool = True


class Automaton:
    """letters: the characters that each position reads; follow: the next positions, each with the number of ways."""

    def __init__(self, pattern: str | bytes, flags: int, how: str) -> None:
        parsed = sre_parse.parse(pattern, flags)
        self.flags: int = parsed.state.flags
        self.letters: list[Letters] = []
        self.follow: list[Counter[int]] = []
        # Positions of loops that are never entered again once they are left (`++`, `(?>...)`).
        self.possessive: set[int] = set()
        self.prefix = -1
        items = list(parsed)
        whole = self._sequence(items)
        self.done = set() if how == "fullmatch" else set(whole.done)
        if how not in ("match", "fullmatch"):
            self._search(items, whole)

    def _search(self, items: list[Any], whole: Piece) -> None:
        before = self._before(items)
        if before is None:
            return
        gate = self.prefix = self._position(EVERYTHING)
        self.follow[gate][gate] = 1
        if before != EVERYTHING:
            gate = self._position(before)
            self.follow[self.prefix][gate] = 1
        for first in whole.first:
            self.follow[gate][first] += 1

    def _before(self, items: list[Any]) -> Letters | None:
        """The characters behind which it may begin; None when it begins only where the text does."""
        code, value = items[0] if items else (None, None)
        if code is sre.AT and value is sre.AT_BEGINNING_STRING:
            return None
        if code is sre.AT and value is sre.AT_BEGINNING:
            return frozenset({10}) if self.flags & re.MULTILINE else None
        if code in (sre.ASSERT, sre.ASSERT_NOT) and value[0] < 0 and len(value[1]) == 1 and value[1][0][0] in ATOMS:
            letters = self._read(*value[1][0])
            return letters if code is sre.ASSERT else EVERYTHING - letters
        return EVERYTHING

    def _position(self, letters: Letters) -> int:
        self.letters.append(letters)
        self.follow.append(Counter())
        return len(self.letters) - 1

    def _link(self, last: Iterable[int], first: Iterable[int]) -> None:
        for one in last:
            for next_ in first:
                self.follow[one][next_] += 1

    def _sequence(self, items: Iterable[Any]) -> Piece:
        whole = Piece()
        for code, value in items:
            one = self._item(code, value)
            self._link(whole.last, one.first)
            whole.first = whole.first + one.first if whole.empty else whole.first
            whole.last = whole.last + one.last if one.empty else one.last
            whole.done = whole.done + one.done if one.empty and one.sure else one.done
            whole.empty, whole.sure = whole.empty and one.empty, whole.sure and one.sure
        return whole

    def _item(self, code: Any, value: Any) -> Piece:
        if code in ATOMS:
            here = [self._position(self._read(code, value))]
            return Piece(here, here, here, empty=False)
        if code is sre.SUBPATTERN:
            return self._sequence(value[3])
        if code is sre.ATOMIC_GROUP:
            return self._possessive(lambda: self._sequence(value))
        if code is sre.BRANCH:
            return self._branch([self._sequence(one) for one in value[1]])
        if code in REPEATS:
            begun = lambda: self._repeat(*value)  # noqa: E731
            return self._possessive(begun) if code is sre.POSSESSIVE_REPEAT else begun()
        if code in (sre.GROUPREF, sre.GROUPREF_EXISTS):
            here = [self._position(EVERYTHING)]
            return Piece(here, here, here, empty=False)
        # What asserts and reads nothing: ^ $ \b (?=...) (?<!...).
        return Piece(sure=False)

    def _possessive(self, begun: Any) -> Piece:
        before = len(self.letters)
        piece: Piece = begun()
        self.possessive.update(range(before, len(self.letters)))
        return piece

    def _branch(self, ways: list[Piece]) -> Piece:
        return Piece(
            [one for way in ways for one in way.first],
            [one for way in ways for one in way.last],
            [one for way in ways for one in way.done],
            any(way.empty for way in ways),
            all(way.sure for way in ways),
        )

    def _repeat(self, least: int, most: Any, items: Iterable[Any]) -> Piece:
        one = self._sequence(items)
        if most is sre.MAXREPEAT or int(most) >= BOUND:
            self._link(one.last, one.first)
        one.empty = one.empty or least == 0
        return one

    def _read(self, code: Any, value: Any) -> Letters:
        """The characters that an atom reads."""
        if code is sre.ANY:
            return EVERYTHING if self.flags & re.DOTALL else EVERYTHING - {10}
        if code is sre.IN:
            negated = value[0][0] is sre.NEGATE
            parts = [self._part(*one) for one in value[1 if negated else 0 :]]
            found = self._cased(frozenset().union(*parts))
            return EVERYTHING - found if negated else found
        found = self._cased(frozenset({value}))
        return EVERYTHING - found if code is sre.NOT_LITERAL else found

    def _part(self, code: Any, value: Any) -> Letters:
        if code is sre.LITERAL:
            return frozenset({value})
        if code is sre.RANGE:
            return frozenset(one for one in LETTERS if value[0] <= one <= value[1])
        return category(CATEGORIES[value])

    def _cased(self, letters: Letters) -> Letters:
        if not self.flags & re.IGNORECASE:
            return letters
        both = {ord(way) for one in letters for way in (chr(one).lower(), chr(one).upper()) if len(way) == 1}
        return letters | both


@cache
def category(text: str) -> Letters:
    """The characters that `\\d`, `\\s`, `\\w` and their opposites stand for."""
    return frozenset(one for one in LETTERS if re.match(text, chr(one)))


def fault(pattern: str | bytes, flags: int = 0, how: str = "search") -> str:
    """Why an expression may take more than linear time, "" when it cannot. how: the method that it is used with."""
    one = Automaton(pattern, flags, how)
    reach = [_reached(one.follow, start) for start in range(len(one.letters))]
    loops = _loops(reach)
    if any(_is_twofold(one, loop) for loop in loops):
        return EXPONENTIAL
    for early in loops:
        for late in loops:
            if early is not late and late <= reach[min(early)] and _share(one, reach, early, late):
                return SEARCHED if one.prefix in early else QUADRATIC
    return ""


def _reached(follow: list[Counter[int]], start: int) -> set[int]:
    found: set[int] = set()
    due = [start]
    while due:
        for next_ in follow[due.pop()]:
            if next_ not in found:
                found.add(next_)
                due.append(next_)
    return found


def _loops(reach: list[set[int]]) -> list[frozenset[int]]:
    """The sets of positions that lead to each other again."""
    cyclic = [one for one, found in enumerate(reach) if one in found]
    return list({frozenset(other for other in cyclic if other in reach[one] and one in reach[other]) for one in cyclic})


def _steps(one: Automaton, state: tuple[int, ...], within: tuple[Any, ...]) -> Iterator[tuple[int, ...]]:
    """Where several readers come with one more character that all of them read."""
    found: list[tuple[tuple[int, ...], Letters]] = [((), EVERYTHING)]
    for reader, allowed in zip(state, within, strict=True):
        found = [
            ((*places, next_), common)
            for places, letters in found
            for next_ in one.follow[reader]
            if next_ in allowed and (common := letters & one.letters[next_])
        ]
    yield from (places for places, _ in found)


def _closure(one: Automaton, starts: Iterable[tuple[int, ...]], within: tuple[Any, ...]) -> set[tuple[int, ...]]:
    found: set[tuple[int, ...]] = set()
    due = list(starts)
    while due:
        for state in _steps(one, due.pop(), within):
            if state not in found:
                found.add(state)
                due.append(state)
    return found


def _is_twofold(one: Automaton, loop: frozenset[int]) -> bool:
    """Whether a loop can read a text in two ways."""
    if any(ways > 1 and next_ in loop for place in loop for next_, ways in one.follow[place].items()):
        return True
    apart = {state for state in _closure(one, ((p, p) for p in loop), (loop, loop)) if state[0] != state[1]}
    return any(left == right for left, right in _closure(one, apart, (loop, loop)))


def _share(one: Automaton, reach: list[set[int]], early: frozenset[int], late: frozenset[int]) -> bool:
    """Whether what an early loop reads can also lead to a later one and be read there, and fail in the end."""
    if early <= one.possessive:
        return False
    between = {place for place in reach[min(early)] if late & (reach[place] | {place})}
    for p in early:
        for q in late - one.done:
            if (p, q, q) in _closure(one, [(p, p, q)], (early, between, late)):
                return True
    return False
