"""Text parts of messages that this server writes: quoted-printable in UTF-8 (RFC 2045 6.7)."""

from __future__ import annotations

import binascii
import re

from mailroom.core import mail_header


def text_part(text: str, subtype: str = "plain") -> bytes:
    """The headers, the empty line and the text; ends with a line end. Lone surrogates, which JSON has, become "?"."""
    fields = mail_header.parameter_field("Content-Type", f"text/{subtype}", {"charset": "utf-8"})
    fields += mail_header.structured_field("Content-Transfer-Encoding", "quoted-printable")
    return fields + b"\r\n" + quoted_printable(text.encode("utf-8", "replace"))


def quoted_printable(content: bytes) -> bytes:
    """Text with any line ends, encoded; ends with a line end."""
    lines = re.sub(rb"\r\n?", b"\n", content).removesuffix(b"\n").split(b"\n")
    # Line by line: the library decides by the first line end it meets which kind it writes.
    return b"".join(binascii.b2a_qp(line, istext=False).replace(b"=\n", b"=\r\n") + b"\r\n" for line in lines)
