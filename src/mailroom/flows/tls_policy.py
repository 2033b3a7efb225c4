"""The story of a domain's announced security: what Postfix is to demand of its mail servers (X06-06, X06-07).

Asked for each domain before mail goes there. DNS names the policy's id; a new id, or a policy that is a day old, has it
got from the website again. What cannot be got leaves the former policy in force until its time is over; without one,
mail goes out as to any domain. Whatever fails here, fails so.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import cache

from mailroom.core.sts_policy import Policy
from mailroom.daemons.places import RESOLVER
from mailroom.dns.announced import Announced, Unanswered
from mailroom.store.sts_policies import KeptPolicy, StsPolicyStore
from mailroom.tls.sts_fetch import NoPolicy, fetch

LOG = logging.getLogger("mailroom.filter")
# How long mail may wait for an answer. What takes longer goes on beside, for the next message.
ANSWER_LIMIT_S = 10.0
# And this long at most.
WHOLE_LIMIT_S = 60.0
# A policy is got again before its time is over, so that nobody can just wait for its end (RFC 8461 10.2).
RENEW_S = 86_400.0
# Not more often, when it cannot be got (RFC 8461 3.3).
AGAIN_S = 300.0
AT_ONCE = 64
FAILURES_MAX = 1_000
NOTHING = ""
DANE_ONLY = "dane-only"


def resolver() -> Announced:
    """Our own resolver. dnspython is loaded when the first message goes out: most processes never need it."""
    from mailroom.dns.wire import Wire

    return Announced(Wire(), RESOLVER)


class TlsPolicies:
    """Answers for one process. open, announced: make the store and what asks DNS, when the first message goes out.

    now: seconds since the epoch.
    """

    def __init__(
        self,
        open: Callable[[], StsPolicyStore] = StsPolicyStore,
        announced: Callable[[], Announced] = resolver,
        get: Callable[[str], Awaitable[Policy]] = fetch,
        now: Callable[[], float] = time.time,
        limit_s: float = ANSWER_LIMIT_S,
    ) -> None:
        self._open, self._announced = cache(open), cache(announced)
        self.get, self.now, self.limit_s = get, now, limit_s
        self.under_way: dict[tuple[str, bool], asyncio.Task[str]] = {}
        self.failed: dict[str, float] = {}

    async def answer(self, domain: str, after_dane: bool) -> str:
        """What Postfix is to demand (smtp_tls_policy_maps), "" for nothing beyond its own. Within limit_s.

        domain: in lower case. after_dane: mail servers are checked by DANE, which goes before (RFC 8461 2).
        """
        asked = domain, after_dane
        task = self.under_way.get(asked)
        if task is None:
            if len(self.under_way) >= AT_ONCE:
                return self._remembered(*asked)
            task = self.under_way[asked] = asyncio.create_task(self._find(*asked))
            task.add_done_callback(lambda _: self.under_way.pop(asked, None))
        # Not ended by one who does not wait any longer: others wait, too, or will ask soon.
        done, _ = await asyncio.wait({task}, timeout=self.limit_s)
        return task.result() if done else self._remembered(*asked)

    async def _find(self, domain: str, after_dane: bool) -> str:
        try:
            async with asyncio.timeout(WHOLE_LIMIT_S):
                kept = await self._current(domain)
                if kept is None or kept.policy.mode != "enforce":
                    return NOTHING
                if after_dane and await self._announced().dane(domain) != "none":
                    # Also when DNS does not say: what fails there must not succeed here.
                    return DANE_ONLY
                return demand(kept.policy)
        except Exception:
            LOG.exception("the security that a domain announces cannot be looked up")
            return self._remembered(domain, after_dane)

    def _remembered(self, domain: str, after_dane: bool) -> str:
        """What can be said at once."""
        kept = self._kept(domain)
        if kept is None or kept.policy.mode != "enforce":
            return NOTHING
        return DANE_ONLY if after_dane else demand(kept.policy)

    def _kept(self, domain: str) -> KeptPolicy | None:
        """The policy that was got before; none when the store cannot be read: mail does not depend on it."""
        try:
            return self._open().get(domain, self.now())
        except Exception:
            LOG.exception("the policies of other domains cannot be read")
            return None

    def _keep(self, domain: str, id: str, policy: Policy) -> KeptPolicy:
        now = self.now()
        try:
            self._open().put(domain, id, policy, now)
        except Exception:
            LOG.exception("the policies of other domains cannot be kept")
        return KeptPolicy(policy, id, now, now + policy.max_age_s)

    async def _current(self, domain: str) -> KeptPolicy | None:
        """The policy in force, renewed if it is time."""
        kept = self._kept(domain)
        try:
            id = await self._announced().sts_id(domain)
        except Unanswered:
            return kept
        fresh = kept is not None and kept.id == id and self.now() - kept.got < RENEW_S
        # Both limits: a clock that was set back must not keep us from asking.
        just_failed = 0 < self.failed.get(domain, 0.0) - self.now() <= AGAIN_S
        if not id or fresh or just_failed:
            return kept
        try:
            policy = await self.get(domain)
        except NoPolicy as reason:
            self._remember_failure(domain)
            LOG.info("the MTA-STS policy of %s cannot be got: %s", domain, reason)
            return kept
        self.failed.pop(domain, None)
        return self._keep(domain, id, policy)

    def _remember_failure(self, domain: str) -> None:
        if len(self.failed) >= FAILURES_MAX:
            self.failed.clear()
        self.failed[domain] = self.now() + AGAIN_S


def demand(policy: Policy) -> str:
    """A policy as Postfix has it: a certificate for one of these names that an authority vouches for.

    For Postfix ".example.com" is every name below; "*." of the policy is one label only (RFC 8461 4.1), but whoever
    has a certificate for a deeper name belongs to the same domain.
    """
    names = ":".join(name.removeprefix("*") for name in policy.mx)
    return f"secure match={names} servername=hostname"
