"""The whole configuration as a file: out and in again is the identity, and what is not taken over is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from file_house import (
    DELIVERY,
    DIFFERENT,
    DISCLAIMER,
    INTERFACE,
    LISTS,
    MACHINE,
    PASSPHRASE,
    PASSWORD,
    RELAY,
    at,
    forged,
    in_clear,
    look,
    out,
    sent,
    take,
)  # fmt: skip
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pretend import ANNA, BEN, GENERAL, open_again

import mailroom
from mailroom.core import configuration_file as file
from mailroom.core import secrets
from mailroom.core import settings as declared
from mailroom.core.problems import Invalid, Stale
from mailroom.flows import setting_file, setting_history, setting_start
from mailroom.flows.setting import Settings


@pytest.fixture(autouse=True)
def cheap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")
    monkeypatch.setattr(secrets, "SCRYPT_N", 2)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Settings]:
    """Another server, as it was set up first."""
    (tmp_path / "other").mkdir()
    made = open_again(tmp_path / "other")
    setting_start.start(made, tmp_path / "setup.json")
    yield made
    made.store.database.close()


def test_from_one_server_to_another_and_back_again(settings: Settings, other: Settings) -> None:
    at(settings).apply(1, DIFFERENT, ANNA)
    text = out(settings, PASSPHRASE)
    assert PASSWORD not in text
    shown = look(other, text, PASSPHRASE, MACHINE)
    assert {(one["page"], one["key"]) for one in shown["settings"]} == {
        (page, key) for page, keys in DIFFERENT.items() for key in keys
    }
    assert PASSWORD not in json.dumps(shown) and shown["file"]["server"] == "mail.one.example"
    assert at(other).current().number == 1, "looking changes nothing"
    take(other, text, PASSPHRASE, MACHINE)
    assert in_clear(other) == in_clear(settings)
    # Whether a secret is the same is not told: only a file of this server's own names the one that is stored.
    assert [one["key"] for one in look(other, text, PASSPHRASE, MACHINE)["settings"]] == ["password"]
    assert look(settings, text, PASSPHRASE, MACHINE)["settings"] == []
    newest = setting_history.history(at(other), None, 0, 1)["revisions"][0]
    assert newest["note"].startswith("Import of the configuration of mail.one.example, ") and newest["who"] == "ben"
    setting_history.put_back(at(other), 2, 1, None, BEN)
    assert in_clear(other) == declared.defaults()


def test_what_is_about_the_machine_stays_unless_it_is_chosen(settings: Settings, other: Settings) -> None:
    at(settings).apply(1, DIFFERENT, ANNA)
    text = out(settings, PASSPHRASE)
    shown = look(other, text, PASSPHRASE)["machine"]
    assert [(one["key"], one["new"], one["taken"]) for one in shown] == [
        ("public_address", "203.0.113.9", False),
        ("hostname", "mail.one.example", False),
    ]
    take(other, text, PASSPHRASE, (f"{GENERAL}.hostname",))
    now = at(other).values()
    assert now[GENERAL]["hostname"] == "mail.one.example" and now[INTERFACE]["public_address"] == ""
    with pytest.raises(Invalid, match="no setting of the machine"):
        take(other, text, PASSPHRASE, (f"{GENERAL}.max_hops",))


def test_without_a_passphrase_secrets_are_left_out_and_stay(settings: Settings, other: Settings) -> None:
    at(settings).apply(1, DIFFERENT, ANNA)
    text = out(settings)
    assert '"secrets": "omitted"' in text and PASSWORD not in text and "sealed:1:" not in text
    shown = look(other, text)
    assert not shown["file"]["opened"] and DELIVERY in [one["field"] for one in shown["told"]]
    take(other, text)
    assert at(other).values()[DELIVERY] == declared.defaults()[DELIVERY], "without its password the page stays as it is"
    at(other).apply(2, {DELIVERY: {**RELAY, "password": "another one"}}, ANNA)
    told = look(other, text)
    assert f"{DELIVERY}.password" in [one["field"] for one in told["told"]] and told["settings"] == []


def test_sealed_secrets_stay_as_well_when_nobody_enters_the_passphrase(settings: Settings, other: Settings) -> None:
    at(settings).apply(1, DIFFERENT, ANNA)
    text = out(settings, PASSPHRASE)
    take(other, text)
    assert at(other).values()[GENERAL]["max_hops"] == 20 and in_clear(other)[DELIVERY]["password"] == ""


def test_a_secret_that_was_not_set_is_taken_away(settings: Settings, other: Settings) -> None:
    at(other).apply(1, {DELIVERY: RELAY}, ANNA)
    take(other, out(settings, PASSPHRASE), PASSPHRASE)
    assert at(other).values()[DELIVERY]["password"] == ""


def test_a_wrong_passphrase_opens_nothing(settings: Settings, other: Settings) -> None:
    at(settings).apply(1, DIFFERENT, ANNA)
    text = out(settings, PASSPHRASE)
    with pytest.raises(Invalid) as refused:
        take(other, text, "four words with relation")
    assert refused.value.field == "passphrase" and at(other).current().number == 1


def test_under_a_passphrase_nobody_can_change_the_file_unseen(settings: Settings, other: Settings) -> None:
    at(settings).apply(1, DIFFERENT, ANNA)

    def elsewhere(facts: dict[str, Any]) -> None:
        facts["settings"][DELIVERY]["server"] = "thief.example"

    with pytest.raises(Invalid) as refused:
        take(other, forged(out(settings, PASSPHRASE), elsewhere), PASSPHRASE)
    assert refused.value.field == "passphrase"


@pytest.mark.parametrize("passphrase", ["short", "x" * 201])
def test_a_passphrase_that_is_none_is_refused(settings: Settings, passphrase: str) -> None:
    with pytest.raises(Invalid) as refused:
        out(settings, passphrase)
    assert refused.value.field == "passphrase"


def test_a_passphrase_is_the_same_however_it_is_typed(settings: Settings, other: Settings) -> None:
    at(settings).apply(1, DIFFERENT, ANNA)
    take(other, out(settings, "Gru\u0308ße aus Köln"), "Grüße aus Ko\u0308ln")
    assert in_clear(other)[DELIVERY]["password"] == PASSWORD


def test_of_two_at_once_the_later_is_told(settings: Settings, other: Settings) -> None:
    at(settings).apply(1, DIFFERENT, ANNA)
    text = out(settings)
    at(other).apply(1, {GENERAL: {"max_hops": 33}}, ANNA)
    with pytest.raises(Stale) as stale:
        setting_file.take(at(other), sent(text), "", [], 1, BEN)
    (told,) = stale.value.more["changes"]
    assert (told["key"], told["theirs"], told["yours"], told["who"]) == ("max_hops", 33, 20, "anna")
    with pytest.raises(Stale):
        setting_file.preview(at(other), sent(text), "", [], 1)


def older(facts: dict[str, Any]) -> None:
    facts["made_by"] = "0.0.9-0001"
    del facts["settings"]["service.protocol"], facts["settings"][GENERAL]["max_hops"]
    facts["settings"]["gone.page"] = {"colour": "blue"}
    facts["settings"][GENERAL]["colour"] = "red"


def test_another_version_knows_other_settings_and_that_is_told(settings: Settings) -> None:
    at(settings).apply(1, {GENERAL: {"max_hops": 20}, "service.protocol": {"imap_enabled": False}}, ANNA)
    text = forged(out(settings), older)
    shown = look(settings, text)
    assert {one["field"] for one in shown["told"]} == {
        "service.protocol", f"{GENERAL}.max_hops", "gone.page", f"{GENERAL}.colour",
    }  # fmt: skip
    take(settings, text)
    assert at(settings).values() == declared.defaults()


NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30)
RULES = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES, "enabled": st.booleans(), "type": st.just("ip"), "criteria": st.ip_addresses(v=4).map(str),
         "action": st.sampled_from(["reject", "discard"])},
    ),
    max_size=5,
)  # fmt: skip
DISCLAIMERS = st.lists(NAMES, max_size=3, unique_by=lambda name: name.strip().lower())


@given(rules=RULES, texts=DISCLAIMERS, hops=st.integers(1, 1000), threshold=st.floats(1, 10), password=NAMES)
@effort(max_examples=25, deadline=None)
def test_out_and_in_again_is_the_identity(
    two: tuple[Settings, Settings], rules: list[Any], texts: list[str], hops: int, threshold: float, password: str
) -> None:
    one, another = two
    wanted: declared.AllValues = {
        GENERAL: {"max_hops": hops},
        "security.spam": {"threshold": round(threshold, 1)},
        LISTS: {"blacklist": rules},
        DISCLAIMER: {"disclaimers": [{"name": f"n{place}", "text": text} for place, text in enumerate(texts)]},
        DELIVERY: {**RELAY, "password": password},
    }
    at(one).apply(at(one).current().number, wanted, ANNA)
    take(another, out(one, PASSPHRASE), PASSPHRASE, MACHINE)
    assert in_clear(another) == in_clear(one)
    text = out(one)
    assert file.written(file.read(text.encode())) == text


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Settings]:
    made = [open_again(tmp_path_factory.mktemp(name)) for name in ("one", "another")]
    for settings in made:
        setting_start.start(at(settings), Path("/nonexistent"))
    return made[0], made[1]


def test_the_version_is_told(settings: Settings) -> None:
    document = file.read(out(settings).encode())
    assert document.made_by == mailroom.__version__ and document.revision == 1
    assert at(settings).events.newest(1)[0]["text"] == "The configuration was exported."
