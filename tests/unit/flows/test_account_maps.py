"""The maps for Postfix: made when something differs, and opened anew when one had been lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from account_house import House

from mailroom.core.settings import defaults
from mailroom.flows.account_maps import MapFiles, texts


def postmap(argv: Sequence[str]) -> None:
    """As postmap does: an index beside its source."""
    source = Path(argv[-1].removeprefix("lmdb:"))
    source.with_name(f"{source.name}.lmdb").write_text(source.read_text())


def test_a_lost_map_is_made_and_postfix_told(tmp_path: Path) -> None:
    told: list[str] = []
    maps = MapFiles(tmp_path, postmap, lambda: told.append("reopen"))
    wanted = texts([], ["example.com"], defaults())
    assert maps.write(wanted) == list(wanted)
    told.clear()
    assert maps.write(wanted) == [] and told == []
    assert maps.write({**wanted, "recipients": "ben@example.com\tOK\n"}) == ["recipients"] and told == []
    (tmp_path / "held.lmdb").unlink()
    assert maps.write({**wanted, "recipients": "ben@example.com\tOK\n"}) == ["held"] and told == ["reopen"]


def rows_of(house: House, name: str) -> dict[str, str]:
    house.accounts.sync_now()
    return house.map(name)


def test_a_catch_all_takes_what_nobody_has_and_nothing_else(synced: House) -> None:
    """X06-02: users, also those who have just disappeared, keep their mail; who has no mailbox is nobody."""
    synced.activate("anna", "bert")
    synced.settings.more = [{"id": "1", "domain": "example.net"}]
    synced.settings.catch_all = [{"id": "1", "domain": "example.com", "recipient": "bert"}]
    synced.settings.aliases = [{"id": "1", "name": "info", "members": ["user:anna"]}]
    aliases = rows_of(synced, "aliases")
    assert aliases["@example.com"] == "bert@example.com" and "@example.net" not in aliases
    assert aliases["anna@example.com"] == "anna@example.com" and aliases["info@example.com"] == "anna@example.com"
    assert "carl@example.com" not in aliases and "anna@example.net" not in aliases
    anna = synced.host.users.pop(1)
    assert rows_of(synced, "held").keys() == {"anna@example.com", "anna@example.net"}
    assert rows_of(synced, "aliases")["anna@example.com"] == "anna@example.com"
    synced.host.users.insert(1, anna)
    synced.settings.catch_all[0]["recipient"] = "info"
    assert rows_of(synced, "aliases")["@example.com"] == "anna@example.com"


def test_a_catch_all_that_reaches_nobody_catches_nothing(synced: House) -> None:
    """X06-02: then unknown addresses are refused again, and users are as they were."""
    synced.activate("anna")
    synced.settings.catch_all = [{"id": "1", "domain": "example.com", "recipient": "bert"}]
    assert rows_of(synced, "aliases").keys() == {"abuse@example.com", "postmaster@example.com"}


def test_a_copy_of_mail_to_users_without_mailbox_does_not_hide_them_from_the_catch_all(synced: House) -> None:
    """BC07, X06-02."""
    synced.activate("anna")
    synced.settings.rules = [{"id": "1", "criterion": "from", "text": "boss", "target": "anna"}]
    assert "bert@example.com" in rows_of(synced, "inactive")
    synced.settings.catch_all = [{"id": "1", "domain": "example.com", "recipient": "anna"}]
    assert rows_of(synced, "inactive") == {} and "bert@example.com" not in synced.map("aliases")


def test_with_a_dash_as_separator_whole_names_come_first(synced: House) -> None:
    """X06-01: Postfix adds nothing to an address that is known as a whole."""
    synced.activate("anna")
    assert "anna@example.com" not in rows_of(synced, "aliases")
    synced.settings.separator = "minus"
    assert rows_of(synced, "aliases")["anna@example.com"] == "anna@example.com"
    synced.settings.separator = "plus"
    assert "anna@example.com" not in rows_of(synced, "aliases")


def test_an_alias_of_one_domain(synced: House) -> None:
    """X06-03: it takes the place of one for every domain, also as a member of others there."""
    synced.activate("anna", "bert")
    synced.settings.more = [{"id": "1", "domain": "example.net"}]
    synced.settings.aliases = [
        {"id": "1", "name": "sales", "members": ["user:anna"]},
        {"id": "2", "name": "sales", "domain": "example.net", "members": ["user:bert"]},
        {"id": "3", "name": "all", "members": ["alias:sales"]},
        {"id": "4", "name": "only", "domain": "example.net", "members": ["alias:all"]},
    ]
    aliases = rows_of(synced, "aliases")
    assert aliases["sales@example.com"] == "anna@example.com" and aliases["sales@example.net"] == "bert@example.net"
    assert aliases["all@example.com"] == "anna@example.com" and aliases["all@example.net"] == "bert@example.net"
    assert aliases["only@example.net"] == "bert@example.net" and "only@example.com" not in aliases


def test_who_gets_an_aliass_mail_may_send_as_it_only_if_that_is_set(synced: House) -> None:
    """DL11: also through another alias; nobody else, and the filter knows the same."""
    synced.activate("anna", "bert", "carl")
    synced.settings.aliases = [
        {"id": "1", "name": "info", "members": ["user:anna", "friend@world.example"]},
        {"id": "2", "name": "all", "members": ["alias:info", "user:bert"]},
        {"id": "3", "name": "carl", "members": ["user:anna"]},
    ]
    usual = rows_of(synced, "senders")
    assert "info@example.com" not in usual and usual["carl@example.com"] == "carl"
    synced.settings.members_send = True
    rows = rows_of(synced, "senders")
    assert rows["info@example.com"] == "anna" and rows["all@example.com"] == "anna, bert"
    assert rows["carl@example.com"] == "carl, anna", "the user of the name keeps it"
    told = json.loads((synced.folder / "facts.json").read_text())["senders"]
    assert {address: told[address] for address in rows} == {one: logins.split(", ") for one, logins in rows.items()}
