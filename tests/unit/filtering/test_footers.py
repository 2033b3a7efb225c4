"""Which disclaimer a message gets (rows DI01-DI04, DI07, DI08)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailroom.core import settings
from mailroom.core.problems import Invalid
from mailroom.filtering.disclaimers import compiled, first_for
from mailroom.filtering.wildcard import fits

PAGE = "mail_delivery.disclaimer"
ALICE, BOB, CAROL = "Alice@Example.com", "bob@example.com", "carol@out.example"


def cleaned(*items: dict[str, Any]) -> list[dict[str, Any]]:
    """The items as the settings keep them."""
    whole = [{"id": f"d{n}", "name": f"D{n}", "text": "x", **item} for n, item in enumerate(items)]
    found: list[dict[str, Any]] = settings.clean(PAGE, {"disclaimers": whole})["disclaimers"]
    return found


def chosen(*items: dict[str, Any], sender: str = ALICE, to: tuple[str, ...] = (CAROL,)) -> str:
    found = first_for(compiled(cleaned(*items)), sender, to, {"example.com", "branch.example"})
    return found.name if found else ""


def test_the_first_one_that_matches_is_the_only_one() -> None:
    assert chosen({"senders": ["bob"]}, {}, {}) == "D1"
    assert chosen({"senders": ["bob"]}, {"senders": ["bob"]}) == ""


def test_one_that_is_switched_off_is_passed_over() -> None:
    assert chosen({"enabled": False}, {}) == "D1"


@pytest.mark.parametrize(
    ("to", "gets"), [((BOB,), ""), ((BOB, ALICE), ""), ((BOB, CAROL), "D0"), ((CAROL,), "D0"), (("postmaster",), "")]
)
def test_not_when_all_recipients_are_in_the_domain(to: tuple[str, ...], gets: str) -> None:
    assert chosen({"skip_inside": True}, to=to) == gets
    assert chosen({}, to=to) == "D0"


@pytest.mark.parametrize(
    ("match", "senders", "recipients", "gets"),
    [
        ("all", ["alice@*"], ["*@out.example"], "D0"),
        ("all", ["bob"], ["*@out.example"], ""),
        ("all", ["alice"], ["*@other.example"], ""),
        ("any", ["bob"], ["*@out.example"], "D0"),
        ("any", ["alice"], ["*@other.example"], "D0"),
        ("any", ["bob"], ["*@other.example"], ""),
        ("all", ["alice", "*@example.com"], [], "D0"),
        ("all", ["alice", "bob"], [], ""),
        ("any", ["alice", "bob"], [], "D0"),
        ("all", [], ["dave@out.example", "carol*"], ""),
        ("all", [], [], "D0"),
        ("any", [], [], "D0"),
        ("all", ["*"], ["*@*.example"], "D0"),
        ("all", [], ["carol"], ""),
    ],
)
def test_all_or_any_of_the_rules(match: str, senders: list[str], recipients: list[str], gets: str) -> None:
    rule = {"match": match, "senders": senders, "recipients": recipients}
    assert chosen(rule, to=(BOB, CAROL)) == gets


@pytest.mark.parametrize(
    "exception", [{"except_senders": ["alice"]}, {"except_recipients": ["carol@*"]}, {"except_recipients": ["*"]}]
)
def test_an_exception_wins(exception: dict[str, Any]) -> None:
    assert chosen({"senders": ["alice"], **exception}, to=(BOB, CAROL)) == ""
    assert chosen({"senders": ["alice"], **exception}, {}, to=(BOB, CAROL)) == "D1"


@pytest.mark.parametrize(
    ("pattern", "text", "yes"),
    [
        ("*@synology.com", "a@synology.com", True),
        ("*@synology.com", "a@synology.com.tw", False),
        ("admin@*", "admin@x", True),
        ("admin@*", "myadmin@x", False),
        ("*@*.com", "a@b.com", True),
        ("*@*.com", "a@b.net", False),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*", "", True),
        ("**", "x", True),
        ("a.b@x", "axb@x", False),
        ("*ab*ab*", "ab", False),
    ],
)
def test_wildcards(pattern: str, text: str, yes: bool) -> None:
    assert fits(pattern, text) is yes


@given(st.lists(st.text("ab@."), min_size=1), st.lists(st.text("ab@.")))
def test_what_a_pattern_was_made_from_fits(pieces: list[str], fillings: list[str]) -> None:
    filled = [*fillings, *[""] * len(pieces)]
    text = "".join(piece + filling for piece, filling in zip(pieces, [*filled[: len(pieces) - 1], ""], strict=True))
    assert fits("*".join(pieces), text)


def test_patterns_that_would_explode_elsewhere_take_no_time() -> None:
    assert not fits("*a" * 100 + "b", "a" * 10_000)


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"text": " \n"}, "html"),
        ({"text": "", "html": "<div><br></div>"}, "html"),
        ({"senders": ["a b"]}, "senders"),
        ({"recipients": ["a@b@c"]}, "recipients"),
        ({"except_senders": [""]}, "except_senders"),
        ({"match": "some"}, "match"),
        ({"html": "x" * 50_001}, "html"),
    ],
)
def test_what_is_no_disclaimer_is_refused_with_its_field(item: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        cleaned(item)
    assert refused.value.field == f"disclaimers/d0/{field}"


def test_two_of_the_same_name_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        cleaned({"name": "Legal"}, {"name": "legal"})
    assert refused.value.field == "disclaimers" and "'legal'" in refused.value.message


def test_html_is_made_whole_and_harmless_when_it_is_saved() -> None:
    bad = '<p style="color:red">Hi<script>x</script><b onclick="x">there<a href="javascript:x">!</a><img src="https://x/y.png">'
    (item,) = cleaned({"html": bad, "text": "one\r\ntwo\x00\r\n"})
    assert item["html"] == '<p style="color:red">Hi<b>there<a>!</a><img src="https://x/y.png"></b></p>'
    assert item["text"] == "one\ntwo"
    assert cleaned(item)[0] == item
