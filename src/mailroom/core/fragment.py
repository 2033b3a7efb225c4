"""A piece of HTML that an admin has written: made whole and without anything that acts, so that it can stand in a mail.

Unlike strangers' HTML (web/portal/html.py) it may look as it likes: styles and pictures from elsewhere stay.
"""

from __future__ import annotations

# Beside those that nh3 takes by itself.
MORE_TAGS = {"font", "tfoot", "u"}
ATTRIBUTES = {
    "*": {"style", "align", "valign", "bgcolor", "width", "height", "dir", "lang", "title", "color"},
    "a": {"href", "name", "target"},
    "img": {"src", "alt", "border"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "font": {"face", "size"},
    "ol": {"start", "type"},
    "ul": {"type"},
}
GONE_WITH_CONTENT = {"script", "style", "title", "template", "noscript", "textarea", "xmp", "iframe"}
SCHEMES = {"http", "https", "mailto", "tel", "data"}
# An editor that was emptied leaves these behind.
EMPTY = ("<br>", "<div>", "</div>", "<p>", "</p>", "&nbsp;")


def clean(source: str) -> str:
    """The same HTML with every element closed; "" when it shows nothing. Cleaning twice changes nothing more."""
    # Here, because most servers have no disclaimer: 1.5 MB of memory in the job process.
    import nh3

    found = nh3.clean(
        source,
        tags=set(nh3.ALLOWED_TAGS) | MORE_TAGS,
        clean_content_tags=GONE_WITH_CONTENT,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=None,
    ).strip()
    rest = found
    for nothing in EMPTY:
        rest = rest.replace(nothing, "")
    return found if rest.strip() else ""
