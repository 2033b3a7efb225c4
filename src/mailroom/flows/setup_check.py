"""What can be said about the set-up's answers before they are applied (rows SW03-SW07, SW09).

A problem keeps them from being applied; an advice does not, but mail would suffer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mailroom.core import net
from mailroom.core import settings as declared
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues
from mailroom.daemons.mail_place import Volume
from mailroom.flows.setup_answers import ACCOUNT_TYPES, GENERAL, INTERFACE, STARTS, Answers, settings_of
from mailroom.flows.setup_words import ADVICE, PROBLEM, say

# As scripts/preinst wants it for the package itself.
FREE_MB_MIN = 512
FREE_MB_GOOD = 5 * 1024
FORMS = {
    "domain": (GENERAL, "domain_form"),
    "hostname": (GENERAL, "hostname_form"),
    "public_address": (INTERFACE, "address_form"),
}
# RFC 6762, RFC 8375, RFC 6761, and what routers and Windows networks use without asking anybody.
LOCAL_ONLY = (".local", ".lan", ".home.arpa", ".internal", ".test", ".invalid", ".localhost", ".home", ".corp")

Remarks = dict[str, list[dict[str, Any]]]


@dataclass
class World:
    """What is looked at.

    interfaces: as api/setup shows them. volumes: those of the NAS. has_mail: whether any mailbox holds a message.
    missing: the volume that should hold the mail and is not there, or "". taken: [(port, program or "")] that others
    have of what these settings need. dns: flows/dns_records.py, quick.
    """

    interfaces: Callable[[], list[dict[str, Any]]]
    volumes: Callable[[], list[Volume]]
    has_mail: Callable[[], bool]
    missing: Callable[[], str]
    taken: Callable[[AllValues], list[tuple[int, str]]]
    dns: Callable[[str, str, str | None], Remarks]


def check(answers: Answers, now: AllValues, world: World, ask_dns: bool = True) -> Remarks:
    """{field: remarks} about each answer that is given. now: the settings in force."""
    said: Remarks = {name: [] for name in answers}
    for name, known in (("start", STARTS), ("account_type", ACCOUNT_TYPES)):
        if name in answers:
            said[name] += _choice(name, answers[name], known)
    for name, (page, code) in FORMS.items():
        if name in answers:
            said[name] += _form(name, answers[name], page, code, now)
    if "interface" in answers:
        said["interface"] += _interface(answers, now, world)
        if "public_address" in answers:
            said["public_address"] += _public_address(answers, world)
    if answers.get("volume"):
        said["volume"] += _volume(answers["volume"], world)
    if ask_dns:
        _ask_dns(answers, said, world)
    return said


def problems(said: Remarks) -> dict[str, dict[str, Any]]:
    """{field: its first remark that keeps the answers from being applied}."""
    found = {name: [one for one in remarks if one["level"] == PROBLEM] for name, remarks in said.items()}
    return {name: remarks[0] for name, remarks in found.items() if remarks}


def _choice(name: str, answer: str, known: dict[str, bool]) -> list[dict[str, Any]]:
    if answer not in known:
        return [say(PROBLEM, "unknown_choice", given=answer)]
    return [] if known[answer] else [say(PROBLEM, f"{name}_later")]


def _form(name: str, answer: str, page: str, code: str, now: AllValues) -> list[dict[str, Any]]:
    if not answer:
        return [] if name == "public_address" else [say(PROBLEM, f"{name}_needed")]
    try:
        declared.clean(page, {**now[page], name: answer})
    except Invalid:
        return [say(PROBLEM, code, given=answer)]
    if name != "public_address" and f".{answer.lower()}".endswith(LOCAL_ONLY):
        return [say(ADVICE, "name_local", given=answer)]
    return []


def _chosen(answers: Answers, world: World) -> dict[str, Any] | None:
    return next((one for one in world.interfaces() if one["id"] == answers["interface"]), None)


def _interface(answers: Answers, now: AllValues, world: World) -> list[dict[str, Any]]:
    chosen = _chosen(answers, world)
    if chosen is None:
        return [say(PROBLEM, "interface_gone", given=answers["interface"])]
    if not chosen["addresses"]:
        return [say(PROBLEM, "interface_no_address", title=chosen["title"])]
    said = [say(ADVICE, "interface_dynamic", title=chosen["title"])] if chosen["dynamic"] else []
    interface = settings_of({**answers, "domain": "", "hostname": "", "public_address": ""})[INTERFACE]["interface"]
    for port, program in world.taken({**now, INTERFACE: {**now[INTERFACE], "interface": interface}}):
        code = "port_taken" if program else "port_taken_by_somebody"
        said.append(say(PROBLEM, code, port=port, **({"program": program} if program else {})))
    return said


def _public_address(answers: Answers, world: World) -> list[dict[str, Any]]:
    chosen = _chosen(answers, world)
    if answers["public_address"] or chosen is None or not chosen["addresses"]:
        return []
    if any(net.kind(one) == "public" for one in chosen["addresses"]):
        return []
    return [say(ADVICE, "public_address_unknown", title=chosen["title"])]


def _volume(answer: str, world: World) -> list[dict[str, Any]]:
    known = {one.id: one for one in world.volumes()}
    here = next((one for one in known.values() if one.current), None)
    if gone := world.missing():
        return [say(PROBLEM, "volume_missing", title=known[gone].title if gone in known else gone)]
    if answer not in known:
        return [say(PROBLEM, "volume_gone", given=answer)]
    chosen = known[answer]
    if not chosen.current and here is not None and world.has_mail():
        return [say(PROBLEM, "volume_has_mail", title=here.title)]
    if not chosen.writable:
        return [say(PROBLEM, "volume_read_only", title=chosen.title)]
    if chosen.free_mb < FREE_MB_MIN:
        return [say(PROBLEM, "volume_full", title=chosen.title, free_mb=chosen.free_mb)]
    if chosen.free_mb < FREE_MB_GOOD:
        return [say(ADVICE, "volume_small", title=chosen.title, free_mb=chosen.free_mb)]
    return []


def _ask_dns(answers: Answers, said: Remarks, world: World) -> None:
    """Add what name servers say about answers that are in a good form."""
    bad = problems(said)
    names = {name: "" if name in bad else answers.get(name, "") for name in ("domain", "hostname", "public_address")}
    address: str | None = names["public_address"]
    if not address and "interface" in answers and (chosen := _chosen(answers, world)):
        address = next((one for one in chosen["addresses"] if net.kind(one) == "public"), None)
    for name, remarks in world.dns(names["domain"], names["hostname"], address).items():
        if name in said and name not in bad:
            said[name] += [{"values": {}, "next": "", **one} for one in remarks]
