"""Domains with letters outside ASCII: typed as people write them, kept and sent as A-labels (RFC 5890 2.3.2.1).

Shown in letters where nobody can be deceived by them (decision 0038), else as A-labels.

The standard library knows IDNA of 2003, in which ß and ς are other letters; here they stay what they are, as registries
and browsers have it since 2010 (RFC 5894 7.2). Linear in the length.
"""

from __future__ import annotations

import re
import unicodedata
from encodings.idna import nameprep

LETTERS_MAX, LABEL_LETTERS_MAX = 253, 63
DOTS = re.compile("[.\u3002\uff0e\uff61]")
KEPT = re.compile("([\u00df\u03c2])")
PREFIX = "xn--"
LATIN = "LATIN"
# Scripts that are written together (UTS 39 5.2), by the first word of their letters' names in Unicode. Latin letters
# stand among none of the others, though UTS 39 lets them: a Katakana no looks like a slash behind them.
TOGETHER = tuple(
    frozenset(scripts.split())
    for scripts in (
        LATIN, "GREEK", "CYRILLIC", "CJK IDEOGRAPHIC HIRAGANA KATAKANA KATAKANA-HIRAGANA", "CJK BOPOMOFO", "CJK HANGUL",
    )
)  # fmt: skip
# Letters of languages; beyond them are such of phonetics and old ones, which look like others (UTS 39, confusables).
LATIN_LETTERS = re.compile("[a-z\u00df-\u00f6\u00f8-\u017f\u01a1\u01b0\u0219\u021b\u1ea0-\u1ef9]")
LATIN_LOOKALIKES = frozenset("\u0131\u0138\u0140\u0149\u017f")
# A label of these alone can be read as one of Latin letters or signs.
LOOKALIKES = frozenset(
    "асԁеһіјӏокрԗԛѕԝхуъыьҽпгѵѡѐёїўӑӓӗӧӱ"  # Cyrillic
    "αβγεηικνορστυχωϲϳάέήίόύώϊϋΐΰ"  # Greek
    "一丨丶丿〇口工二ーノニエロハ"  # Chinese and Japanese
)


def a_labels(domain: str) -> str:
    """The domain in A-labels and lower case; one in ASCII as it is. Raises ValueError for what cannot be a domain."""
    if domain.isascii():
        return domain
    if len(domain) > LETTERS_MAX:
        raise ValueError(domain)
    return ".".join(_a_label(label) for label in DOTS.split(domain.strip()))


def in_letters(domain: str) -> str:
    """The domain as it is shown to people: A-labels in letters where that is safe. `a_labels` leads back."""
    if PREFIX not in domain.lower() or len(domain) > LETTERS_MAX:
        return domain
    labels = domain.split(".")
    top = _letters(labels[-1])
    return ".".join(label if (read := _letters(label)) is None or not _is_safe(read, top) else read for label in labels)


def shown_address(address: str) -> str:
    """An address with its domain as it is shown to people."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{in_letters(domain)}"


def _letters(label: str) -> str | None:
    """What an A-label stands for, or None when it is none."""
    if not label.lower().startswith(PREFIX) or len(label) > LABEL_LETTERS_MAX:
        return None
    try:
        read = label[len(PREFIX) :].lower().encode("ascii").decode("punycode")
        return read if _a_label(read) == label.lower() else None
    except ValueError:
        return None


def _is_safe(label: str, top: str | None) -> bool:
    """Whether a label in letters is read as what it is. top: the top-level domain in letters, None for one in ASCII."""
    scripts = _scripts(label)
    if not any(scripts <= together for together in TOGETHER):
        return False
    if scripts == {LATIN}:
        return all(char in "-0123456789" or _is_plain_latin(char) for char in label)
    letters = {char for char in label if char.isalpha()}
    # Below a top-level domain of the same script nobody takes it for Latin.
    return not letters <= LOOKALIKES or (top is not None and _scripts(top) == scripts)


def _scripts(label: str) -> set[str]:
    return {unicodedata.name(char, "").partition(" ")[0] for char in label if char not in "-0123456789"}


def _is_plain_latin(char: str) -> bool:
    return LATIN_LETTERS.fullmatch(char) is not None and char not in LATIN_LOOKALIKES


def _a_label(label: str) -> str:
    # UnicodeError is a ValueError.
    prepared = "".join(piece if KEPT.fullmatch(piece) else nameprep(piece) for piece in KEPT.split(label.lower()))
    if prepared.isascii():
        return prepared
    made = f"xn--{prepared.encode('punycode').decode('ascii')}"
    letters = all(char.isalnum() or char in "-\u00b7" or _is_mark(char) for char in prepared)
    # RFC 5891 4.2.3.1, 4.2.3.2; RFC 1035 2.3.4.
    if not letters or prepared[0] == "-" or prepared[-1] == "-" or prepared[2:4] == "--" or _is_mark(prepared[0]):
        raise ValueError(label)
    if len(made) > LABEL_LETTERS_MAX:
        raise ValueError(label)
    return made


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")
