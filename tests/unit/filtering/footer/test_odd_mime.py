"""Nothing but the footer changes, in each of the odd messages, and a reader shows it once (rows DI01, DI05)."""

from __future__ import annotations

import re

import pytest

from mailroom.filtering.footer import put as door
from mailroom.filtering.footer.put import Footer
from unit.filtering.footer.odd_mime import SAMPLES, nested
from unit.filtering.footer.reading import leaves, shape, shown, text_of, with_footer

ENGLISH = Footer(
    "<p>Example Ltd. &ndash; <b>registered</b> in Springfield, no. 12345</p>",
    "Example Ltd.\n registered = no. 12345\n> in Springfield",
)
CHINESE = Footer(
    "<p>示例有限公司 — 机密文件 请勿转发。</p>", "示例有限公司\n\n机密文件 请勿转发。如有错误 请通知我们。"
)
LONG = Footer("<p>" + "disclaimed " * 200 + "end</p>", "disclaimed " * 200 + "end")
FOOTERS = {"english": ENGLISH, "chinese": CHINESE, "long": LONG}


def test_there_are_enough() -> None:
    assert len(SAMPLES) >= 120


@pytest.mark.parametrize("footer", FOOTERS)
@pytest.mark.parametrize("name", SAMPLES)
def test_only_the_footer_changes(name: str, footer: str) -> None:
    sample, wanted = SAMPLES[name], FOOTERS[footer]
    after = with_footer(sample.message, wanted)
    if sample.why:
        assert after == sample.why
        return
    assert isinstance(after, bytes), after
    assert shape(after) == shape(sample.message)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", after)
    assert all(len(line) <= 998 for line in after.split(b"\r\n"))
    for number, (old, new) in enumerate(zip(leaves(sample.message), leaves(after), strict=True)):
        if number in sample.edited:
            same_but(text_of(old), text_of(new), wanted, new)
        else:
            assert old.as_bytes() == new.as_bytes()


def same_but(old: str, new: str, footer: Footer, part: object) -> None:
    """Whether `new` is `old` with the footer in it and nothing else."""
    about = str(part["Content-Type"]).lower()  # type: ignore[index]
    if "text/html" in about:
        inside = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), new)
        block = f"<div>{footer.html}</div>"
        assert inside.count(block) == 1
        assert re.sub(re.escape(block) + r"\r?\n", "", inside) == old
        return
    assert new.startswith(old)
    lines = [line.rstrip(" ") for line in new[len(old) :].strip("\r\n").splitlines()]
    if "flowed" in about:
        lines = [line.removeprefix(" ") for line in lines]
    assert lines == [line.rstrip() for line in footer.text.splitlines()]


@pytest.mark.parametrize("html", [True, False])
@pytest.mark.parametrize("footer", ["english", "chinese"])
@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if sample.edited])
def test_a_reader_shows_it_once(name: str, footer: str, html: bool) -> None:
    after = with_footer(SAMPLES[name].message, FOOTERS[footer])
    assert isinstance(after, bytes)
    words = {"english": "12345", "chinese": "机密文件"}[footer]
    if name == "an unreadable version" and not html:
        return
    assert shown(after, html).count(words) == 1, shown(after, html)


@pytest.mark.parametrize("name", SAMPLES)
def test_put_in_twice_is_there_once(name: str) -> None:
    once = with_footer(SAMPLES[name].message, CHINESE)
    if isinstance(once, bytes):
        assert with_footer(once, CHINESE) == door.THERE


def test_too_deep_is_left_alone() -> None:
    assert isinstance(with_footer(nested(20), ENGLISH), bytes)
    assert with_footer(nested(200), ENGLISH) == door.BROKEN
