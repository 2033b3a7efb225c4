"""A file that somebody brings, as it comes over the job socket."""

from __future__ import annotations

import base64
import binascii

from mailroom.core.problems import Invalid
from mailroom.policy.text_file import NoText, text_of


def text_in(content: str) -> str:
    """The text of a file that came as base64. Raises Invalid when it is none."""
    try:
        return text_of(base64.b64decode(content, validate=True))
    except (NoText, binascii.Error) as reason:
        sentence = str(reason) if isinstance(reason, NoText) else "The file did not arrive whole."
        raise Invalid(sentence, field="file", next="Choose a text file in Postfix's format.") from None
