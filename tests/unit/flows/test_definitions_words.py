"""What freshclam 1.4 really says, and what people are told (rows AV05, AV06)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailroom.daemons.clamd.freshclam import Run
from mailroom.flows.definitions_words import Failure, failure

SAMPLES = Path(__file__).parents[2] / "samples" / "freshclam.txt"
RUNS = {
    name: Run(int(code), tuple(text.rstrip().split("\n")))
    for name, code, text in re.findall(r"^== (\S+): (\d+)\n(.*?)(?=^== |\Z)", SAMPLES.read_text(), re.S | re.M)
}
NOW = 1_796_056_000.0
JARGON = re.compile(r"freshclam|curl|ERROR|WARNING|errno|exit|\bHTTP \d|\(\d+\)|CVD|127\.0", re.IGNORECASE)
TOLD = {
    "damaged": "does not have ClamAV's signature",
    "web-page": "no mirror of virus definitions",
    "cut": "cut off before its end",
    "nothing-there": "no virus definitions at the address",
    "fault": "not able to answer",
    "overloaded": "not able to answer",
    "no-answer": "mirror does not answer",
    "no-proxy": "proxy does not answer",
    "proxy-wants-account": "proxy did not let the download through",
    "certificate": "clock of this NAS is wrong",
    "unknown-name": "name of the mirror is not known",
    "full": "volume is full",
}


def said(run: Run, until: float = 0.0, proxied: bool = False, own: bool = True) -> Failure:
    found = failure(run, proxied, own, until, NOW)
    assert found
    assert not JARGON.search(found.text + found.next) and found.text.endswith(".") and found.next.endswith(".")
    return found


@pytest.mark.parametrize("name", TOLD)
def test_each_end_has_its_words(name: str) -> None:
    assert TOLD[name] in said(RUNS[name], proxied="proxy" in name).text


@pytest.mark.parametrize("name", ["forbidden", "wait"])
def test_a_mirror_that_refuses_says_until_when(name: str) -> None:
    found = said(RUNS[name], until=NOW + 7_200)
    assert "asks to wait until 20" in found.text and found.until == NOW + 7_200


def test_an_end_that_is_known_by_its_code_alone() -> None:
    for code, words in (
        (-9, "memory"),
        (15, "memory"),
        (8, "test"),
        (10, "written"),
        (12, "announced"),
        (None, "hour"),
    ):
        assert words in said(Run(code)).text
    assert "full" in said(Run(5, ("ERROR: Can't write: No space left on device",))).text
    assert said(Run(99, ("gibberish",))).text == "The download failed."
    assert failure(Run(0), False, False, NOW - 1, NOW) is None


def test_advice_fits_who_was_asked() -> None:
    assert "internet connection" in said(RUNS["no-answer"], own=False).next
    assert "mirror" in said(RUNS["no-answer"]).next and "proxy" in said(RUNS["no-proxy"], proxied=True).next
