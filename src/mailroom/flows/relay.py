"""The relay server: tried before its settings are applied, step by step, in its own words (rows RL01-RL04)."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterable
from typing import Any

from mailroom.core import sealed
from mailroom.core.net import address_of, is_ours
from mailroom.core.problems import Invalid, NotFound, cause
from mailroom.core.sender_relay import COMES_BACK
from mailroom.core.settings import AllValues, Values
from mailroom.flows.relay_words import ADVICE, ENDED
from mailroom.flows.setting import cleaned
from mailroom.monitor.relay import Relay, StepFailed, talk

PAGE = "mail_delivery.delivery"
PASSWORD = f"{PAGE}.password"
SENDERS = "sender_relays"
OK, FAILED, NOT_TRIED = "ok", "failed", "not_tried"


def operations(settings: Callable[[], AllValues]) -> dict[str, Callable[..., Any]]:
    """What can be asked about the relay. settings: those in force."""

    def test(changes: Values, to: str = "", domain: str = "") -> Any:
        return try_out(settings(), changes, to, domain)

    return {"relay.test": test}


def try_out(before: AllValues, changes: Values, to: str = "", domain: str = "") -> dict[str, Any]:
    """{ok, steps: [{id, state, text, words}], next}: what the relay says to these values, which need not be applied.

    changes: {key: value} on top of the values in force. to: the recipient that is named; nothing is sent. Without it
    the server's own postmaster, who is somebody outside for the relay. domain: of the senders whose relay is tried;
    without it, the one for all mail. Raises Invalid or NotFound.
    """
    after = cleaned(before, {PAGE: {**changes, **({} if domain else {"enabled": True})}})
    general = after["mail_delivery.general"]
    relay = _of_senders(after[PAGE], domain) if domain else _of_all(after[PAGE])
    postmaster = f"postmaster@{domain or general['domain']}"
    return _talk(relay, general["hostname"], postmaster, to or postmaster)


def _of_all(values: Values) -> Relay:
    signs_in = values["authentication"]
    names = ("server", "port", "always_tls", "implicit_tls", "verify")
    return Relay(
        **{name: values[name] for name in names},
        account=values["account"] if signs_in else "",
        password=sealed.plain(values["password"], PASSWORD) if signs_in else "",
    )


def _of_senders(values: Values, domain: str) -> Relay:
    found = next((one for one in values[SENDERS] if one["domain"] == domain.lower()), None)
    if found is None:
        raise NotFound(f"There is no relay for {domain}.", field="domain")
    return Relay(
        server=found["server"],
        port=found["port"],
        always_tls=found["tls"] != "offered",
        implicit_tls=found["tls"] == "implicit",
        verify=found["verify"],
        account=found["account"],
        password=sealed.plain(found["password"], f"{PAGE}.{SENDERS}/{found['id']}/password"),
    )


def judge(before: AllValues, after: AllValues) -> None:
    """A judge of Settings: an address of this machine is no relay. Raises Invalid.

    Names are not looked up here, because DNS may be down; Postfix itself bounces what comes back to it.
    """
    was, now = before[PAGE], after[PAGE]
    named = {"server": now["server"]} if now["enabled"] else {}
    named |= {f"{SENDERS}/{one['id']}/server": one["server"] for one in now[SENDERS]}
    known = {was["server"], *(one["server"] for one in was[SENDERS])}
    for field, server in named.items():
        if server and server not in known and address_of(server) and is_ours(server):
            setting = f"{PAGE}.{field.partition('/')[0]}"
            raise Invalid(COMES_BACK, field=field, setting=setting, fields={field: COMES_BACK})


def waits_for_relay(settings: AllValues, reasons: Iterable[str]) -> str:
    """Why mail waits for the relay server, in Postfix's words; "" when there is none, or mail waits for others.

    Mail for our own mailboxes goes through Dovecot, without TLS; all other mail goes through the relay.
    """
    relay = settings[PAGE]
    servers = [relay["server"]] * relay["enabled"] + [one["server"] for one in relay[SENDERS]]
    if not servers:
        return ""
    signs = (*(server.lower() for server in servers), "tls", "certificate", "sasl")
    return next((reason for reason in reasons if any(sign in reason.lower() for sign in signs)), "")


def _talk(relay: Relay, own_name: str, sender: str, recipient: str) -> dict[str, Any]:
    told: list[dict[str, str]] = []
    failed = next = ""
    with talk(relay, own_name) as under_way:
        for id, act in under_way.steps(sender, recipient):
            if failed:
                told.append({"id": id, "state": NOT_TRIED, "text": "", "words": ""})
                continue
            try:
                told.append({"id": id, "state": OK, "text": "", "words": act()})
            except StepFailed as reason:
                failed, next = id, ADVICE[reason.text]
                told.append({"id": id, "state": FAILED, "text": reason.text, "words": reason.words})
            except (OSError, smtplib.SMTPException, ValueError) as reason:
                failed, next = id, ADVICE[ENDED]
                told.append({"id": id, "state": FAILED, "text": ENDED, "words": cause(reason)})
    return {"ok": not failed, "steps": told, "next": next}
