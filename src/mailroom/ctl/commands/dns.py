"""mailroomctl dns: the records of the mail domain, and what its own name servers say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailroom.ctl.shape import Options, Parsers, command, job, moment, noun, table

FROM = {
    "given": "as given",
    "interface": "of this NAS's own interface",
    "dns": "to which the host name leads now",
    "unknown": "not known",
}


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "dns", "the DNS records of the mail domain")
    for verb, help, tell in (
        ("records", "the records that should be there, with real values", tell_records),
        ("check", "compare them with what the domain's own name servers say", tell_check),
    ):
        made = command(verbs, verb, help, ask(f"dns.{verb}"), tell)
        made.add_argument("--domain", default="", help="instead of the one in the settings")
        made.add_argument("--hostname", default="", help="instead of the one in the settings")
        made.add_argument("--address", default="", help="the public address of this server")
    command(
        verbs, "policy", "the MTA-STS policy that other servers get, and its records", policy, tell_policy, ("policy",)
    )


def ask(operation: str) -> Callable[[Options], Any]:
    return lambda options: job(operation, domain=options.domain, hostname=options.hostname, address=options.address)


def tell_records(facts: Any) -> str:
    rows = [(one["type"], one["name"], value(one), one["needed"], one["text"]) for one in facts["records"]]
    return "\n".join([head(facts), "", table(("TYPE", "NAME", "VALUE", "NEEDED", ""), rows)])


def tell_check(facts: Any) -> str:
    lines = [head(facts), f"Name servers: {', '.join(facts['name_servers']) or 'none found'}", ""]
    rows = [(one["state"], one["type"], one["name"], one["needed"], one["text"]) for one in facts["records"]]
    lines += [table(("STATE", "TYPE", "NAME", "NEEDED", ""), rows), ""]
    steps = [one["next"] for one in facts["records"] if one["next"] and one["needed"] != "optional"]
    advice = [f"{facts['relay']['text']} {facts['relay']['next']}"] if facts["relay"] else []
    return "\n".join([*lines, *dict.fromkeys([*steps, *advice])]).rstrip()


def policy(options: Options) -> Any:
    return job("own_policy.read")


def tell_policy(facts: Any) -> str:
    if facts["mode"] == "off":
        return "Nothing is announced (mail_delivery.security.mta_sts_mode)."
    over = (
        f"Switched off; others may know the former policy until {moment(facts['until'])}.\n" if facts["until"] else ""
    )
    rows = [(record["type"], record["name"], record["value"]) for one in facts["domains"] for record in one["records"]]
    urls = "\n".join(one["url"] for one in facts["domains"])
    return f"{over}{urls}\n\n{facts['policy'].strip()}\n\n{table(('TYPE', 'NAME', 'VALUE'), rows)}"


def head(facts: Any) -> str:
    return f"{facts['domain']}, {facts['hostname']}, address {facts['address'] or '-'} ({FROM[facts['address_from']]})"


def value(record: Any) -> str:
    shown = record["value"] or "?"
    return shown if record["priority"] is None else f"{record['priority']} {shown}"
