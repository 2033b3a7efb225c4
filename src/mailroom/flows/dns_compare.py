"""One record as it should be against what its name servers say: right, or what is wrong and what to do."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from mailroom.core import sts_policy, tls_reports
from mailroom.core.net import kind
from mailroom.dns.address import is_address
from mailroom.dns.authority import TELLING, Told
from mailroom.flows.dns_wanted import Names, Wanted
from mailroom.flows.dns_words import say

State = Literal["right", "wrong", "missing", "slow", "refused", "unknown"]
# (state, code) of what the records of one server are.
Verdict = tuple[State, str]
FAILED: dict[str, Verdict] = {
    "refused": ("refused", "servers_refused"),
    "failed": ("refused", "servers_failed"),
    "lame": ("refused", "servers_lame"),
    "false": ("refused", "servers_false"),
    "truncated": ("refused", "servers_truncated"),
    "referral": ("refused", "servers_lame"),
    "slow": ("slow", "servers_slow"),
    "unreachable": ("unknown", "servers_unreachable"),
    "no_address": ("unknown", "servers_unreachable"),
}
RIGHT: Verdict = ("right", "right")


@dataclass(frozen=True)
class Finding:
    """How a record is. said: {code, values, text, next}."""

    state: State
    said: dict[str, Any]
    found: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The form that the API gives."""
        return {"state": self.state, "found": list(self.found), **self.said}


def compare(wanted: Wanted, told: Told, names: Names) -> Finding:
    """What all servers said about a record, as one finding."""
    facts = {"name": wanted.name, "type": wanted.type, "value": wanted.value, "address": names.address}
    if told.trouble == "nobody_responsible" or (wanted.type != "PTR" and _not_delegated(told)):
        return Finding("missing", say("domain_not_delegated", **facts))
    if told.trouble:
        return Finding("unknown", say("resolver_silent", **facts))
    if not told.said:
        return _nobody_said(told, facts)
    judge = JUDGES[wanted.id] if wanted.id in JUDGES else JUDGES[wanted.type]
    verdicts = {server: judge(wanted, told, reply.values, names) for server, reply in told.said}
    found = (told.name,) if told.aliases else told.values
    right = [server for server, verdict in verdicts.items() if verdict[0] == "right"]
    other = [server for server in verdicts if server not in right]
    if right and other:
        theirs = sorted({value for server, reply in told.said if server in other for value in reply.values})
        said = say("servers_differ", right=_list(right), other=_list(other), found=_list(theirs) or "-", **facts)
        return Finding("wrong", said, told.values)
    if right and told.failed and verdicts[right[0]] == RIGHT:
        silent = _list([server for server, _ in told.failed])
        return Finding("right", say("right_some_silent", servers=silent, **facts), found)
    state, code = next(iter(verdicts.values()))
    return Finding(state, say(code, found=_list(_to_show(code, found, wanted, names)), **facts), found)


def _not_delegated(told: Told) -> bool:
    """Whether the servers of a top-level domain say that there is no such name: nobody has registered it."""
    return "." not in told.zone and any(reply.outcome == "no_name" for _, reply in told.said)


def _nobody_said(told: Told, facts: dict[str, str]) -> Finding:
    outcomes = [reply.outcome for _, reply in told.failed]
    worst = next((one for one in TELLING if one in outcomes), "lame")
    state, code = FAILED[worst]
    return Finding(state, say(code, servers=_list([server for server, _ in told.failed]), **facts))


def _to_show(code: str, found: tuple[str, ...], wanted: Wanted, names: Names) -> list[str]:
    if code == "a_more":
        return [one for one in found if one != names.address]
    if code == "mx_not_first":
        return [target for _, target in _exchanges(found)[:1]]
    if wanted.id == "spf":
        return [one for one in found if is_spf(one)]
    if wanted.id in MEANT:
        return _meant(wanted.id, found)
    return list(found)


def _list(values: list[str]) -> str:
    return ", ".join(values)


def _address(wanted: Wanted, told: Told, values: tuple[str, ...], names: Names) -> Verdict:
    if not values:
        return "missing", "a_missing" if names.address else "address_unknown"
    if told.aliases:
        return "wrong", "a_is_alias"
    if not names.address or (names.assumed and len(values) == 1):
        return "unknown", "there"
    same = [one for one in values if ipaddress.ip_address(one) == ipaddress.ip_address(names.address)]
    if same:
        return RIGHT if len(values) == len(same) else ("wrong", "a_more")
    private = all(kind(one) != "public" for one in values) and kind(names.address) == "public"
    return "wrong", "a_private" if private else "a_elsewhere"


def _exchanges(values: tuple[str, ...]) -> list[tuple[int, str]]:
    return sorted((int(priority), target) for priority, _, target in (value.partition(" ") for value in values))


def _exchange(wanted: Wanted, told: Told, values: tuple[str, ...], names: Names) -> Verdict:
    found = _exchanges(values)
    if not found:
        return "missing", "mx_missing"
    if any(target == "." for _, target in found):
        return "wrong", "mx_null"
    ours = [priority for priority, target in found if target == names.hostname]
    if not ours and any(is_address(target) for _, target in found):
        return "wrong", "mx_is_address"
    if not ours:
        return "wrong", "mx_elsewhere"
    return RIGHT if ours[0] == found[0][0] else ("wrong", "mx_not_first")


def is_spf(text: str) -> bool:
    """Whether a TXT record is a SPF record (RFC 7208 4.5)."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def _sender_policy(wanted: Wanted, told: Told, values: tuple[str, ...], names: Names) -> Verdict:
    policies = [value.lower() for value in values if is_spf(value)]
    if not policies:
        return "missing", "spf_missing"
    if len(policies) > 1:
        return "wrong", "spf_several"
    words = policies[0].split()[1:]
    passing = [word.removeprefix("+") for word in words if word[0] not in "-~?"]
    if "all" in passing:
        return "wrong", "spf_everybody"
    if any(_permits(word, names) for word in passing):
        return RIGHT
    leaves = any(word.startswith(("include:", "redirect=", "exists:", "a:", "mx:")) for word in passing)
    return ("unknown", "spf_others") if leaves else ("wrong", "spf_not_ours")


def _permits(word: str, names: Names) -> bool:
    """Whether a mechanism of SPF names this server; that MX and A are right is another record's matter."""
    mechanism, _, value = word.partition(":")
    if mechanism in ("ip4", "ip6"):
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return False
        return bool(names.address) and ipaddress.ip_address(names.address) in network
    ours = {"mx": names.domain, "a": names.hostname}.get(mechanism.partition("/")[0])
    return ours is not None and (value.partition("/")[0] or names.domain) == ours


def _dmarc(wanted: Wanted, told: Told, values: tuple[str, ...], names: Names) -> Verdict:
    policies = [value for value in values if value.replace(" ", "").lower().startswith("v=dmarc1")]
    if not policies:
        return ("missing", "dmarc_missing") if not values else ("wrong", "dmarc_wrong")
    tags = [tag.strip().lower().replace(" ", "") for tag in policies[0].split(";")]
    right = len(policies) == 1 and any(tag in ("p=none", "p=quarantine", "p=reject") for tag in tags)
    return RIGHT if right else ("wrong", "dmarc_wrong")


# How records begin that somebody meant to be one of these, rightly written or not.
MEANT = {"mta_sts": "v=sts", "tls_rpt": "v=tlsrpt"}


def _meant(id: str, values: Iterable[str]) -> list[str]:
    return [one for one in values if one.replace(" ", "").lower().startswith(MEANT[id])]


def _policy_record(wanted: Wanted, told: Told, values: tuple[str, ...], names: Names) -> Verdict:
    """The record of MTA-STS (RFC 8461 3.1)."""
    meant = _meant(wanted.id, values)
    if not meant:
        return "missing", "mta_sts_missing"
    if len([one for one in meant if sts_policy.is_record(one)]) > 1:
        return "wrong", "mta_sts_several"
    known = next((sts_policy.id_of(one) for one in meant if sts_policy.is_record(one)), None)
    if known is None:
        return "wrong", "mta_sts_wrong"
    return RIGHT if known == sts_policy.id_of(wanted.value) else ("wrong", "mta_sts_old")


def _policy_host(wanted: Wanted, told: Told, values: tuple[str, ...], names: Names) -> Verdict:
    """Where the policy is fetched from: an alias, or the address itself."""
    if values and not told.aliases and not names.address:
        return "unknown", "there"
    state, code = _alias(wanted, told, values, names)
    return state, code.replace("service", "mta_sts_host")


def _reports(wanted: Wanted, told: Told, values: tuple[str, ...], names: Names) -> Verdict:
    """The record of TLS-RPT (RFC 8460 3): wherever reports go, somebody has wished it so."""
    meant = _meant(wanted.id, values)
    if not meant:
        return "missing", "tls_rpt_missing"
    if len([one for one in meant if tls_reports.is_reports_record(one)]) > 1:
        return "wrong", "tls_rpt_several"
    return RIGHT if any(tls_reports.report_places(one) for one in meant) else ("wrong", "tls_rpt_wrong")


def _alias(wanted: Wanted, told: Told, values: tuple[str, ...], names: Names) -> Verdict:
    """An alias, or the address itself: both lead here."""
    if told.aliases and told.name == names.hostname:
        return RIGHT
    if not values:
        return ("wrong", "service_elsewhere") if told.aliases else ("missing", "service_missing")
    return RIGHT if names.address in values else ("wrong", "service_elsewhere")


def _service(wanted: Wanted, told: Told, values: tuple[str, ...], names: Names) -> Verdict:
    if not values:
        return "missing", "service_missing"
    # Weight and priority only order several servers.
    ends = {value.split(" ", 2)[2] for value in values}
    return RIGHT if ends == {wanted.value.split(" ", 1)[1]} else ("wrong", "service_elsewhere")


def _reverse(wanted: Wanted, told: Told, values: tuple[str, ...], names: Names) -> Verdict:
    if not values:
        return "missing", "ptr_missing"
    return RIGHT if names.hostname in values else ("wrong", "ptr_other")


JUDGES: dict[str, Callable[[Wanted, Told, tuple[str, ...], Names], Verdict]] = {
    "A": _address,
    "AAAA": _address,
    "MX": _exchange,
    "spf": _sender_policy,
    "dmarc": _dmarc,
    "mta_sts": _policy_record,
    "mta_sts_host": _policy_host,
    "tls_rpt": _reports,
    "CNAME": _alias,
    "SRV": _service,
    "PTR": _reverse,
}
