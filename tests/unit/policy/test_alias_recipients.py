"""Who gets the mail to an alias (rows AL01, AL02, AL07), and which aliases are refused."""

from __future__ import annotations

import pytest

from mailroom.core.pages.mail_delivery_alias import loop_in
from mailroom.core.problems import Invalid
from mailroom.core.settings import clean
from mailroom.policy.aliases import Recipients
from mailroom.store.accounts import Account

PAGE = "mail_delivery.alias"
PEOPLE = [
    Account("anna", "Anna", 1, seat=True, groups=("staff", "users")),
    Account("ben", "ben", 2, seat=True, groups=("staff",)),
    Account("carl", "carl", 3, groups=("staff",)),
    Account("dora", "dora", 4, seat=True, missing_since=1.0),
]


def of(aliases: dict[str, list[str]], name: str) -> list[str]:
    known = Recipients(aliases, PEOPLE, ["example.com"])
    found = known.all()[name]
    assert sorted(found) == sorted(known.of(name)), "both ways lead to the same"
    return found


def test_users_groups_aliases_and_others_each_once_and_only_who_has_a_mailbox() -> None:
    aliases = {
        "info": ["user:anna", "group:staff", "alias:more", "Max@Else.example"],
        "more": ["user:carl", "user:ben", "user:nobody", "max@else.example", "user:dora"],
    }
    assert set(of(aliases, "info")) == {"anna", "ben", "dora", "max@else.example", "Max@Else.example"}
    assert of({"info": ["user:carl", "group:gone"]}, "info") == []


def test_a_user_of_the_same_name_gets_mail_only_as_a_member() -> None:
    assert of({"anna": ["user:ben"]}, "anna") == ["ben"]
    assert of({"anna": ["user:ben", "user:anna"]}, "anna") == ["ben", "anna"]
    # Wherever the user is named, the alias of that name decides.
    assert of({"info": ["user:anna"], "anna": ["user:ben"]}, "info") == ["ben"]
    assert of({"info": ["group:staff"], "anna": ["user:ben", "user:anna"]}, "info") == ["ben", "anna"]
    # A group that has come to lead back to where the mail came from: the mailbox itself.
    assert of({"anna": ["alias:info"], "info": ["group:users"]}, "anna") == ["anna"]


def test_an_address_in_a_domain_that_became_ours_is_the_name_here() -> None:
    assert of({"info": ["ben@example.com", "all@example.com"], "all": ["user:anna"]}, "info") == ["ben", "anna"]


def test_a_long_chain_is_followed_once() -> None:
    chain = {f"a{turn}": [f"alias:a{turn + 1}", "user:anna"] for turn in range(20_000)}
    found = Recipients({**chain, "a20000": ["user:ben"]}, PEOPLE, ["example.com"]).all()
    assert set(found["a0"]) == {"anna", "ben"} and found["a20000"] == ["ben"]


def cleaned(**aliases: list[str]) -> dict[str, list[str]]:
    items = [{"id": name.lower(), "name": name, "members": members} for name, members in aliases.items()]
    return {one["name"]: one["members"] for one in clean(PAGE, {"aliases": items})["aliases"]}


def refused(**aliases: list[str]) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        cleaned(**aliases)
    return dict(caught.value.more["fields"])


def test_names_and_members_have_one_spelling() -> None:
    found = cleaned(Info=["user:Anna", "user:anna", " Max@Else.EXAMPLE "])
    assert found == {"info": ["user:anna", "Max@else.example"]}


def test_a_loop_is_refused_and_named() -> None:
    assert refused(a=["alias:b"], b=["user:x", "alias:c"], c=["alias:b"]) == {
        "aliases/b/members": "These aliases lead back to themselves: b → c → b."
    }
    assert "a → a" in refused(a=["alias:a"])["aliases/a/members"]
    # A user whose name is an alias is that alias.
    assert "a → b → a" in refused(a=["user:b"], b=["user:a"])["aliases/a/members"]
    assert cleaned(a=["user:a", "alias:b"], b=["user:x"])
    long = {f"a{turn}": [f"alias:a{turn + 1}"] for turn in range(5000)}
    assert loop_in({**long, "a5000": []}) == [] and len(loop_in({**long, "a5000": ["alias:a0"]})) == 5002


@pytest.mark.parametrize(
    ("name", "members", "field", "words"),
    [
        ("", ["user:x"], "name", "Enter the alias name"),
        ("a b", ["user:x"], "name", "letters, digits"),
        ("ä", ["user:x"], "name", "not allowed"),
        ("a" * 65, ["user:x"], "name", "64"),
        ("a", [], "members", "at least one member"),
        ("a", ["alias:b"], "members", "does not exist"),
        ("a", ["nobody"], "members", "no mail address"),
        ("a", ["x@y.example, z@y.example"], "members", "no mail address"),
        ("a", ["|/bin/sh@y.example"], "members", "no mail address"),
        ("a", ["x@y.example\nb: c"], "members", "no mail address"),
        ("a", ["group:"], "members", "no name"),
        ("a", ["user:x\ty"], "members", "no name"),
    ],
)
def test_what_is_no_alias_is_refused_at_its_field(name: str, members: list[str], field: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        clean(PAGE, {"aliases": [{"id": "q", "name": name, "members": members}]})
    assert words in caught.value.more["fields"][f"aliases/q/{field}"]
    assert "already" in refused(a=["user:x"], A=["user:x"])["aliases/a/name"]
