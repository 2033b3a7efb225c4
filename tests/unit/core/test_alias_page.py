"""Mail Delivery > Alias: aliases of one domain, and catch-alls (X06-02, X06-03)."""

from __future__ import annotations

from typing import Any

import pytest

from mailroom.core.problems import Invalid
from mailroom.core.settings import clean, from_store

PAGE = "mail_delivery.alias"


def alias(name: str, *members: str, domain: str = "") -> dict[str, Any]:
    return {"id": f"{name}{domain[:1].lower()}", "name": name, "domain": domain, "members": list(members)}


def catch(domain: str, recipient: str, id: str = "c") -> dict[str, Any]:
    return {"id": id, "domain": domain, "recipient": recipient}


def fault(aliases: list[dict[str, Any]], *catches: dict[str, Any]) -> tuple[str | None, str]:
    with pytest.raises(Invalid) as refused:
        clean(PAGE, {"aliases": aliases, "catch_all": list(catches)})
    return refused.value.field, refused.value.message


def test_a_name_may_be_there_once_for_each_domain_and_once_for_all() -> None:
    names = [alias("sales", "user:anna"), alias("sales", "user:ben", domain="A.example"),
             alias("sales", "user:ben", domain="b.example")]  # fmt: skip
    found = clean(PAGE, {"aliases": names, "catch_all": []})["aliases"]
    assert [one["domain"] for one in found] == ["", "a.example", "b.example"]
    field, words = fault([*names, {**names[1], "id": "twice"}])
    assert field == "aliases/twice/name" and "already" in words


def test_a_loop_that_is_there_at_one_domain_only() -> None:
    loop = [alias("a", "alias:b"), alias("b", "user:ben"), alias("b", "alias:a", domain="x.example")]
    field, words = fault(loop)
    assert field in ("aliases/a/members", "aliases/bx/members") and "a → b → a" in words


def test_an_alias_for_all_domains_cannot_lead_to_one_of_a_single_domain() -> None:
    field, words = fault([alias("all", "alias:here"), alias("here", "user:ben", domain="x.example")])
    assert field == "aliases/all/members" and "does not exist" in words


@pytest.mark.parametrize(
    ("catches", "field"),
    [
        ([catch("", "ben")], "catch_all/c/domain"),
        ([catch("a.example", "")], "catch_all/c/recipient"),
        ([catch("a.example", "ben"), catch("A.EXAMPLE", "anna", "d")], "catch_all/d/domain"),
    ],
)
def test_a_catch_all_needs_both_and_there_is_one_for_each_domain(catches: list[dict[str, Any]], field: str) -> None:
    assert fault([], *catches)[0] == field


def test_aliases_of_before_are_for_every_domain() -> None:
    old = [{"id": "1", "name": "info", "members": ["user:ben"]}]
    assert from_store(PAGE, "aliases", old) == [{"domain": "", **old[0]}]
    assert clean(PAGE, {"aliases": old, "catch_all": []})["aliases"] == [{"domain": "", **old[0]}]
