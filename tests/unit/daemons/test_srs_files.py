"""Which senders come round again, and which addresses are asked about (X06-04)."""

from __future__ import annotations

import re

import pytest

from mailroom.core.settings import defaults
from mailroom.daemons.postfix import srs
from mailroom.daemons.postfix.daemon import DAEMON
from mailroom.daemons.shape import Facts

DOMAINS = ("example.com", "branch.example")


def way(sender: str, *stay: str) -> str:
    """What regexp_table(5) makes of our file: an `if`, a pattern that must not match, and where to."""
    first, rule, last = srs.senders(stay).splitlines()
    pattern, result = re.fullmatch(r"!/(.*)/ (\S+)", rule).groups()  # type: ignore[union-attr]
    assert (first, last) == ("if /@/", "endif")
    return result if "@" in sender and not re.search(pattern, sender, re.I) else ""


@pytest.mark.parametrize(
    ("sender", "rewritten"),
    [
        ("friend@world.example", True),
        ("friend@notexample.com", True),
        ("friend@example.com.world.example", True),
        ("friend@exampleXcom", True),
        ("ben@Example.COM", False),
        ("ben@branch.example", False),
        ("<>", False),
        ("ben", False),
    ],
)
def test_whose_mail_comes_round(sender: str, rewritten: bool) -> None:
    assert bool(way(sender, *DOMAINS)) is rewritten


def test_who_has_a_relay_of_their_own_goes_there() -> None:
    settings = defaults()
    relay = {"id": "1", "domain": "shop.example", "server": "relay.example", "port": 587}
    settings["mail_delivery.delivery"]["sender_relays"] = [{**usual_relay(), **relay}]
    files = DAEMON.files(Facts(settings))
    assert "shop[.]example" in files[srs.SENDERS]
    assert "}, regexp:$config_directory/srs_senders\n" in files["main.cf"]


def usual_relay() -> dict[str, object]:
    from mailroom.core.sender_relay import SenderRelay

    return {name: field.default for name, field in SenderRelay.model_fields.items() if name != "id"}


def test_only_return_addresses_of_ours_are_asked_about() -> None:
    pattern = re.fullmatch(r"/(.*)/ \$1\n", srs.addresses(DOMAINS))[1]  # type: ignore[index]
    found = [one for one in ("SRS0=a@example.com", "srs1+a@branch.example", '"SRS0=a b"@example.com', "srs@example.com",
                             "SRS0=a@other.example", "xSRS0=a@example.com", "ben@example.com", "@example.com")
             if re.search(pattern, one, re.I)]  # fmt: skip
    assert found == ["SRS0=a@example.com", "srs1+a@branch.example", '"SRS0=a b"@example.com']


def test_off_nothing_comes_round_and_what_comes_back_is_still_known() -> None:
    settings = defaults()
    settings["mail_delivery.general"]["srs"] = False
    files = DAEMON.files(Facts(settings))
    assert srs.SENDERS not in files and "srs-cleanup" not in files["master.cf"]
    assert srs.ADDRESSES in files and ":original}" in files["main.cf"]
