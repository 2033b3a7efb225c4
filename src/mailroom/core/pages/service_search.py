"""Service > Full-Text Search: whether mail is indexed, and how finely (guide ch. 6, rows PR10, PR11)."""

from __future__ import annotations

from typing import ClassVar

from mailroom.core.settings import Page, setting


class ServiceSearch(Page):
    """The index of subjects, senders, recipients and texts, from which searches are answered."""

    page: ClassVar[str] = "service.search"
    menu: ClassVar[str] = "service"
    tab: ClassVar[str] = "search"
    title: ClassVar[str] = "Full-Text Search"
    order: ClassVar[int] = 13
    groups: ClassVar[dict[str, str]] = {"search": "Full-Text Search"}

    enabled: bool = setting(
        True,
        "Enable full-text search",
        group="search",
        rows="PR10",
        help="All mail is indexed in the background, and searches are answered from the index. When off, the index is "
        "removed; the same mail is found, but each search opens every message of the folder, which takes seconds in a "
        "large one.",
        parameter="fts",
        effect="Each search opens every message of the folder, which takes seconds in a large one.",
    )
    character_search: bool = setting(
        False,
        "Allow character search for Chinese, Japanese, and Korean mail",
        group="search",
        rows="PR11",
        help="The index keeps every piece of up to three characters, so that Chinese, Japanese and Korean words, which "
        "stand in texts without spaces, are found by the index alone. When off, it keeps pieces of up to two "
        "characters: longer words are found too, but the messages that may have them are opened to make sure, which "
        "takes longer; the index is about half as large. Changing this builds the index anew.",
        parameter="fts_squat",
        depends={"enabled": True},
        indent=1,
    )
