"""Which text parts of a message get the footer: those that make up the end of what a reader sees, and no others.

- mixed, and every multipart that is not known: the last text that is shown, since all are,
  one below the other.
- alternative: every version of the text, since a reader shows one of them (RFC 2046 5.1.4).
- related: the root alone (RFC 2387); report: the text for people, which comes first (RFC 6522 3).
- never: attachments, attached messages, invitations (text/calendar) and any other kind of text.
A message with a signed or encrypted part is left alone as a whole (RFC 1847, RFC 8551, RFC 3156).
"""

from __future__ import annotations

from mailroom.filtering.footer.tree import Part

PROTECTED = {
    *("multipart/signed", "multipart/encrypted", "application/pgp-encrypted"),
    *("application/pkcs7-mime", "application/x-pkcs7-mime"),
}
SHOWN = ("text/plain", "text/html")
# Their parts are no text for people.
NOT_TEXT = ("multipart/digest", "multipart/form-data", "multipart/appledouble", "multipart/byteranges")


def is_protected(root: Part) -> bool:
    """Whether a change would break a signature or cannot reach the text."""
    return any(part.main in PROTECTED for part in root.each())


def texts(part: Part) -> list[Part]:
    """The text parts that get the footer; none when the message shows no text."""
    if part.main in SHOWN:
        return [] if part.is_attachment else [part]
    if part.main in NOT_TEXT or not part.children:
        return []
    if part.main == "multipart/alternative":
        return [text for child in part.children for text in texts(child)]
    if part.main == "multipart/related":
        return texts(_root(part))
    if part.main == "multipart/report":
        return texts(part.children[0])
    return next(filter(None, map(texts, reversed(part.children))), [])


def _root(related: Part) -> Part:
    """The part that the others belong to: named by `start`, or the first one (RFC 2387 3.2)."""
    wanted = related.type.parameters.get("start", "").encode("latin-1")
    for child in related.children if wanted else []:
        if any(field.name == b"content-id" and field.value.strip() == wanted for field in child.fields):
            return child
    return related.children[0]
