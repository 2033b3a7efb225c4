"""Addresses of others as they come (RFC 5322 3.4): patient in what is read, strict in what is written.

What came in can be answered. So a local part may be longer than 64 letters (RFC 5321 4.5.3.1: no limits where that is
possible), have dots in wrong places, which are written within quotes (4.1.2), or need quotes. It may have letters
outside ASCII (RFC 6531 3.3); who cannot take those has to refuse them. Comments, brackets, mailto: and a dot at the end
of the domain are taken off. ui/shared/mailbox.ts reads the same; one table holds both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from mailroom.core.idn import a_labels, in_letters

TEXT_LETTERS_MAX = 2_000
ADDRESS_BYTES_MAX = 500
ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]"
DOT_ATOM = re.compile(rf"{ATEXT}+(\.{ATEXT}+)*")
ATOMS = re.compile(rf"(?:{ATEXT}|\.)+")
QUOTABLE = re.compile(r"[ -~\u0080-\U0010ffff]*")
NOT_ONE_LINE = re.compile(r"[\r\n]")
FOLD = re.compile(r"\r?\n[ \t]")
MAILTO = re.compile(r"mailto:", re.IGNORECASE)
# Underscores are in names of hosts, though not in the standards. A top-level domain begins with a letter.
LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
DOMAIN = re.compile(rf"(?=.{{4,253}}\Z)(?:{LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Mailbox:
    """An address with the name that stood beside it. local: without its quotes; domain: in A-labels."""

    name: str
    local: str
    domain: str

    @property
    def address(self) -> str:
        """As SMTP and headers have it."""
        return f"{quoted(self.local)}@{self.domain}"


def quoted(local: str) -> str:
    """A local part, within quotes where it needs them (RFC 5321 4.1.2)."""
    if DOT_ATOM.fullmatch(local):
        return local
    return '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'


def readable(local: str, domain: str) -> str:
    """An address as people read it: in quotes only what no reader would understand without them, domains in letters."""
    return f"{local if ATOMS.fullmatch(local) else quoted(local)}@{in_letters(domain)}"


def mailbox(text: str) -> Mailbox | None:
    """What a text names, or None when that is no address: "Anna Adler <anna@example.com>", anna@example.com (Anna)."""
    if len(text) > TEXT_LETTERS_MAX or NOT_ONE_LINE.search(text):
        return None
    plain, comments = _without_comments(text)
    plain = plain.strip()
    name = ""
    if plain.endswith(">"):
        at = _last_bracket(plain)
        if at < 0:
            return None
        before, plain = plain[:at].strip(), plain[at + 1 : -1].strip()
        if _names_another(before, plain):
            return None
        name = _phrase(before)
    found = MAILTO.match(plain)
    if found:
        plain = unquote(plain[found.end() :].partition("?")[0]).strip()
    before, sign, domain = plain.rpartition("@")
    local, ascii_domain = _local(before), _ascii(domain.strip().removesuffix("."))
    if not sign or not local or not ascii_domain:
        return None
    made = Mailbox(name or comments, local, ascii_domain)
    return made if len(made.address.encode()) <= ADDRESS_BYTES_MAX else None


def mailboxes(text: str) -> list[Mailbox]:
    """What a header's list of addresses names (RFC 5322 3.4); names of groups and what is no address are left out."""
    parts, inside, has_at = [list[str]()], "", False
    for piece, _ in _pieces(FOLD.sub(" ", text)):
        if not inside and piece in "(<":
            inside = {"(": ")", "<": ">"}[piece]
        elif piece == inside:
            inside = ""
        if not inside and (piece in ",;" or (piece == ":" and not has_at)):
            parts.append([])
            has_at = False
        else:
            parts[-1].append(piece)
            has_at = has_at or "@" in piece
    return [found for part in parts if (found := mailbox("".join(part)))]


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """(piece, whether it is a quoted string with its quotes): those, and single letters. Quotes may stay open."""
    at, closed = 0, True
    while at < len(text):
        end = _end_of_quote(text, at) if closed and text[at] == '"' else 0
        # After one that does not end all others are letters: else each would be looked for to the end.
        closed = closed and (text[at] != '"' or bool(end))
        end = end or at + 1
        yield text[at:end], end > at + 1
        at = end


def _end_of_quote(text: str, at: int) -> int:
    """Where the quoted string that begins here ends, or 0 when it does not."""
    at += 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at + 1 if at < len(text) else 0


def _without_comments(text: str) -> tuple[str, str]:
    """(the text without what is in parentheses, that). Parentheses that do not close are letters."""
    kept, comment, depth = list[str](), list[str](), 0
    for piece, is_quoted in _pieces(text):
        if is_quoted and not depth:
            kept.append(piece)
        elif piece == "(" and (depth or ")" in text):
            depth += 1
            comment.append(piece if depth > 1 else " ")
        elif piece == ")" and depth:
            depth -= 1
            comment.append(piece if depth else " ")
        else:
            (comment if depth else kept).append(piece)
    return (text, "") if depth else ("".join(kept), _one_line(_unescaped("".join(comment))))


def _last_bracket(text: str) -> int:
    """Where the last "<" is that is not within quotes, or -1."""
    found, at = -1, 0
    for piece, _ in _pieces(text):
        found = at if piece == "<" else found
        at += len(piece)
    return found


def _names_another(phrase: str, address: str) -> bool:
    """Whether a name ends with another address in brackets, not within quotes: nobody can tell which one is meant."""
    at = _last_bracket(phrase) if phrase.endswith(">") else -1
    return at >= 0 and phrase[at + 1 : -1].strip() != address


def _phrase(text: str) -> str:
    """A display name without the quotes around it; others are a part of it."""
    whole = text.startswith('"') and _end_of_quote(text, 0) == len(text)
    return _one_line(_unescaped(text[1:-1]) if whole else text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def _local(text: str) -> str:
    """A local part without its quotes, or "" when it is none."""
    text = text.strip()
    whole = text.startswith('"') and _end_of_quote(text, 0) == len(text)
    inner, form = (_unescaped(text[1:-1]), QUOTABLE) if whole else (text, ATOMS)
    # Neither controls nor what changes the direction of writing, nor blanks that nobody sees.
    return inner if form.fullmatch(inner) and inner.isprintable() else ""


def _ascii(domain: str) -> str:
    """A domain in A-labels, or "" when it is none."""
    try:
        made = a_labels(domain)
    except ValueError:
        return ""
    return made if DOMAIN.fullmatch(made) else ""
