"""The story of the security that our domains announce: which policy counts, who may still know a former one (X06-08).

Who has fetched a policy goes by it for as long as its max_age says. So each time one is given away it is noted until
when others may know it; switched off, "none" is told until then, which takes back what they know (RFC 8461 8.3).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mailroom.core import durable, paths
from mailroom.core.clock import Clock, SystemClock, day
from mailroom.core.pages.mail_delivery_general import is_set_up, named_domains
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues
from mailroom.core.sts_policy import HOST, MAX_AGE_MAX_S, PATH, RECORD, Policy
from mailroom.flows.jobs import Operation
from mailroom.tls import served
from mailroom.tls.chain import ROOTS, is_known

PAGE, FIELD = "mail_delivery.security", "mta_sts_mode"
NOTE = paths.TLS / "mta-sts.json"
CERTIFICATE = paths.TLS / "current" / "cert.pem"
DAY_S, HOUR_S = 86_400, 3_600.0
# What is told when there is no policy any more, until nobody knows a former one (RFC 8461 8.3).
OVER = Policy("none", DAY_S)
# The web process gives away what it was told a moment ago.
LATE_S = 60.0


def domains(values: AllValues) -> list[str]:
    """Our domains that can announce something, the main one first."""
    return [one for one in named_domains(values["mail_delivery.general"]) if is_set_up(one)]


def hosts(values: AllValues) -> list[str]:
    """The names at which policies are asked for; none when nothing is announced."""
    on = values["mail_delivery.security"]["mta_sts_mode"] != "off"
    return [f"{HOST}.{domain}" for domain in domains(values)] if on else []


def policy(values: AllValues, until: float | None, now: float) -> Policy | None:
    """The policy of a domain of ours; None when there is none, and nobody knows one.

    until: until when others may know a former one, seconds since the epoch; None: nobody can say.
    """
    mode = values["mail_delivery.security"]["mta_sts_mode"]
    if mode == "off":
        return OVER if until is None or now < until else None
    servers = [values["mail_delivery.general"]["hostname"], *values["mail_delivery.security"]["mta_sts_servers"]]
    days = values["mail_delivery.security"]["mta_sts_max_age_days"]
    return Policy(mode, days * DAY_S, tuple(dict.fromkeys(servers)))


def known(note: Path = NOTE) -> dict[str, float] | None:
    """{domain: until when others may know a policy of it}, seconds since the epoch. None: nobody can say."""
    try:
        return {str(domain): float(until) for domain, until in json.loads(note.read_text()).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError):
        return None


def until_of(domain: str, noted: dict[str, float] | None, now: float) -> float:
    """Until when others may know a policy of this domain; as long as one may be known when nobody can say."""
    return now + MAX_AGE_MAX_S if noted is None else noted.get(domain, 0.0)


def known_until(domain: str, note: Path = NOTE) -> float:
    """The same, as it is noted now."""
    return until_of(domain, known(note), time.time())


def current(values: AllValues) -> Policy | None:
    """The policy of the main domain of these settings now, for who only looks."""
    return policy(values, known_until(values["mail_delivery.general"]["domain"]), time.time())


class OwnPolicy:
    """Gives policies away and remembers it. values: all settings in force."""

    def __init__(
        self,
        values: Callable[[], AllValues],
        note: Path = NOTE,
        certificate: Path = CERTIFICATE,
        roots: Path = ROOTS,
        clock: Clock | None = None,
    ) -> None:
        self.values, self.note, self.certificate, self.roots = values, note, certificate, roots
        self.clock, self.turn = clock or SystemClock(), threading.Lock()

    def operations(self) -> dict[str, Operation]:
        """What the job process can be asked."""
        return {"own_policy.policies": self.policies, "own_policy.read": self.read}

    def policies(self) -> dict[str, str]:
        """{domain: the text of its policy}, which from now on others may know. Raises OSError when it is not noted.

        Domains that were ours are among them, as long as others may know their policies.
        """
        values, now = self.values(), self.clock.now()
        with self.turn:
            noted, ours = known(self.note), domains(values)
            former = {domain: OVER for domain, until in (noted or {}).items() if now < until and domain not in ours}
            found = {domain: policy(values, until_of(domain, noted, now), now) for domain in ours}
            self._remember(found, noted, now)
        return {domain: one.text for domain, one in {**former, **found}.items() if one}

    def _remember(self, found: dict[str, Policy | None], noted: dict[str, float] | None, now: float) -> None:
        """Note until when others may know these: at most once an hour, because strangers decide how often they ask."""
        given = {domain: one.max_age_s + now + LATE_S for domain, one in found.items() if one and one.mode != "none"}
        late = {domain: until + HOUR_S for domain, until in given.items() if (noted or {}).get(domain, 0.0) < until}
        kept = noted
        if noted is None:
            kept = late = dict.fromkeys(found, now + MAX_AGE_MAX_S)
        if kept is not None and late:
            lasting = {domain: until for domain, until in kept.items() if now < until}
            durable.replace(self.note, json.dumps({**lasting, **late}))

    def read(self) -> dict[str, Any]:
        """{mode, policy, id, until, domains: [{domain, url, records: [{type, name, value}]}]}.

        mode: off, none, testing or enforce; none: switched off, but others may know a former policy until `until`
        (seconds since the epoch, else 0). domains: those of which others shall know this.
        """
        values, now, noted = self.values(), self.clock.now(), known(self.note)
        untils = {domain: until_of(domain, noted, now) for domain in domains(values)}
        every = {domain: one for domain, until in untils.items() if (one := policy(values, until, now))}
        found, hostname = next(iter(every.values()), None), values["mail_delivery.general"]["hostname"]
        return {
            "mode": found.mode if found else "off",
            "policy": found.text if found else "",
            "id": found.id if found else "",
            "until": max(untils.values()) if found and found.mode == "none" else 0.0,
            "domains": [_told(domain, hostname, one) for domain, one in every.items()],
        }

    def judge(self, before: AllValues, after: AllValues) -> None:
        """A judge of Settings. Raises Invalid when others would keep mail away from the first moment on."""
        if after[PAGE][FIELD] != "enforce" or before[PAGE][FIELD] == "enforce":
            return
        hostname = after["mail_delivery.general"]["hostname"]
        if sentence := self._unfit(hostname):
            raise Invalid(
                sentence,
                field=FIELD,
                setting=f"{PAGE}.{FIELD}",
                next="Get a certificate from an authority first (Service > Let's Encrypt). Testing does no harm.",
                fields={FIELD: sentence},
            )

    def _unfit(self, hostname: str) -> str:
        """Why servers that insist would not deliver to ours, or nothing."""
        try:
            content = self.certificate.read_bytes()
            known, trusted = served.of_pem(content), is_known(content, self.roots)
        except (OSError, ValueError):
            return "The certificate of this server cannot be read: others would deliver nothing."
        if not known.covers(hostname):
            return f"The certificate of this server is not for {hostname}: others would deliver nothing."
        if known.ends <= self.clock.now():
            return "The certificate of this server has ended: others would deliver nothing."
        return "" if trusted else "The certificate of this server is not trusted by others: they would deliver nothing."

    def advise(self, before: AllValues, after: AllValues) -> list[dict[str, str]]:
        """An adviser of Settings: what has to be changed at the DNS provider, and how long others know what was."""
        noted, now, ours = known(self.note), self.clock.now(), domains(after)
        told: list[str] = []
        if ours:
            until = max(until_of(domain, noted, now) for domain in ours)
            former, found = policy(before, until, now), policy(after, until, now)
            changed = found is not None and (former is None or former.text != found.text)
            told += self._of_change(former, found, ours[0], until) if found and changed else ()
        gone = [(domain, until_of(domain, noted, now)) for domain in domains(before) if domain not in ours]
        told += [self._of_domain(domain, until) for domain, until in gone if now < until]
        return [{"field": FIELD, "text": text} for text in told]

    def _of_change(self, former: Policy | None, found: Policy, domain: str, until: float) -> Iterable[str]:
        if found.mode == "none":
            yield (
                f"Others may know the former policy until {day(until)}. "
                "Until then this server tells them that it is off."
            )
        elif former is None or former.mode == "none":
            yield "It has no effect before its DNS records are there. They are shown below the settings."
            return
        yield f"Others learn of it when the TXT record {RECORD}.{domain} says {found.record}, and so at each domain."

    def _of_domain(self, domain: str, until: float) -> str:
        return (
            f"Others may know the MTA-STS policy of {domain} until {day(until)}. Until then leave its DNS records, "
            f"and change the TXT record to {OVER.record}."
        )


def _told(domain: str, hostname: str, found: Policy) -> dict[str, Any]:
    records = [
        {"type": "TXT", "name": f"{RECORD}.{domain}", "value": found.record},
        {"type": "CNAME", "name": f"{HOST}.{domain}", "value": hostname},
    ]
    return {"domain": domain, "url": f"https://{HOST}.{domain}{PATH}", "records": records}
