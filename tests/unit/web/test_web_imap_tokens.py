"""The IMAP reader: whatever a server says, in whatever pieces, is read as it was meant or refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailroom.web.portal.imap import mailbox, utf7
from mailroom.web.portal.imap.tokens import LISTS_MAX, Garbled, Incoming, quote, values_of

texts = st.binary(max_size=60)
values = st.recursive(st.none() | texts, lambda inner: st.lists(inner, max_size=4), max_leaves=20)


def written(value: Any, literal: bool) -> bytes:
    """A value as a server may write it."""
    if value is None:
        return b"NIL"
    if isinstance(value, list):
        return b"(" + b" ".join(written(one, literal) for one in value) + b")"
    quoted = None if literal else quote(value)
    return quoted if quoted is not None else b"{%d}\r\n%b" % (len(value), value)


@given(st.lists(st.lists(values, max_size=4), max_size=4), st.booleans(), st.data())
def test_what_was_written_is_read_however_it_is_cut(said: list[list[Any]], literal: bool, data: Any) -> None:
    stream = b"".join(b"* 1 X " + written(one, literal) + b"\r\n" for one in said)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    incoming, heard = Incoming(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        incoming.feed(stream[start:end])
        while response := incoming.take():
            heard.append(response.values[2])
    assert heard == said


@given(st.binary(max_size=300))
def test_nonsense_is_refused_and_nothing_else(noise: bytes) -> None:
    incoming = Incoming()
    incoming.feed(noise + b"\r\n")
    try:
        while incoming.take():
            pass
    except Garbled:
        pass


@given(st.text(max_size=40))
def test_folder_names_come_back(name: str) -> None:
    plain = name.encode("utf-8", "replace").decode()
    assert utf7.decode(utf7.encode(plain)) == plain


@given(st.binary(max_size=40))
def test_any_folder_name_can_be_shown(raw: bytes) -> None:
    assert isinstance(utf7.decode(raw), str)


@given(st.lists(st.integers(1, 60), min_size=1))
def test_sets_hold_each_number_once(uids: list[int]) -> None:
    assert mailbox.numbers(mailbox.uid_set(uids).encode()) == sorted(set(uids))


@pytest.mark.parametrize(
    ("name", "raw"),
    [("Büro & Co", b"B&APw-ro &- Co"), ("台北", b"&U,BTFw-"), ("~peter/mail/日本語", b"~peter/mail/&ZeVnLIqe-")],
)
def test_folder_names_of_the_standard(name: str, raw: bytes) -> None:
    assert utf7.encode(name) == raw and utf7.decode(raw) == name


def test_status_responses_and_braces_in_words_for_people() -> None:
    incoming = Incoming()
    incoming.feed(b"a1 NO [OVERQUOTA] Full {5}\r\n* OK [UIDVALIDITY 7] x\r\n+ go on\r\n* BYE\r\n")
    first, second, third, fourth = (incoming.take() for _ in range(4))
    assert first and (first.tag, first.kind, first.code, first.text) == (b"a1", "NO", [b"OVERQUOTA"], b"Full {5}")
    assert second and second.code == [b"UIDVALIDITY", b"7"] and third and third.tag == b"+"
    assert fourth and fourth.kind == "BYE"


def test_brackets_belong_to_their_atom() -> None:
    assert values_of(b"BODY[HEADER.FIELDS (TO CC)]<0> {2}\r\nab") == [b"BODY[HEADER.FIELDS (TO CC)]<0>", b"ab"]


def test_what_never_ends_is_given_up() -> None:
    incoming = Incoming()
    with pytest.raises(Garbled):
        for _ in range(200):
            incoming.feed(b"x" * 65_536)
            incoming.take()
    incoming = Incoming()
    incoming.feed(b"* 1 FETCH (X {99999999999}\r\n")
    with pytest.raises(Garbled):
        incoming.take()
    with pytest.raises(Garbled):
        values_of(b"(" * 5_000)


def test_too_many_lists_are_refused() -> None:
    assert len(values_of(b"()" * LISTS_MAX)) == LISTS_MAX
    with pytest.raises(Garbled):
        values_of(b"()" * (LISTS_MAX + 1))
