"""What an administrator is told of the checks of other domains' servers: DANE and MTA-STS (X06-06, X06-07)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable

from mailroom.core.pages.mail_delivery_delivery import checks_dane
from mailroom.core.settings import AllValues
from mailroom.daemons import host
from mailroom.dns.announced import Announced, Unanswered, hands_signatures_on
from mailroom.dns.shape import Questions
from mailroom.filtering import conditions
from mailroom.flows.tls_policy import resolver

PAGE, CONDITION = "mail_delivery.delivery", "dnssec"
LOOK_EVERY_S = 30.0
# Somebody waits for the preview.
ADVICE_LIMIT_S = 2.0
# Unbound takes a root key that it could not get for missing, for a minute: after an outage that is nobody's fault.
LOOKS_IN_A_ROW = 3
# In Postfix's words for what it cannot check (smtp_proto.c, tls_verify.c, smtp_tls_policy.c), in lower case.
SIGNS = (
    "certificate not verified",
    "certificate not trusted",
    "certificate has expired",
    "certificate verification",
    "tls is required",
    "tlsa",
    "non dnssec destination",
    "tls policy",
    "cannot start tls",
)


def waits_for_security(settings: AllValues, waiting: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """(domain, reason in Postfix's words) of mail that waits because a server is not what its domain announces.

    waiting: (recipient, reason). Empty when there is none, or nothing is checked.
    """
    chosen = settings[PAGE]
    if chosen["enabled"] or not (chosen["dane"] or chosen["mta_sts"]):
        return "", ""
    for recipient, reason in waiting:
        if any(sign in reason.lower() for sign in SIGNS):
            return recipient.rpartition("@")[2], reason
    return "", ""


def wire() -> Questions:
    """The real name servers; dnspython is loaded when somebody asks."""
    from mailroom.dns.wire import Wire

    return Wire()


def advise(
    before: AllValues,
    after: AllValues,
    servers: Callable[[], tuple[str, ...]] = host.dns_servers,
    questions: Callable[[], Questions] = wire,
) -> list[dict[str, str]]:
    """An adviser of Settings: where the NAS's DNS servers hand no signatures on, DANE checks nothing."""
    was, chosen = (checks_dane(values[PAGE]) for values in (before, after))
    if was or not chosen:
        return []

    async def ask() -> list[bool | None]:
        known = questions()
        return await asyncio.gather(*(hands_signatures_on(known, server, ADVICE_LIMIT_S) for server in servers()))

    found = asyncio.run(ask())
    if False not in found or True in found:
        return []
    text = "The DNS servers of this NAS give out no signatures (DNSSEC): until they do, DANE checks nothing."
    return [{"field": "dane", "text": text}]


class Watch:
    """Sees whether signatures arrive while they are to be checked. report, clear: the condition the window shows."""

    def __init__(
        self,
        values: Callable[[], AllValues],
        announced: Callable[[], Announced] = resolver,
        report: Callable[..., None] = conditions.report,
        clear: Callable[[str], None] = conditions.clear,
    ) -> None:
        self.values, self.announced = values, announced
        self.report, self.clear = report, clear
        self.without = 0

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`: look now and then."""
        while not stop.wait(LOOK_EVERY_S):
            self.look()

    def look(self) -> None:
        """Once. While DNS does not answer at all, what was said before stands: others tell that."""
        try:
            fine = not checks_dane(self.values()[PAGE]) or asyncio.run(self.announced().signatures())
        except Unanswered:
            return
        self.without = 0 if fine else self.without + 1
        if fine:
            self.clear(CONDITION)
        elif self.without >= LOOKS_IN_A_ROW:
            self._tell()

    def _tell(self) -> None:
        self.report(
            CONDITION,
            "Servers cannot be checked by DANE",
            "The DNS servers of this NAS give out no signatures (DNSSEC), so mail goes out as if DANE were off.",
            "Choose other DNS servers in Control Panel > Network, or let the router hand DNSSEC on.",
            go="mail_delivery/delivery",
            severity="attention",
        )
