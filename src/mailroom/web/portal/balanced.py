"""HTML of strangers written anew, so that a parser's work and memory grow with its length and no faster.

A parser keeps a list of what is open. It looks through it for many a tag, looks through a tag's attributes for each
further one, and opens formatting elements again that were left open (HTML, 13.2.4.3 and 13.2.5.33): each multiplies
what a stranger sends. Here every element is closed that was opened, nothing is deep in each other, and little is opened
again. What comes out is not harmless yet: the sanitiser reads it, not what was sent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Set as AbstractSet

DEPTH_MAX = 100
TAGS_MAX = 50_000
ATTRIBUTES_MAX = 40
# How many formatting elements may be open, and how many letters of tags are opened again in all.
FORMATTING_MAX = 20
REOPENED_LETTERS_MAX = 200_000
# What may be left to the parser as it is: its work grows with the square of these.
SIMPLE_LETTERS_MAX = 20_000
SIMPLE_TAGS_MAX = 1_000
SIMPLE_WORDS_MAX = 5_000
SIMPLE_COPIED_MAX = 5_000_000
SEPARATORS = " \t\n\f\r/\"'"
# nh3 0.3 writes a text with many "&" or letters of U+0080 to U+00BF in quadratic time: none is longer than this.
TEXT_LETTERS_MAX = 2_000
REFERENCE_LETTERS_MAX = 40
SLOW = re.compile("[&\x80-\xbf]")
BETWEEN_TEXTS = "<!---->"

FORMATTING = {
    *("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"),
}
VOID = {"area", "br", "col", "hr", "img", "wbr"}
RAW = {
    *("script", "style", "title", "template", "noscript", "textarea", "select", "xmp"),
    *("iframe", "noembed", "noframes"),
}
CELLS = {"td", "th", "caption"}
# An end tag finds nothing beyond these (HTML 13.2.4.2, "in scope").
BOUNDS = {*CELLS, "table"}
TABLE = {*CELLS, "table", "tr", "tbody", "thead", "tfoot", "colgroup"}
# {element: (what its beginning ends, what that must not lie beyond)}.
_GROUPS, _TABLE_ONLY = {"tbody", "thead", "tfoot", "colgroup", "caption"}, {"table"}
ENDS: dict[str, tuple[AbstractSet[str], AbstractSet[str]]] = {
    "li": ({"li"}, {"ul", "ol", *BOUNDS}),
    "dt": ({"dt", "dd"}, {"dl", *BOUNDS}),
    "dd": ({"dt", "dd"}, {"dl", *BOUNDS}),
    "td": ({"td", "th"}, {"tr", *_TABLE_ONLY}),
    "th": ({"td", "th"}, {"tr", *_TABLE_ONLY}),
    "tr": ({"tr"}, {"tbody", "thead", "tfoot", *_TABLE_ONLY}),
    **dict.fromkeys(_GROUPS, (_GROUPS, _TABLE_ONLY)),
}
ENDS_PARAGRAPH = {
    *("p", "div", "table", "ul", "ol", "dl", "blockquote", "pre", "center", "hr", "article", "aside", "section"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "header", "footer", "nav", "figure", "figcaption", "details", "summary"),
    *("address", "li", "dt", "dd"),
}

FORMATTING_TAG = re.compile(rf"<(?:{'|'.join(sorted(FORMATTING))})(?=[\s/>])", re.IGNORECASE)
MARK = re.compile(r"<(?:!--|[!?]|(/?)([a-zA-Z][^\s/>]*+)|/)")
COMMENT_END = re.compile(r"--!?>")
ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)("?)|'([^']*+)('?)|([^\s>]*+)))?+""", re.DOTALL
)
TAG_END = re.compile(r"[\s/]*+>")
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_:-]{0,39}")


class TooMuch(ValueError):
    """It is too large or too complicated to be shown as HTML."""


def is_simple(source: str) -> bool:
    """Whether a parser can read it as it is: even the worst that may be in it costs little."""
    tags = source.count("<")
    if (
        len(source) > SIMPLE_LETTERS_MAX
        or tags > SIMPLE_TAGS_MAX
        or sum(map(source.count, SEPARATORS)) > SIMPLE_WORDS_MAX
    ):
        return False
    return FORMATTING_TAG.search(source) is None or tags * len(source) <= SIMPLE_COPIED_MAX


def balanced(source: str, allowed: AbstractSet[str], letters_max: int) -> str:
    """The same with the allowed elements alone, each closed. Raises TooMuch beyond `letters_max` letters."""
    if source.count("<") > TAGS_MAX:
        raise TooMuch
    writer = _Writer(allowed, letters_max)
    at = 0
    while 0 <= at < len(source):
        mark = MARK.search(source, at)
        end = mark.start() if mark else len(source)
        writer.text(source[at:end].replace("<", "&lt;"))
        at = _marked(source, mark, writer) if mark else end
    return writer.finish()


def _marked(source: str, mark: re.Match[str], writer: _Writer) -> int:
    """Where the text goes on after a tag or a comment; -1: nowhere, because that never ends."""
    name = (mark[2] or "").lower()
    if mark[0] == "<!--":
        # "<!-->" ends, too.
        ended = COMMENT_END.search(source, mark.start() + 2)
        return ended.end() if ended else -1
    if not name:
        return source.find(">", mark.start() + 2) + 1 or -1
    attributes, at = _attributes(source, mark.end())
    if at < 0:
        return -1
    if mark[1]:
        writer.end(name)
    elif name in RAW:
        ended = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(source, at)
        return _attributes(source, ended.end())[1] if ended else -1
    else:
        writer.start(name, attributes)
    return at


def _attributes(source: str, at: int) -> tuple[str, int]:
    """(the first attributes of a tag, quoted; where the tag ends, or -1)."""
    found: list[str] = []
    while (end := TAG_END.match(source, at)) is None:
        one = ATTRIBUTE.match(source, at)
        if one is None or one[3] == "" or one[5] == "":
            return "", -1
        at = one.end()
        if len(found) < ATTRIBUTES_MAX and NAME.fullmatch(one[1]):
            value = one[2] or one[4] or one[6] or ""
            if len(value) > TEXT_LETTERS_MAX and SLOW.search(value):
                continue
            found.append(f' {one[1]}="{value.replace(chr(34), "&quot;")}"')
    return "".join(found), end.end()


class _Writer:
    """What was written, and what of it is open: [(name, its start tag)]."""

    def __init__(self, allowed: AbstractSet[str], letters_max: int) -> None:
        self.allowed, self.letters_max = allowed, letters_max
        self.out: list[str] = []
        self.letters = self.reopened = self.formatting = 0
        self.open: list[tuple[str, str]] = []
        self.count: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()

    def put(self, text: str) -> None:
        self.letters += len(text)
        if self.letters > self.letters_max:
            raise TooMuch
        self.out.append(text)

    def text(self, text: str) -> None:
        """Put a text, a long one in several: a comment between them keeps them apart and is not shown."""
        at = 0
        while len(text) - at > TEXT_LETTERS_MAX:
            end = at + TEXT_LETTERS_MAX
            # Not within a reference.
            begun = text.rfind("&", max(at + 1, end - REFERENCE_LETTERS_MAX), end)
            end = begun if begun >= 0 else end
            self.put(text[at:end] + BETWEEN_TEXTS)
            at = end
        self.put(text[at:])

    def start(self, name: str, attributes: str) -> None:
        if name not in self.allowed:
            return
        tag = f"<{name}{attributes}>"
        if name in ENDS_PARAGRAPH:
            self._end_one_of({"p"}, BOUNDS)
        if name in ENDS:
            self._end_one_of(*ENDS[name])
        if name == "a":
            self._end_one_of({"a"}, BOUNDS)
        if name in VOID:
            self.put(tag)
        elif len(self.open) >= DEPTH_MAX or (name in FORMATTING and self.formatting >= FORMATTING_MAX):
            self.left_out[name] += 1
        else:
            self._push(name, tag)

    def end(self, name: str) -> None:
        if self.left_out[name]:
            self.left_out[name] -= 1
        elif name == "br":
            self.put("<br>")
        else:
            self._end_one_of({name}, _TABLE_ONLY if name in TABLE else BOUNDS)

    def finish(self) -> str:
        while self.open:
            self._pop()
        return "".join(self.out)

    def _push(self, name: str, tag: str) -> None:
        self.put(tag)
        self.open.append((name, tag))
        self.count[name] += 1
        self.formatting += name in FORMATTING

    def _pop(self) -> tuple[str, str]:
        name, tag = self.open.pop()
        self.put(f"</{name}>")
        self.count[name] -= 1
        self.formatting -= name in FORMATTING
        return name, tag

    def _end_one_of(self, names: AbstractSet[str], bounds: AbstractSet[str]) -> None:
        """End the innermost of these and what is open in it, unless it lies beyond a bound."""
        if not any(self.count[name] for name in names):
            return
        for place in range(len(self.open) - 1, -1, -1):
            name = self.open[place][0]
            if name in names:
                self._end_from(place)
                return
            if name in bounds:
                return

    def _end_from(self, place: int) -> None:
        within = self.open[place][0] in TABLE
        ended = [self._pop() for _ in range(len(self.open) - place)]
        for name, tag in reversed(ended[:-1]):
            if name in FORMATTING and not within and self.reopened + len(tag) <= REOPENED_LETTERS_MAX:
                self.reopened += len(tag)
                self._push(name, tag)
