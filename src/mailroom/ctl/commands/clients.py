"""mailroomctl clients: what mail programs need to reach this server."""

from __future__ import annotations

from typing import Any

from mailroom.ctl.shape import Options, Parsers, command, job, table

SECURITY = {"tls": "SSL/TLS", "starttls": "STARTTLS"}
STATES = {
    "here": "served by this NAS",
    "elsewhere": "this NAS's web server answers something else",
    "unknown": "this NAS's web server does not answer",
}


def add(parsers: Parsers) -> None:
    command(parsers, "clients", "what mail programs need to reach this server", clients, tell)


def clients(options: Options) -> Any:
    return job("clients.checked")


def tell(facts: Any) -> str:
    rows = [
        (one["title"], one["host"], one["port"], SECURITY[one["security"]], _state(one, facts))
        for one in facts["protocols"]
    ]
    forms = " or ".join(one["form"] for one in facts["user_names"])
    lines = [table(("PROTOCOL", "SERVER", "PORT", "SECURITY", ""), rows), "", f"User name: {forms}", ""]
    documents = [(one["url"], STATES[one["state"]]) for one in facts["addresses"]]
    lines += [table(("DOCUMENT", ""), documents), ""]
    records = [
        (one["name"], "SRV", f"{one['priority']} {one['weight']} {one['port']} {one['target']}.")
        for one in facts["srv"]
    ]
    lines += [table(("DNS RECORD", "TYPE", "VALUE"), records)]
    lines += [f"{one['text']} {one['next']}" for one in facts["advice"]]
    return "\n".join(lines)


def _state(one: dict[str, Any], facts: Any) -> str:
    if one["id"] in (facts["incoming"], facts["outgoing"]):
        return "recommended"
    if one["usable"]:
        return ""
    return "off" if not one["enabled"] else "nobody can sign in"
