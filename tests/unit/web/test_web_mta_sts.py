"""X06-08: what servers get that ask for a policy, and what they do not."""

from __future__ import annotations

import io

import pytest

from mailroom.core.sts_policy import Policy
from mailroom.web import app, asking
from mailroom.web.tools import Answer, Asking

PATH = "/.well-known/mta-sts.txt"
TEXT = Policy("enforce", 604_800, ("mail.example.com",)).text


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found = {"example.com": TEXT, "other.example": TEXT}
    monkeypatch.setattr(asking, "policies", lambda: found)
    return found


def ask(host: str, path: str = PATH, method: str = "GET", query: str = "") -> Answer:
    return app.respond(Asking("portal", method, path, query, {"host": host}, io.BytesIO()))


@pytest.mark.parametrize("host", ["mta-sts.example.com", "MTA-STS.Example.com", "mta-sts.other.example:443",
                                  "mta-sts.example.com."])  # fmt: skip
def test_each_of_our_domains_has_its_policy(host: str) -> None:
    got = ask(host)
    assert (got.status, got.headers["Content-Type"], got.body) == (200, "text/plain", TEXT.encode())


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.com",
        "mta-sts.",
        "mta-sts.evil.example",
        "xmta-sts.example.com",
        "mta-sts.example.com.evil.example",
        "mta-sts.../etc",
        "mta-sts.example.com@evil",
    ],
)
def test_other_hosts_have_none(host: str) -> None:
    assert ask(host).status == 404


def test_nothing_is_there_when_nothing_is_announced(known: dict[str, str]) -> None:
    known.clear()
    assert ask("mta-sts.example.com").status == 404


@pytest.mark.parametrize("path", [f"{PATH}/", f"{PATH}x", "/.well-known/", "/.well-known/MTA-STS.txt"])
def test_other_paths_lead_nowhere(path: str) -> None:
    assert ask("mta-sts.example.com", path).status == 404


def test_nothing_can_be_sent_there_and_no_question_changes_it() -> None:
    assert ask("mta-sts.example.com", method="POST").status == 405
    assert ask("mta-sts.example.com", query="a=b").status == 200
