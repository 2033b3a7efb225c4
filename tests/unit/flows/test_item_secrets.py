"""Secrets in the items of a list: sealed, bound to their item, told to nobody, kept when the item is sent back."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from pretend import ANNA

from mailroom.core import sealed, secrets
from mailroom.core import settings as declared
from mailroom.core.problems import Invalid, Problem, Stale
from mailroom.daemons import configuration
from mailroom.daemons.postfix import relay_password, sender_relays
from mailroom.daemons.shape import Facts
from mailroom.flows import relay as relay_flow
from mailroom.flows import setting_file, setting_history
from mailroom.flows.setting import Settings
from mailroom.flows.setting_difference import file_differences

PAGE, KEY = "mail_delivery.delivery", "sender_relays"
FIRST, SECOND = "Open, Sesame 1", "Open, Sesame 2"
ONE = {"domain": "one.example", "server": "a.example", "account": "anna", "password": FIRST}
TWO = {"domain": "two.example", "server": "b.example", "account": "ben", "password": SECOND}


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")
    monkeypatch.setattr(secrets, "SCRYPT_N", 2)


def put(settings: Settings, *items: dict[str, Any]) -> Any:
    return settings.apply(settings.current().number, {PAGE: {KEY: {"put": list(items)}}}, ANNA)


@pytest.fixture
def relays(settings: Settings) -> Settings:
    put(settings, ONE, TWO)
    return settings


def items(settings: Settings) -> list[dict[str, Any]]:
    return list(settings.values()[PAGE][KEY])


def opened(item: dict[str, Any]) -> str:
    return sealed.plain(item["password"], f"{PAGE}.{KEY}/{item['id']}/password")


def test_each_is_sealed_for_its_own_item(relays: Settings) -> None:
    one, two = items(relays)
    assert (opened(one), opened(two)) == (FIRST, SECOND)
    assert isinstance(one["password"], sealed.Sealed) and "Sesame" not in json.dumps(relays.values())
    with pytest.raises(Problem):
        opened({**one, "id": two["id"]})


def test_nothing_that_is_told_holds_one(relays: Settings) -> None:
    number = relays.current().number
    one = setting_history.read(relays, PAGE)["values"][KEY][0]
    assert one["password"] == {"set": True}
    told: list[Any] = [
        setting_history.preview(relays, {PAGE: {KEY: {"put": [{**one, "password": SECOND}]}}}),
        put(relays, {**one, "password": SECOND}),
        setting_history.read(relays, PAGE),
        setting_history.history(relays, None, 0, 50),
        setting_history.compare(relays, 1, number + 1),
        relays.events.newest(100),
    ]
    with pytest.raises(Stale) as stale:
        relays.apply(number, {PAGE: {KEY: {"put": [{**one, "password": FIRST}]}}}, ANNA)
    text = json.dumps([*told, stale.value.as_dict()])
    assert "Sesame" not in text and sealed.PREFIX not in text
    (changed,) = told[1]["changed"][0]["items"]
    assert (changed["old"]["password"], changed["new"]["password"]) == ({"set": True}, {"set": True, "another": True})


def test_an_item_that_is_sent_back_keeps_it(relays: Settings) -> None:
    told = setting_history.read(relays, PAGE)["values"]
    assert relays.apply(relays.current().number, {PAGE: told}, ANNA)["changed"] == []
    put(relays, {**told[KEY][1], "domain": "three.example"})
    one, two = items(relays)
    assert two["domain"] == "three.example" and (opened(one), opened(two)) == (FIRST, SECOND)


def test_an_item_that_is_new_or_of_another_server_has_none_to_keep(relays: Settings) -> None:
    for given in ({**ONE, "domain": "new.example"}, {**ONE, "domain": "new.example", "id": "abcd1234"}):
        with pytest.raises(Invalid) as refused:
            put(relays, {**given, "password": {"set": True}})
        (field,) = refused.value.more["fields"]
        assert field.startswith(f"{KEY}/") and field.endswith("/password")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"account": ""}, "account"),
        ({"password": ""}, "password"),
        ({"server": "192.0.2.1"}, "server"),
        ({"server": "localhost"}, "server"),
        ({"domain": "one"}, "domain"),
        ({"password": " x"}, "password"),
        ({"tls": "none"}, "tls"),
    ],
)
def test_what_is_wrong_in_an_item_is_named(settings: Settings, change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        put(settings, {**ONE, **change})
    assert [name.split("/")[2] for name in refused.value.more["fields"]] == [field]


def test_a_domain_has_one_relay(relays: Settings) -> None:
    with pytest.raises(Invalid, match="already"):
        put(relays, {**TWO, "domain": "ONE.example"})


def test_it_is_put_back_with_its_revision(relays: Settings) -> None:
    number = relays.current().number
    relays.apply(number, {PAGE: {KEY: []}}, ANNA)
    setting_history.put_back(relays, number + 1, number, PAGE, ANNA)
    assert [opened(one) for one in items(relays)] == [FIRST, SECOND]


def test_daemons_files_hold_it_sealed_and_the_map_alone_opens_it(
    relays: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = configuration.render(Facts(declared.defaults())), configuration.render(Facts(relays.values()))
    files = after["postfix"]
    assert "Sesame" not in json.dumps(after) and sealed.PREFIX in files[sender_relays.FILE]
    assert sealed.PREFIX not in json.dumps(file_differences(before, after))
    assert "{ @one.example = relay-starttls-checked:[a.example]:587 }" in files["main.cf"]
    given: list[str] = []

    def run(daemon: str, argv: Any, given_: str = "", **more: Any) -> str:
        given.append(more["given"])
        Path(argv[-1].removeprefix("lmdb:") + ".lmdb").touch()
        return ""

    monkeypatch.setattr(relay_password, "run", run)
    (tmp_path / sender_relays.FILE).write_text(files[sender_relays.FILE])
    relay_password.make(tmp_path / sender_relays.FILE)
    assert given == [f"@one.example\tanna:{FIRST}\n@two.example\tben:{SECOND}\n"]


def test_the_test_of_a_relay_gives_no_kept_password_to_another_server(relays: Settings) -> None:
    one = setting_history.read(relays, PAGE)["values"][KEY][0]
    with pytest.raises(Invalid) as refused:
        relay_flow.try_out(relays.values(), {KEY: {"put": [{**one, "server": "thief.example"}]}}, domain="one.example")
    assert refused.value.field == f"{KEY}/{one['id']}/password"


@pytest.mark.parametrize("change", [{"server": "thief.example"}, {"account": "thief"}])
def test_a_kept_password_stays_with_its_server_and_account(relays: Settings, change: dict[str, Any]) -> None:
    one, two = setting_history.read(relays, PAGE)["values"][KEY]
    for wanted in ({"put": [{**one, **change}]}, [{**one, **change}, two]):
        with pytest.raises(Invalid, match="Enter the password again") as refused:
            relays.apply(relays.current().number, {PAGE: {KEY: wanted}}, ANNA)
        assert list(refused.value.more["fields"]) == [f"{KEY}/{one['id']}/password"]
    number = relays.current().number
    put(relays, {**one, **change, "password": "another"})
    setting_history.put_back(relays, number + 1, number, PAGE, ANNA)
    assert [opened(one) for one in items(relays)] == [FIRST, SECOND]


def test_a_password_that_nobody_needs_goes_with_its_server(settings: Settings) -> None:
    relay = {"enabled": True, "server": "a.example", "authentication": True, "account": "anna", "password": FIRST}
    settings.apply(1, {PAGE: relay}, ANNA)
    with pytest.raises(Invalid, match="Enter the password again") as refused:
        settings.apply(2, {PAGE: {"server": "b.example"}}, ANNA)
    assert refused.value.field == "password"
    settings.apply(2, {PAGE: {"server": "b.example", "authentication": False}}, ANNA)
    assert settings.values()[PAGE]["password"] == ""
    setting_history.put_back(settings, 3, 2, PAGE, ANNA)
    assert sealed.plain(settings.values()[PAGE]["password"], f"{PAGE}.password") == FIRST


def taken(settings: Settings, text: str, passphrase: str) -> list[str]:
    """A configuration's file is put in force; what was told of what could not be taken over."""
    content, base = base64.b64encode(text.encode()).decode(), settings.current().number
    told = setting_file.preview(settings, content, passphrase, [])["told"]
    setting_file.take(settings, content, passphrase, [], base, ANNA)
    return [one["text"] for one in told]


def test_a_file_of_the_configuration_carries_them_sealed_by_its_passphrase(relays: Settings) -> None:
    passphrase = "four words without relation"
    text = setting_file.export(relays, passphrase, ANNA)["text"]
    assert "Sesame" not in text and sealed.PREFIX not in text
    relays.apply(relays.current().number, {PAGE: {KEY: []}}, ANNA)
    taken(relays, text, passphrase)
    assert [opened(one) for one in items(relays)] == [FIRST, SECOND]


def test_a_file_without_them_leaves_those_of_this_server(relays: Settings) -> None:
    text = setting_file.export(relays, "", ANNA)["text"]
    one, two = items(relays)
    others = ({**one, "domain": "a.example"}, {**two, "domain": "b.example"})
    put(relays, *({**other, "password": {"set": True}} for other in others))
    told = taken(relays, text, "")
    assert [opened(one) for one in items(relays)] == [FIRST, SECOND] and items(relays)[0]["domain"] == "one.example"
    assert any("Relays by sender domain is a secret" in one for one in told)
    relays.apply(relays.current().number, {PAGE: {KEY: []}}, ANNA)
    assert any("needs a secret that the file does not have" in one for one in taken(relays, text, ""))
    assert items(relays) == []


def test_a_file_gets_no_password_of_this_server_for_another_one(relays: Settings) -> None:
    passphrase = "four words without relation"
    texts = [setting_file.export(relays, chosen, ANNA)["text"] for chosen in ("", passphrase)]
    one, _ = items(relays)
    put(relays, {**one, "server": "new.example", "password": FIRST})
    for text in texts:
        assert any("needs a secret that the file does not have" in told for told in taken(relays, text, ""))
        assert items(relays)[0]["server"] == "new.example"
    taken(relays, texts[1], passphrase)
    assert items(relays)[0]["server"] == one["server"] and [opened(one) for one in items(relays)] == [FIRST, SECOND]
