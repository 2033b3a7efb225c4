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
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.own_policy import HOST, MAX_AGE_MAX_S, PATH, RECORD, Policy
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues
from mailroom.flows.jobs import Operation
from mailroom.tls import served
from mailroom.tls.chain import ROOTS, is_known

PAGE, FIELD = "mail_delivery.security", "mta_sts_mode"
NOTE = paths.TLS / "mta-sts.json"
CERTIFICATE = paths.TLS / "current" / "cert.pem"
DAY_S, HOUR_S = 86_400, 3_600.0
NOT_SET_UP = ".invalid"
# The web process gives away what it was told a moment ago.
LATE_S = 60.0


def named(values: AllValues) -> list[str]:
    """The domains that have been given to this server, the main one first."""
    general = values["mail_delivery.general"]
    return [general["domain"], *(one["domain"] for one in general["additional_domains"])]


def domains(values: AllValues) -> list[str]:
    """Those that can announce something."""
    return [one for one in named(values) if not one.endswith(NOT_SET_UP)]


def hosts(values: AllValues) -> list[str]:
    """The names at which policies are asked for; none when nothing is announced."""
    on = values["mail_delivery.security"]["mta_sts_mode"] != "off"
    return [f"{HOST}.{domain}" for domain in domains(values)] if on else []


def policy(values: AllValues, known_until: float | None, now: float) -> Policy | None:
    """The policy of all our domains; None when there is none, and nobody knows one. known_until: see there."""
    mode = values["mail_delivery.security"]["mta_sts_mode"]
    if mode == "off":
        return Policy("none", DAY_S) if known_until is None or now < known_until else None
    servers = [values["mail_delivery.general"]["hostname"], *values["mail_delivery.security"]["mta_sts_servers"]]
    days = values["mail_delivery.security"]["mta_sts_max_age_days"]
    return Policy(mode, days * DAY_S, tuple(dict.fromkeys(servers)))


def known_until(note: Path = NOTE) -> float | None:
    """Until when others may know a policy of ours, seconds since the epoch: 0, nobody does; None, nobody can say."""
    try:
        return float(json.loads(note.read_text())["until"])
    except FileNotFoundError:
        return 0.0
    except (OSError, ValueError, KeyError, TypeError):
        return None


def current(values: AllValues) -> Policy | None:
    """The policy now, for who only looks."""
    return policy(values, known_until(), time.time())


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
        """{domain: the text of its policy}, which from now on others may know. Raises OSError when it is not noted."""
        values, now = self.values(), self.clock.now()
        with self.turn:
            until = known_until(self.note)
            found = policy(values, until, now)
            needed = now + found.max_age_s + LATE_S if found and found.mode != "none" else 0.0
            if until is None:
                self._note(now + MAX_AGE_MAX_S)
            elif until < needed:
                # At most once an hour: strangers decide how often.
                self._note(needed + HOUR_S)
        return {domain: found.text for domain in domains(values)} if found else {}

    def _note(self, until: float) -> None:
        durable.replace(self.note, json.dumps({"until": until}))

    def read(self) -> dict[str, Any]:
        """{mode, policy, id, until, domains: [{domain, url, records: [{type, name, value}]}]}.

        mode: off, none, testing or enforce; none: switched off, but others may know a former policy until `until`
        (seconds since the epoch, else 0).
        """
        values, now = self.values(), self.clock.now()
        until = self._until()
        found = policy(values, until, now)
        hostname = values["mail_delivery.general"]["hostname"]
        return {
            "mode": found.mode if found else "off",
            "policy": found.text if found else "",
            "id": found.id if found else "",
            "until": until if found and found.mode == "none" else 0.0,
            "domains": [_told(domain, hostname, found) for domain in domains(values)] if found else [],
        }

    def _until(self) -> float:
        """Until when others may know a policy; as long as one may be known when nobody can say."""
        until = known_until(self.note)
        return self.clock.now() + MAX_AGE_MAX_S if until is None else until

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
        until, now = self._until(), self.clock.now()
        former, found = policy(before, until, now), policy(after, until, now)
        if found is None or (former and former.text == found.text) or not domains(after):
            return []
        return [{"field": FIELD, "text": text} for text in self._advice(former, found, domains(after)[0], until)]

    def _advice(self, former: Policy | None, found: Policy, domain: str, until: float) -> Iterable[str]:
        if found.mode == "none":
            day = time.strftime("%Y-%m-%d", time.gmtime(until))
            yield f"Others may know the former policy until {day}. Until then this server tells them that it is off."
        elif former is None or former.mode == "none":
            yield "It has no effect before its DNS records are there. They are shown below the settings."
            return
        yield f"Others learn of it when the TXT record {RECORD}.{domain} says {found.record}, and so at each domain."


def _told(domain: str, hostname: str, found: Policy) -> dict[str, Any]:
    records = [
        {"type": "TXT", "name": f"{RECORD}.{domain}", "value": found.record},
        {"type": "CNAME", "name": f"{HOST}.{domain}", "value": hostname},
    ]
    return {"domain": domain, "url": f"https://{HOST}.{domain}{PATH}", "records": records}
