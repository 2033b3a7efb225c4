"""The answers of the first set-up: what can be answered, what becomes of it, and what is in force (rows SW02-SW07)."""

from __future__ import annotations

from typing import Any

from mailroom.core.pages.mail_delivery_general import is_set_up
from mailroom.core.pages.service_interface import ALL
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues

GENERAL, INTERFACE = "mail_delivery.general", "service.interface"
STARTS = {"new": True, "migrate": False, "exchange": False}
ACCOUNT_TYPES = {"local": True, "ldap": False, "domain": False}
# The names that nobody can have chosen: RFC 6761 6.4.
LENGTH_MAX = 260

Answers = dict[str, str]
USUAL: Answers = {
    "start": "new",
    "account_type": "local",
    "interface": "",
    "domain": "",
    "hostname": "",
    "volume": "",
    "public_address": "",
}


def given(answers: dict[str, Any]) -> Answers:
    """What somebody answered, as text without the blanks around it. Raises Invalid for what is no answer."""
    for name, value in answers.items():
        if name not in USUAL:
            raise Invalid(
                f"The set-up does not ask for {name!r}.", field=name, fields={name: "There is no such answer."}
            )
        if not isinstance(value, str) or len(value) > LENGTH_MAX:
            raise Invalid(f"The answer to {name!r} is no text.", field=name, fields={name: "Answer with a text."})
    return {name: value.strip() for name, value in answers.items()}


def kinds() -> dict[str, list[dict[str, Any]]]:
    """{starts, account_types}: what there is to choose from, and whether this version can do it."""
    known = {"starts": STARTS, "account_types": ACCOUNT_TYPES}
    return {name: [{"id": id, "ready": ready} for id, ready in ids.items()] for name, ids in known.items()}


def in_force(values: AllValues, volume: str) -> Answers:
    """What the settings and the place of the mail say by now; what nobody has chosen yet is empty."""
    general, interface = values[GENERAL], values[INTERFACE]
    names = {key: general[key] if is_set_up(general[key]) else "" for key in ("domain", "hostname")}
    chosen = "" if interface["interface"] == ALL else interface["interface"]
    return {
        **USUAL,
        **names,
        "interface": chosen,
        "volume": volume,
        "public_address": interface["public_address"],
    }


def is_finished(values: AllValues) -> bool:
    """Whether the server knows what it is called."""
    general = values[GENERAL]
    return all(is_set_up(general[key]) for key in ("domain", "hostname"))


def settings_of(answers: Answers) -> AllValues:
    """The settings that answers become."""
    return {
        GENERAL: {"domain": answers["domain"], "hostname": answers["hostname"]},
        INTERFACE: {"interface": answers["interface"] or ALL, "public_address": answers["public_address"]},
    }
