"""The window in other languages than English: what is seen on each page of a running server is said in the reader's.

A text that is seen and is English in one of the catalogues, the window's own or the server's, was not translated. In
Japanese and Chinese four Latin words in a row give away what no catalogue knows.
"""

from __future__ import annotations

import json
import re
import smtplib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page

import looking
from changing import changed
from devtools import frontend, texts
from office import Office

LANGUAGES = {"ger": "de", "jpn": "ja", "cht": "zh-TW"}
WORDS = frontend.UI / "shared" / "words"
PLACE = re.compile(r"\\\{\w+\\\}")
# What is shown as it is: addresses, commands, files of daemons.
AS_IT_IS = "code, pre, .mono, .copy, [translate=no]"
SEEN = """asItIs => {
    const seen = new Set()
    for (const one of document.querySelectorAll('body *')) {
        if (!one.checkVisibility() || one.closest(asItIs)) continue
        for (const name of ['aria-label', 'title', 'placeholder', 'alt']) seen.add(one.getAttribute(name) ?? '')
        for (const part of one.childNodes) if (part.nodeType === Node.TEXT_NODE) seen.add(part.textContent.trim())
    }
    return [...seen].filter(Boolean)
}"""


def flat(words: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, told in words.items():
        if isinstance(told, dict):
            yield from flat(told, f"{before}{name}.")
        else:
            yield f"{before}{name}", told


def own(language: str) -> dict[str, str]:
    """The window's own texts by key."""
    found: dict[str, str] = {}
    for file in WORDS.glob(f"*/{language}.json"):
        found |= dict(flat(json.loads(file.read_text())))
    return found


def pattern(text: str) -> re.Pattern[str]:
    return re.compile(PLACE.sub("(.+?)", re.escape(text)).replace(r"\ ", " "), re.DOTALL)


class English:
    """All English that has another wording in one language."""

    def __init__(self, language: str) -> None:
        ours, theirs = own("en"), own(language)
        pairs = [*texts.known(language).items(), *((ours[key], theirs[key]) for key in ours)]
        forms = {one for text, told in pairs if text != told for one in text.split(" | ")}
        same = {text for text, told in pairs if text == told} | set(theirs.values())
        self.exact = {text for text in forms - same if re.search("[A-Za-z]{2}", text)}
        sentences = [text for text in self.exact if len(re.findall("[A-Za-z]{3,}", _bare(text))) > 1]
        self.patterns = [pattern(text) for text in sentences if "{" in text]
        self.latin = re.compile(r"(?:[A-Za-z]{2,} ){3,}[a-z]{2,}") if language != "de" else None

    def among(self, seen: list[str]) -> list[str]:
        return [text for text in seen if self._says(text)]

    def _says(self, text: str) -> bool:
        if text in self.exact or any(one.fullmatch(text) for one in self.patterns):
            return True
        return bool(self.latin and self.latin.search(text))


def _bare(text: str) -> str:
    return re.sub(r"\{\w+\}", "", text)


def test_english_is_recognised() -> None:
    english = English("ja")
    assert english.among(["Mail Delivery", "Choose one of: a, b.", "Nobody has ever said this before"]) != []
    assert english.among(["メール配信", "CPU", "ben@office.example", "IMAP/POP3", "2026/11/24 03:39:58"]) == []
    said = "Another program on this NAS has port 25."
    assert English("de").among(["Warteschlange", "Status", "3 MB", said]) == [said]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_speaks_the_readers_language(
    window: Callable[..., FrameLocator], page: Page, server: Office, language: str
) -> None:
    server.deliver(f"In {language}")
    with suppress(smtplib.SMTPException):
        server.deliver("To nobody", to="nobody@office.example")
    page.add_init_script(looking.COUNTING)
    window().locator("nav.menu").wait_for()
    address = page.get_by_role("dialog", name="Mailroom").locator("iframe").get_attribute("src") or ""
    english, found = English(LANGUAGES[language]), {}
    with changed(server, "mail_delivery.general", max_hops=45):
        page.goto(f"{server.web}{address.replace('lang=enu', f'lang={language}')}")
        for name in looking.places(page):
            found[name] = english.among(page.evaluate(SEEN, AS_IT_IS))
        found["explanation"] = english.among(_explained(page))
    assert page.locator("html").get_attribute("lang") == LANGUAGES[language]
    assert {name: told for name, told in found.items() if told} == {}


def _explained(page: Page) -> list[str]:
    """What the drawer says of the newest message."""
    page.evaluate("location.hash = '#auditing/messages'")
    page.reload()
    looking.settled(page)
    page.get_by_role("grid").get_by_role("row").nth(1).dblclick()
    page.locator(".answer").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    looking.settled(page)
    seen: list[str] = page.evaluate(SEEN, AS_IT_IS)
    return seen


def test_catalogues_lie_where_the_test_looks() -> None:
    assert len(own("en")) > 300 and Path(texts.FOLDER).is_dir()
