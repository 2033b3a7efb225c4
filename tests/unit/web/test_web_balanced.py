"""HTML of strangers: what a parser has to do, and what comes out, grows with what was sent and no faster."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth import growth
from mailroom.web.portal import html
from mailroom.web.portal.balanced import BETWEEN_TEXTS, TooMuch, balanced, is_simple

ALLOWED = {"p", "b", "i", "font", "div", "a", "ul", "li", "table", "tbody", "tr", "td", "br", "img", "span"}


def repeated(unit: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    """Inputs of about so many bytes."""
    return lambda size: (before + unit * max(1, (size - len(before)) // len(unit)) + after).encode()


def opened(tag: str, count: int) -> str:
    return "".join(f"<{tag} id={number}>" for number in range(count))


WORST = {
    "formatting left open": repeated("<p>x", opened("b", 400)),
    "formatting with long attributes left open": repeated("<p>x", f"<b title={'y' * 300}>" + opened("i", 30)),
    "formatting half and half": lambda size: (opened("b", size // 20) + "<p>x" * (size // 8)).encode(),
    "links left open": lambda size: (opened("a", size // 20) + "<div>x" * (size // 12)).encode(),
    "elements that are not ended by what looks so": repeated("<div></x>"),
    "ends of what lies outside of a cell": repeated("<div><table><td></div>"),
    "ends that find nothing": repeated("</div>", "<table><tr><td>" * 30),
    "deep": repeated("<div>"),
    "deep lists": repeated("<ul></x><li>"),
    "deep drawings": repeated("<svg></x>"),
    "tables in tables": repeated("<table><tr><td>"),
    "attributes": lambda size: ("<p " + " ".join(f"a{number}=1" for number in range(size // 9)) + ">x").encode(),
    "attributes without space": lambda size: ("<p " + "".join(f'a{n}="1"' for n in range(size // 10)) + ">x").encode(),
    "attributes in a comment that is none": lambda size: (
        '<!-- <p a="--><p ' + "/".join(f"a{number}" for number in range(size // 8)) + ">x"
    ).encode(),
    "quotes that do not end": repeated("<p a=\"'>"),
    "comments that do not end": repeated("<!-- "),
    "styles that do not end": repeated("<style>"),
    "less-than signs": repeated("< "),
    "references": repeated("&amp;"),
    "and signs": repeated("&"),
    "signs that are written slowly": repeated("\u00a9"),
    "signs in an attribute": repeated("\u00a9", '<p title="', '">x'),
    "spaces that do not break": repeated("\u00a0"),
    "styles of elements": repeated('<p style="a:b;a:b;a:b(;c:url(">'),
}  # fmt: skip


@pytest.mark.parametrize("kind", WORST)
def test_the_cost_of_cleaning_grows_with_the_size(kind: str) -> None:
    found = growth(lambda source: html.clean(source.decode(), {}, remote=False), WORST[kind], 30_000, 120_000)
    assert found.is_linear, f"{kind}: {found}"


@pytest.mark.parametrize("kind", WORST)
@pytest.mark.parametrize("size", [1_000, 10_000, 100_000])
def test_what_comes_out_is_bounded_by_what_was_sent(kind: str, size: int) -> None:
    source = WORST[kind](size).decode()
    shown = html.clean(source, {}, remote=False).body
    assert len(shown) <= 12 * len(source) + 250_000
    assert len(html.plain_text(source)) <= len(source)


def test_what_is_too_much_is_shown_as_text_and_says_so() -> None:
    shown = html.clean("<p>Hello " * 60_000, {}, remote=False)
    assert shown.is_text and shown.body.startswith("<pre>") and "Hello" in shown.body
    assert not html.clean("<p>Hello " * 5_000, {}, remote=False).is_text
    with pytest.raises(TooMuch):
        balanced("<b>x" * 1_000, ALLOWED, 1_000)


# Usual and sloppy mail, and what it looks like in a browser.
SHOWN = {
    "<p>one<p>two": "<p>one</p><p>two</p>",
    "<ul><li>a<li>b</ul>c": "<ul><li>a</li><li>b</li></ul>c",
    "<ul><li>a<ul><li>b</ul><li>c</ul>": "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>",
    "<table><tr><td>a<td>b<tr><td>c</table>": "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
    "<b><p>a</b>b</p>": "<b><p>a</p></b>b",
    "<p><b>a</p><p>b": "<p><b>a</b></p><b><p>b</p></b>",
    "<div><b>a</div>b</b>c": "<div><b>a</b></div><b>b</b>c",
    "<table><tr><td></div>a</td></tr></table>": "<table><tr><td>a</td></tr></table>",
    "a<br>b<BR/>c</br>d": "a<br>b<br>c<br>d",
    "1 < 2 &lt; 3 <3": "1 &lt; 2 &lt; 3 &lt;3",
    "<style>p{}</style>a<!-- b -->c<script>d</script >e": "ace",
    "<!doctype html><html><head><title>t</title></head><body>a</body></html>": "a",
    "<img src=cid:a alt='x \"y\"'>": '<img src="cid:a" alt="x &quot;y&quot;">',
    "<x-y>a</x-y><o:p>b</o:p>": "ab",
}


@pytest.mark.parametrize("source", SHOWN)
def test_what_people_write_is_shown_as_they_meant_it(source: str) -> None:
    assert balanced(source, ALLOWED, 10_000) == SHOWN[source]


TREES: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(["text", "&amp;", "<br>", '<img src="cid:a@b">', "a &lt; b"]),
    lambda inner: st.tuples(
        st.sampled_from(["div", "b", "i", "span", "ul|li", "table|tbody|tr|td", 'font color="red"', "blockquote"]),
        st.lists(inner, max_size=4).map("".join),
    ).map(
        lambda made: (
            "".join(f"<{one}>" for one in made[0].split("|"))
            + made[1]
            + "".join(f"</{one.partition(' ')[0]}>" for one in reversed(made[0].split("|")))
        )
    ),
    max_leaves=20,
)


@given(TREES)
def test_what_is_well_formed_stays_as_it_is(source: str) -> None:
    assert balanced(source, {*ALLOWED, "blockquote"}, 100_000) == source


@given(st.text(alphabet="<>/=\"' abdpiult&!-", max_size=300))
def test_every_element_is_closed_in_its_order(source: str) -> None:
    around: list[str] = []
    for end, name in re.findall(r"<(/?)([a-z]+)[^<>]*>", balanced(source, ALLOWED, 100_000)):
        if name in ("br", "img"):
            continue
        if not end:
            around.append(name)
        else:
            assert around.pop() == name
    assert not around


@given(st.lists(st.sampled_from(["&amp;", "&eacute;", "\u00a9", "a", " ", "&#169;", "b&"]), max_size=30))
def test_a_long_text_is_cut_between_its_letters(units: list[str]) -> None:
    text = "".join(units) * 200
    assert balanced(text, ALLOWED, 10**6).replace(BETWEEN_TEXTS, "") == text


def test_small_mail_is_left_to_the_parser() -> None:
    assert is_simple("<p>Hello <b>you</b></p>" * 20) and not is_simple("<p>x" * 5_000)
