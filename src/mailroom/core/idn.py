"""Domains with letters outside ASCII: typed as people write them, kept and sent as A-labels (RFC 5890 2.3.2.1).

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


def a_labels(domain: str) -> str:
    """The domain in A-labels and lower case; one in ASCII as it is. Raises ValueError for what cannot be a domain."""
    if domain.isascii():
        return domain
    if len(domain) > LETTERS_MAX:
        raise ValueError(domain)
    return ".".join(_a_label(label) for label in DOTS.split(domain.strip()))


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
