"""Random mail and random footers: it still parses, nothing else has changed, the footer is there once."""

from __future__ import annotations

import email

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailroom.filtering.footer.put import Footer
from unit.filtering.footer.odd_mime import ATTACHED, CALENDAR, FILE, FORWARDED, PICTURE, b64, mail, multi, part, qp
from unit.filtering.footer.reading import leaves, shape, shown, text_of, with_footer

CHARSETS = ("us-ascii", "utf-8", "iso-8859-1", "iso-8859-15", "gb18030", "big5", "iso-2022-jp", "koi8-r", "shift_jis")
MARK = "Mark0123456789012345678901234567890"
LETTERS = st.text(st.sampled_from("ab =.\t>-<&;éß日本語中文Ж\u00a0"), max_size=60)
# The footer has one mark that no text has, so that it can be counted.
FOOTERS = st.builds(
    lambda html, text: Footer(f"<p>{html}{MARK}</p>", f"{text}{MARK}"),
    LETTERS.map(lambda t: t.replace("<", "")),
    LETTERS,
)


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """A text part in one of the encodings; its content fits its charset."""
    charset = draw(st.sampled_from(CHARSETS))
    html = draw(st.booleans())
    lines = draw(st.lists(LETTERS.map(lambda text: text.replace("<", "")), max_size=6))
    end = draw(st.sampled_from(["", "\r\n"]))
    source = "\r\n".join(lines) + end
    if html:
        source = draw(st.sampled_from(["{}", "<body>{}</body>", "<HTML><p>{}</HTML>\r\n"])).replace("{}", source)
    content = source.encode(charset, "ignore")
    way = draw(st.sampled_from(["quoted-printable", "base64", "8bit"]))
    raw = {"quoted-printable": qp, "base64": b64, "8bit": bytes}[way](content)
    flowed = "; format=flowed" if draw(st.booleans()) and not html else ""
    kind = f"text/{'html' if html else 'plain'}; charset={draw(st.sampled_from([charset, charset.upper()]))}{flowed}"
    return part(kind, raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), f"Content-Transfer-Encoding: {way}")


OTHERS = st.sampled_from([ATTACHED, FILE, FORWARDED, PICTURE, CALENDAR])


@st.composite
def trees(draw: st.DrawFn, level: int = 0) -> bytes:
    """Texts, other parts, and multiparts of them."""
    if level > 2 or draw(st.booleans()):
        return draw(st.one_of(texts(), texts(), OTHERS))
    kind = draw(st.sampled_from(["mixed", "alternative", "related", "report", "x-own"]))
    children = [draw(trees(level + 1)) for _ in range(draw(st.integers(1, 3)))]
    return multi(kind, *children, boundary=f"b{level}.{draw(st.integers(0, 1 << 30))}")


@settings(max_examples=150, deadline=None)
@given(trees(), FOOTERS)
def test_nothing_but_the_footer_changes(tree: bytes, footer: Footer) -> None:
    before = mail(tree)
    after = with_footer(before, footer)
    if isinstance(after, str):
        assert not shown(before, True)
        return
    assert shape(after) == shape(before)
    edited = 0
    for old, new in zip(leaves(before), leaves(after), strict=True):
        if old.as_bytes() == new.as_bytes():
            continue
        edited += 1
        assert old.get_content_type() == new.get_content_type() in ("text/plain", "text/html")
        was, now = text_of(old), text_of(new)
        assert now.count(MARK) == 1
        assert now.startswith(was) if new.get_content_type() == "text/plain" else was in without_block(now)
    assert edited
    assert shown(after, True).count(MARK) == shown(after, False).count(MARK) == 1


def without_block(text: str) -> str:
    start, end = text.index("<div><p>"), text.index("</p></div>") + len("</p></div>")
    return text[:start] + text[end:].removeprefix("\r\n").removeprefix("\n")


BROKEN_ESCAPE = part("text/html; charset=ISO-2022-JP", b"<HTML><p>\x1b\x80$B\x30\x21\x1b(B</HTML>")


@settings(max_examples=200, deadline=None)
@example(b"", BROKEN_ESCAPE, 0, Footer("<p>Footer</p>", "Footer"))
@given(st.binary(max_size=400), trees(), st.integers(0, 2000), FOOTERS)
def test_what_is_no_mail_does_no_harm(noise: bytes, tree: bytes, place: int, footer: Footer) -> None:
    clean = noise.replace(b"\r", b"").replace(b"\n", b"\r\n")
    for content in (b"\r\n" + clean, part("text/html", clean), tree[:place] + clean + tree[place:]):
        after = with_footer(mail(content), footer)
        assert isinstance(after, str) or len(after) > len(content)
        if isinstance(after, bytes):
            email.message_from_bytes(after)
