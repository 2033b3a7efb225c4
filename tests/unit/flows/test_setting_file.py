"""The whole configuration as a file: out and in again is the identity; whatever is wrong is refused with its place."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pretend import ANNA, BEN, GENERAL, open_again

import mailroom
from mailroom.core import configuration_file as file
from mailroom.core import sealed, secrets
from mailroom.core import settings as declared
from mailroom.core.problems import Invalid, Problem, Stale
from mailroom.flows import setting_file, setting_history, setting_start
from mailroom.flows.setting import Settings
from mailroom.store.events import EventRow
from mailroom.store.pieces import PieceRow
from mailroom.store.settings import RevisionRow

DELIVERY, LISTS, DISCLAIMER, INTERFACE = (
    "mail_delivery.delivery", "mail_delivery.lists", "mail_delivery.disclaimer", "service.interface",
)  # fmt: skip
PASSWORD, PASSPHRASE = "Open, Sesame 1", "four words without relation"
RELAY = {"enabled": True, "server": "relay.example", "authentication": True, "account": "anna", "password": PASSWORD}
RULE = {
    "id": "r1",
    "name": "Casino",
    "enabled": True,
    "type": "sender",
    "criteria": "*@casino.example",
    "action": "reject",
}
DIFFERENT: declared.AllValues = {
    GENERAL: {"max_hops": 20, "hostname": "mail.one.example", "lan_networks": ["192.0.2.0/24"]},
    DELIVERY: RELAY,
    LISTS: {"blacklist": [RULE]},
    INTERFACE: {"public_address": "203.0.113.9"},
}


def at(settings: Settings) -> Settings:
    """The rows of this server from now on: in the product a process has one database of each kind."""
    settings.store.database.bind([RevisionRow, PieceRow])
    settings.events.database.bind([EventRow])
    return settings


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


def out(settings: Settings, passphrase: str = "") -> str:
    return setting_file.export(at(settings), passphrase, ANNA)["text"]


def sent(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def take(settings: Settings, text: str, passphrase: str = "", machine: tuple[str, ...] = ()) -> dict[str, Any]:
    base = at(settings).current().number
    return setting_file.take(at(settings), sent(text), passphrase, list(machine), base, BEN)


def look(settings: Settings, text: str | bytes, passphrase: str = "", machine: tuple[str, ...] = ()) -> dict[str, Any]:
    return setting_file.preview(at(settings), sent(text), passphrase, list(machine))


def in_clear(settings: Settings) -> declared.AllValues:
    values = at(settings).values()
    for page, keys in values.items():
        for key in declared.secrets_of(page):
            keys[key] = sealed.plain(keys[key], f"{page}.{key}")
    return values


def forged(text: str, change: Callable[[dict[str, Any]], Any]) -> str:
    """The file after a change by somebody who knows how the checksum is made."""
    facts = json.loads(text)
    change(facts)
    with contextlib.suppress(ValueError):
        facts["checksum"] = file.Document.model_validate(facts).digest()
    return json.dumps(facts)


MACHINE = tuple(f"{page}.{key}" for page, key in declared.machine_settings())


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
    assert look(other, text, PASSPHRASE, MACHINE)["settings"] == []
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


def page_gone(facts: dict[str, Any]) -> None:
    facts["settings"]["gone.page"] = {}


def wrong_type(facts: dict[str, Any]) -> None:
    facts["settings"][GENERAL]["max_hops"] = "twenty"


def twice(facts: dict[str, Any]) -> None:
    facts["settings"][LISTS]["blacklist"] = [RULE, {**RULE, "name": "Again"}]


def an_edit(facts: dict[str, Any]) -> None:
    facts["settings"][LISTS]["blacklist"] = {"drop": []}


def bad_item(facts: dict[str, Any]) -> None:
    facts["settings"][LISTS]["blacklist"] = [{**RULE, "criteria": "nobody"}]


def in_the_clear(facts: dict[str, Any]) -> None:
    facts["settings"][DELIVERY]["password"] = "as it is"


def own_seal(facts: dict[str, Any]) -> None:
    facts["settings"][DELIVERY]["password"] = "sealed:1:AAAA"


@pytest.mark.parametrize(
    ("change", "field", "place"),
    [
        (lambda facts: facts.update(format="other"), "format", None),
        (lambda facts: facts.update(version=2), "version", None),
        (lambda facts: facts.update(version="1"), "version", None),
        (lambda facts: facts.update(date="yesterday"), "date", None),
        (lambda facts: facts.update(server="a\nb"), "server", None),
        (lambda facts: facts.update(more=1), "more", None),
        (lambda facts: facts.update(settings=[]), "settings", None),
        (lambda facts: facts["settings"].update({GENERAL: 7}), f"settings.{GENERAL}", None),
        (page_gone, "gone.page", None),
        (wrong_type, "max_hops", f"{GENERAL}.max_hops"),
        (twice, "blacklist/r1", f"{LISTS}.blacklist"),
        (an_edit, "blacklist", f"{LISTS}.blacklist"),
        (bad_item, "blacklist/r1/criteria", f"{LISTS}.blacklist/r1/criteria"),
        (in_the_clear, "password", f"{DELIVERY}.password"),
        (own_seal, "password", f"{DELIVERY}.password"),
    ],
)
def test_a_file_that_says_nonsense_is_refused_at_its_field(
    settings: Settings, change: Callable[[dict[str, Any]], Any], field: str, place: str | None
) -> None:
    text = forged(out(settings), change)
    for act in (look, take):
        with pytest.raises(Invalid) as refused:
            act(settings, text)
        assert refused.value.field == field and refused.value.setting == place
        assert place is None or refused.value.more["line"] >= 1
    assert at(settings).current().number == 1


def test_a_fault_is_told_with_its_line(settings: Settings) -> None:
    at(settings).apply(1, {LISTS: {"blacklist": [RULE]}}, ANNA)
    facts = json.loads(out(settings))
    facts["settings"][LISTS]["blacklist"].append({**RULE, "id": "r2", "criteria": "nobody"})
    document = file.Document.model_validate({**facts, "checksum": ""})
    text = file.written(document)
    with pytest.raises(Invalid) as refused:
        take(settings, text)
    assert text.splitlines()[refused.value.more["line"] - 1].strip().startswith('{"id": "r2"')


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04\x14\x00\x00\x00", "no text|line 1"),
        (b"\xff\xfe{\x00}\x00", "Line 1 is no text"),
        (b'{"a": \x00}', "Line 1 is no text"),
        (b"a: &a [x]\nb: [*a, *a]\n", "at line 1"),
        (b"[" * 150_000, "nested deeper|at line 1"),
        (b"[" * 250_000, "more lists"),
        (b"[]", "no file of a Mailroom"),
        (b'{"format": "x", "format": "y"}', "twice"),
        (b'{"n": ' + b"9" * 5_000 + b"}", "5000 digits"),
        (b'{"n": 1e999}', "too large"),
        (b'{"n": NaN}', "no number"),
        (b'"' * 100, "at line 1"),
        (b" " * (file.BYTES_MAX + 1) + b"{}", "larger than"),
    ],
)
def test_what_is_no_such_file_is_refused_and_says_why(settings: Settings, content: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        look(settings, content)
    assert refused.value.field and refused.value.next and at(settings).current().number == 1


def test_a_file_that_did_not_arrive_whole_is_refused(settings: Settings) -> None:
    text = out(settings)
    for end in range(0, len(text) - 2, 97):
        with pytest.raises(Invalid):
            look(settings, text[:end])
    with pytest.raises(Invalid):
        setting_file.preview(at(settings), "no base64!", "", [])


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
@effort(max_examples=60, deadline=None)
def test_one_wrong_byte_is_noticed(exported: tuple[Settings, bytes], place: int, byte: int) -> None:
    settings, raw = exported
    place %= len(raw)
    changed = raw[:place] + bytes((byte,)) + raw[place + 1 :]
    if same(changed, raw):
        return
    with pytest.raises(Problem):
        look(settings, changed)


def same(one: bytes, another: bytes) -> bool:
    """Whether two files say the same: white space between words is free."""
    try:
        return bool(json.loads(one) == json.loads(another))
    except ValueError:
        return False


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, bytes]:
    made = open_again(tmp_path_factory.mktemp("exported"))
    setting_start.start(made, Path("/nonexistent"))
    return made, out(made).encode()


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
    assert file.written(file.read(out(one).encode())) == file.written(file.read(out(one).encode()))


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
