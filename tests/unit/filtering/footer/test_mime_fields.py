"""MIME header fields: comments of any shape, and what no honest program writes."""

from __future__ import annotations

import contextlib

import pytest

from growth import growth
from mailroom.filtering.footer import fields
from mailroom.filtering.footer.fields import Broken, Field, content_type, read_block, word


def of(value: bytes) -> Field:
    return Field(b"content-type", value)


@pytest.mark.parametrize(
    ("value", "main", "parameters"),
    [
        (b" text/plain (a comment); charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (b" text/plain (a (b) \\) c); charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (b' text/plain; name="a (1).txt"', "text/plain", {"name": "a (1).txt"}),
        (b' text/plain; name="a \\" (1)"; x=y (z)', "text/plain", {"name": 'a " (1)', "x": "y"}),
        (b' text/plain (" in a comment); charset="utf-8"', "text/plain", {"charset": "utf-8"}),
        (b" text/plain; name=a (1.txt", "text/plain", {"name": "a (1.txt"}),
        (b" text/plain; name=C:\\(x); a=b", "text/plain", {"name": "C:\\", "a": "b"}),
    ],
)
def test_comments_are_left_out(value: bytes, main: str, parameters: dict[str, str]) -> None:
    found = content_type(of(value))
    assert (found.main, found.parameters) == (main, parameters)
    for name, (start, end) in found.spans.items():
        assert value.decode()[start:end].replace("\\", "") == parameters[name].replace("\\", "")


UNITS = [b'\\"', b"\\(", b"(", b")", b'"', b"()", b"\\", b"( ", b';a="', b"; a", b"; a =", b" ", b";", b"=", b"a/"]
BEGINS = [b" text/plain; x=(", b' text/plain; x="', b' text/plain; x=( "', b" text/plain", b""]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("begin", BEGINS)
def test_the_cost_of_a_value_grows_with_its_size(begin: bytes, unit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "VALUE_BYTES_MAX", 10**9)

    def read(value: bytes) -> None:
        for one in (content_type, word):
            with contextlib.suppress(Broken):
                one(of(value))

    found = growth(read, lambda size: begin + unit * (size // len(unit)), 8_000, 32_000)
    assert found.is_linear, f"{begin!r} {unit!r}: {found}"


def test_a_value_that_is_too_long_is_broken() -> None:
    for read in (content_type, word):
        with pytest.raises(Broken):
            read(of(b" text/plain; x=" + b"y" * fields.VALUE_BYTES_MAX))


def test_a_block_of_headers() -> None:
    block = b"A: b\r\nC:\r\n d\r\n\te\r\nF: g\r\n"
    found = read_block(block, 10)
    assert [(one.name, one.value) for one in found] == [(b"a", b" b"), (b"c", b"\r\n d\r\n\te"), (b"f", b" g")]
    assert [block[one.start - 10 : one.end - 10] for one in found] == [b"A: b\r\n", b"C:\r\n d\r\n\te\r\n", b"F: g\r\n"]


@pytest.mark.parametrize(
    "block",
    [b"A: b", b"A: b\r", b"A: b\n", b"A: b\nC: d\r\n", b" a: b\r\n", b"a b: c\r\n", b": c\r\n", b"\r\n", b"a\r\n"],
)
def test_a_block_that_can_be_read_in_two_ways_is_broken(block: bytes) -> None:
    with pytest.raises(Broken):
        read_block(block, 0)
