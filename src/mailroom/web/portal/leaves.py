"""What becomes of each leaf of a message: it is shown, or another form of what is shown, or a file to be saved.

mixed, and whatever is unknown: all texts, in their order (RFC 2046 5.1.3). alternative: the last that can be shown and
is not empty (5.1.4). related: the root, and the pictures it really refers
to (RFC 2387). Decision 0037.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from mailroom.web.portal.imap.structure import Multipart, Node, Part, leaves

SHOWN = ("text/plain", "text/html")
# The same words in one more form, if another one is shown.
FORMS = {*SHOWN, "text/enriched", "text/richtext", "text/x-amp-html", "text/watch-html"}
# Shown inside a message; all others are only ever saved.
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}
FILE_NAMES = {
    "text/calendar": "invite.ics",
    "application/ics": "invite.ics",
    "text/vcard": "contact.vcf",
    "text/x-vcard": "contact.vcf",
    "text/directory": "contact.vcf",
    "text/csv": "table.csv",
    "text/tab-separated-values": "table.tsv",
    "text/rfc822-headers": "headers.txt",
    "message/global-headers": "headers.txt",
    "message/delivery-status": "delivery-status.txt",
    "message/global-delivery-status": "delivery-status.txt",
    "message/disposition-notification": "notification.txt",
    "message/feedback-report": "report.txt",
    "application/pgp-signature": "signature.asc",
    "application/pgp-encrypted": "encrypted.asc",
    "application/pkcs7-signature": "smime.p7s",
    "application/pkcs7-mime": "smime.p7m",
}
ENDINGS = {
    "text/plain": "txt",
    "text/markdown": "md",
    "text/x-patch": "patch",
    "text/x-diff": "diff",
    "text/enriched": "txt",
    "text/richtext": "txt",
    "text/javascript": "js",
    "image/svg+xml": "svg",
    "application/octet-stream": "bin",
}
TITLE_LETTERS_MAX = 80

IsEmpty = Callable[[Part], bool]


@dataclass(frozen=True)
class Arrangement:
    """shown: in their order. forms: the same words in other forms. files: everything else.

    A text that is shown only because nothing else is, may be a file as well.
    """

    shown: tuple[Part, ...] = ()
    forms: tuple[Part, ...] = ()
    files: tuple[Part, ...] = ()

    def attachments(self, referred: Iterable[Part] = ()) -> list[Part]:
        """The files to be listed, but the pictures that what is shown refers to."""
        used = {part.number for part in referred}
        return [part for part in self.files if part.number not in used]


def arranged(root: Node, is_empty: IsEmpty, plain: bool = False) -> Arrangement:
    """What becomes of each leaf. is_empty: whether a text shows nothing. plain: of alternatives, plain text first."""
    found = _arranged(root, is_empty, plain, named=isinstance(root, Part))
    if found.shown:
        return found
    # Better a text that has a name, or one of another kind, than an empty page.
    for part in found.files:
        if part.kind.startswith("text/") and part.disposition != "attachment":
            files = tuple(one for one in found.files if one is not part or part.kind not in SHOWN)
            return replace(found, shown=(part,), files=files)
    return found


def has_files(root: Node) -> bool:
    """Whether there is something to save, as well as can be said without reading what is shown."""
    found = arranged(root, lambda part: part.size == 0)
    return bool(found.attachments(part for part in found.files if part.cid and part.kind.startswith("image/")))


def _arranged(node: Node, is_empty: IsEmpty, plain: bool, named: bool) -> Arrangement:
    """named: a text with a name is a text all the same, as it is where a text must be."""
    if isinstance(node, Part):
        is_text = node.kind in SHOWN and node.disposition != "attachment" and (named or not node.name)
        return Arrangement(shown=(node,)) if is_text else Arrangement(files=(node,))
    if node.kind == "alternative":
        return _alternative(node, is_empty, plain)
    if node.kind == "related" and (found := _related(node, is_empty, plain)):
        return found
    return _joined(_arranged(child, is_empty, plain, named=False) for child in node.children)


def _alternative(node: Multipart, is_empty: IsEmpty, plain: bool) -> Arrangement:
    found = [_arranged(child, is_empty, plain, named=True) for child in node.children]
    able = [one for one in found if one.shown]
    chosen = next((one for one in reversed(able) if not all(map(is_empty, one.shown))), able[-1] if able else None)
    if plain:
        bare = [one for one in able if all(part.kind == "text/plain" for part in one.shown)]
        chosen = next((one for one in reversed(bare) if not all(map(is_empty, one.shown))), chosen)
    if chosen is None:
        return _joined(found)
    forms, files = [*chosen.forms], list[Part]()
    for one in found:
        if one is chosen:
            files += one.files
        else:
            forms += one.forms
            for part in (*one.shown, *one.files):
                (forms if _is_form(part) else files).append(part)
    return Arrangement(chosen.shown, tuple(forms), tuple(files))


def _is_form(part: Part) -> bool:
    return part.kind in FORMS and not part.name and part.disposition != "attachment"


def _related(node: Multipart, is_empty: IsEmpty, plain: bool) -> Arrangement | None:
    """None when its root shows nothing: then its parts stand beside each other."""
    root = next((one for one in node.children if node.start and getattr(one, "cid", "") == node.start), None)
    root = root or (node.children[0] if node.children else None)
    if root is None:
        return None
    found = _arranged(root, is_empty, plain, named=True)
    if not found.shown:
        return None
    others = tuple(part for child in node.children if child is not root for part in leaves(child))
    return replace(found, files=(*found.files, *others))


def _joined(arrangements: Iterable[Arrangement]) -> Arrangement:
    found = list(arrangements)
    return Arrangement(
        tuple(part for one in found for part in one.shown),
        tuple(part for one in found for part in one.forms),
        tuple(part for one in found for part in one.files),
    )


def file_name(part: Part) -> str:
    """What a part is called as a file: its own name, or one that says what it is."""
    if part.name:
        return part.name
    if part.kind == "message/rfc822":
        return f"{part.title[:TITLE_LETTERS_MAX].strip() or 'message'}.eml"
    if part.kind.startswith("multipart/"):
        return "message.txt"
    if part.kind in FILE_NAMES:
        return FILE_NAMES[part.kind]
    ending = ENDINGS.get(part.kind) or part.kind.rpartition("/")[2].split("+")[0].removeprefix("x-")
    return f"part-{part.number}.{ending}".replace("/", "-")
