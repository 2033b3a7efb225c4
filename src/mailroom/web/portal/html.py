"""HTML of strangers, made harmless. First layer: what nh3 lets through. Second: the policy of its own document.

Third is the frame it is shown in, which runs no scripts. Measured: each layer alone stops scripts, but only all of them
together stop every request to the outside.
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass
from functools import cache

import nh3

from mailroom.web.portal.balanced import TooMuch, balanced, is_simple

LETTERS_MAX = 1_000_000
# Of what comes out: a short tag may become one of some 60 letters.
BODY_LETTERS_MAX = 4_000_000
STYLE_LETTERS_MAX = 4_000
TAGS_MORE = {"font", "big", "tfoot"}
GONE_WITH_CONTENT = {"script", "style", "title", "head", "template", "noscript", "textarea", "select", "xmp"}
EVERYWHERE = {"style", "align", "valign", "bgcolor", "background", "width", "height", "dir", "lang", "title", "color"}
MORE_ATTRIBUTES = {
    "a": {"href", "name"},
    "img": {"src", "alt", "border", "hspace", "vspace"},
    "table": {"border", "cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "nowrap", "headers"},
    "th": {"colspan", "rowspan", "nowrap", "headers", "scope"},
    "font": {"face", "size"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "hr": {"size", "noshade"},
    "col": {"span"},
    "colgroup": {"span"},
    "blockquote": {"type", "cite"},
}
LINKS = ("http:", "https:", "mailto:", "tel:", "#")
PICTURE_DATA = re.compile(r"data:image/(png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*\Z", re.IGNORECASE)
CSS_COMMENT = re.compile(r"/\*.*?(\*/|\Z)", re.DOTALL)
CSS_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
CSS_CALL = re.compile(r"(?<![a-zA-Z0-9_-])([a-zA-Z0-9_-]*) ?\(")
CSS_URL = re.compile(r"url\(([^()]*)\)", re.IGNORECASE)
HARMLESS_CALLS = {"rgb", "rgba", "hsl", "hsla", "calc", "min", "max"}
# With these a mail could cover the portal's own page, or pretend to be part of it.
BAD_PROPERTIES = {"position", "z-index", "behavior", "-moz-binding", "content", "cursor", "animation", "transition"}
POLICY = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src data: 'self'{remote}; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
STYLE = (
    "html{background:#fff;color:#1d2228}body{margin:0;padding:2px;font:14px/1.5 Verdana,Arial,sans-serif;"
    "overflow-wrap:anywhere}img{max-width:100%}pre{white-space:pre-wrap;font:inherit;margin:0;"
    # Each line runs as its own letters do.
    "unicode-bidi:plaintext;text-align:start}"
    "blockquote{margin:0 0 0 8px;padding-left:10px;border-left:2px solid #c6d4e0}"
)
# Mails bring their own colours; turning all of them round keeps their contrast.
DARK = (
    "html{background:#1d2228}body{filter:invert(.9) hue-rotate(180deg);background:#fff}"
    "img{filter:invert(1) hue-rotate(180deg)}"
)
WEB_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"']+")
AFTER_ADDRESS = ".,;:!?)]}"
LINE_ENDS = re.compile(r"<(br|/p|/div|/tr|/li|/h[1-6]|/blockquote)\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Cleaned:
    """body: harmless HTML. has_remote: whether it wanted pictures from elsewhere.

    is_text: whether it is plain text alone, because the HTML is too complicated.
    """

    body: str
    has_remote: bool
    is_text: bool = False


def clean(source: str, pictures: dict[str, str], remote: bool) -> Cleaned:
    """`source` without anything that acts, asks elsewhere or leaves its place.

    pictures: {Content-ID: URL} of the message's own. remote: whether pictures from elsewhere may stay.
    """
    wanted_elsewhere = False
    try:
        parsed = parseable(source[:LETTERS_MAX])
    except TooMuch:
        return _as_text(source)

    def picture(value: str) -> str | None:
        nonlocal wanted_elsewhere
        url = value.strip()
        kind = url[:6].lower()
        if kind.startswith("cid:"):
            return pictures.get(url[4:].strip("<>"))
        if kind.startswith(("http:", "https:")) or url.startswith("//"):
            wanted_elsewhere = True
            return url if remote and not url.startswith("//") else None
        return url if PICTURE_DATA.match(url) else None

    def keep(tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return style(value, picture)
        if (tag, name) == ("img", "src") or name == "background":
            return picture(value)
        if name in ("href", "cite"):
            return value if value.strip().lower().startswith(LINKS) else None
        return value

    body = nh3.clean(
        parsed,
        tags=_tags(),
        clean_content_tags=GONE_WITH_CONTENT,
        attributes=_attributes(),
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "tel", "data", "cid"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer",
    )
    return Cleaned(body, wanted_elsewhere) if len(body) <= BODY_LETTERS_MAX else _as_text(source)


def parseable(source: str) -> str:
    """What a parser can read in time and memory that grow with its length. Raises TooMuch."""
    return source if is_simple(source) else balanced(source, _tags(), 2 * LETTERS_MAX)


def _as_text(source: str) -> Cleaned:
    return Cleaned(from_text(_stripped(source)), False, is_text=True)


def style(value: str, picture: object) -> str | None:
    """The harmless declarations of a style attribute, or None. `picture` judges what url(...) names."""
    if len(value) > STYLE_LETTERS_MAX:
        return None
    plain = re.sub(r"\s+", " ", CSS_ESCAPE.sub(_unescaped, CSS_COMMENT.sub(" ", value)))
    kept = []
    for declaration in _declarations(plain):
        name, colon, told = declaration.partition(":")
        if not colon or not re.fullmatch(r"\s*-?[a-zA-Z-]+\s*", name) or name.strip().lower() in BAD_PROPERTIES:
            continue
        if re.search(r"[<>{}@\\\x00-\x08]", told) or "expression" in told.lower():
            continue
        safe = CSS_URL.sub(lambda found: _allowed(found[1], picture), told)
        calls = {(word or "").lower() for word in CSS_CALL.findall(safe)}
        if "url()" not in safe and calls <= HARMLESS_CALLS | {"url"} and _urls_are_ours(safe):
            kept.append(f"{name.strip()}:{safe.strip()}")
    return ";".join(kept) or None


def _declarations(plain: str) -> list[str]:
    """Split at semicolons that are not inside (...), because data: URLs have some."""
    found, start, inside = [], 0, 0
    for mark in re.finditer(r"[;()]", plain):
        if mark[0] == ";" and inside <= 0:
            found.append(plain[start : mark.start()])
            start = mark.end()
        else:
            inside += {"(": 1, ")": -1}.get(mark[0], 0)
    return [*found, plain[start:]]


def _allowed(url: str, picture: object) -> str:
    bare = url.strip().strip("'\"").strip()
    judged = picture(bare) if callable(picture) else None
    return f"url('{judged}')" if judged and not re.search(r"[\s'\"()\\]", judged) else "url()"


def _urls_are_ours(text: str) -> bool:
    """Whether every "url(" left was written by us: a broken one would be read by the browser in its own way."""
    return text.lower().count("url(") == len(re.findall(r"url\('[^'\"()\s]+'\)", text))


def _unescaped(found: re.Match[str]) -> str:
    if found[2] is not None:
        return found[2]
    number = int(found[1], 16)
    return chr(number) if 0 < number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else "\ufffd"


def document(body: str, theme: str) -> str:
    """A whole document around `body`."""
    dark = DARK if theme == "dark" else ""
    return (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f"<style>{STYLE}{dark}</style></head><body>{body}</body></html>"
    )


def policy(remote: bool) -> str:
    """The Content-Security-Policy of a message's document."""
    return POLICY.format(remote=" https: http:" if remote else "")


def from_text(text: str) -> str:
    """Plain text as HTML; web addresses become links, lines and spaces stay as they are."""
    out, at = [], 0
    for found in WEB_ADDRESS.finditer(text):
        bare = found[0].rstrip(AFTER_ADDRESS)
        if bare.endswith("/") and bare.count("/") == 2:
            continue
        out.append(entities.escape(text[at : found.start()]))
        url = entities.escape(bare, quote=True)
        out.append(f'<a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a>')
        at = found.start() + len(bare)
    out.append(entities.escape(text[at:]))
    return f"<pre>{''.join(out)}</pre>"


def plain_text(source: str) -> str:
    """HTML as plain text, for quoting and searching."""
    lines = LINE_ENDS.sub("\n", source[:LETTERS_MAX])
    try:
        parsed = parseable(lines)
    except TooMuch:
        return _stripped(source)
    return _lines(nh3.clean(parsed, tags=set(), clean_content_tags=GONE_WITH_CONTENT, attributes={}))


def _stripped(source: str) -> str:
    """The text between the tags of what is too much for a parser."""
    return _lines(re.sub(r"<[^<>]*>", "", LINE_ENDS.sub("\n", source[:LETTERS_MAX])))


def _lines(bare: str) -> str:
    text = re.sub(r"[ \t]+", " ", entities.unescape(bare).replace("\u00a0", " "))
    # Plain replacing: an expression that meets a megabyte of line ends holds the interpreter for 60 ms.
    return re.sub(r"\n{3,}", "\n\n", text.replace(" \n", "\n").replace("\n ", "\n")).strip()


@cache
def _tags() -> set[str]:
    return set(nh3.ALLOWED_TAGS) | TAGS_MORE


@cache
def _attributes() -> dict[str, set[str]]:
    return {"*": EVERYWHERE, **MORE_ATTRIBUTES}
