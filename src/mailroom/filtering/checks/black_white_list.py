"""The black and white lists (rows BW01-BW11).

Mail that a rule rejects is refused by Postfix at RCPT TO, after it has asked us (filtering/policy.py); this check tells
so in the journal, says what is to be discarded, and which tests the whitelist lets the message skip. A rule for a
recipient lets it skip a test only when all other recipients may, too. Costs some microseconds, however many rules there
are. Errs as the admin's rules do: senders can be forged.
"""

from __future__ import annotations

from collections.abc import Iterable

from mailroom.core.bypass import TESTS
from mailroom.filtering.lists import REJECT, Rule, Ruling
from mailroom.filtering.message import Answer, Message, Recipient
from mailroom.filtering.rules import Rules

NAME = "black_white_list"
TITLE = "The black & white list"
BLACKLIST, WHITELIST = "mail_delivery.lists.blacklist", "mail_delivery.lists.whitelist"
REFUSED = "Refused by a rule of this server"
REPLY = f"550 5.7.1 {REFUSED}"
CHANGED = "451 4.7.1 Try again later"

Rulings = list[tuple[Recipient, Ruling]]


def applies(message: Message, rules: Rules) -> bool:
    return rules.lists.any and bool(message.recipients)


async def check(message: Message, rules: Rules) -> Answer:
    about = rules.lists.about(message.client.address, message.sender)
    rulings = [(recipient, about.to(recipient.address)) for recipient in message.recipients]
    stopped = [(recipient, ruling) for recipient, ruling in rulings if _stops(recipient, ruling)]
    if stopped:
        return _stopped(message, stopped)
    accepted = [ruling for recipient, ruling in rulings if not recipient.refusal]
    whites = list(dict.fromkeys(rule for ruling in accepted for rule in ruling.white))
    if not whites:
        return Answer("pass", "no rule matches")
    skips = frozenset(TESTS).intersection(*(ruling.skips for ruling in accepted))
    parts = [told(rule) for rule in whites]
    if skips:
        parts.append(f"tests that it skips: {', '.join(title for test, title in TESTS.items() if test in skips)}")
    return Answer("pass", "; ".join(parts), setting=WHITELIST, skips=tuple(sorted(skips)))


def told(rule: Rule) -> str:
    """A rule of the whitelist in words, as the journal tells it."""
    return f"the rule “{rule.name}” of the whitelist matches ({rule.criteria})"


def _stops(recipient: Recipient, ruling: Ruling) -> bool:
    refused_by_another = recipient.refusal and REFUSED not in recipient.refusal
    return ruling.black is not None and not refused_by_another


def _stopped(message: Message, stopped: Rulings) -> Answer:
    detail = _detail(stopped)
    if not message.accepted:
        return Answer("reject", detail, reply=stopped[0][0].refusal, setting=BLACKLIST)
    now = [(recipient, ruling) for recipient, ruling in stopped if not recipient.refusal]
    if any(ruling.is_rejected for _, ruling in now):
        # The rule is newer than RCPT TO. Once it is too late to refuse some recipients only, the sender comes back.
        reply = REPLY if len(now) == len(message.accepted) else CHANGED
        return Answer("reject" if reply == REPLY else "tempfail", detail, reply=reply, setting=BLACKLIST)
    drops = tuple(recipient.address for recipient, _ in now)
    return Answer("delete" if len(now) == len(message.accepted) else "pass", detail, setting=BLACKLIST, drops=drops)


def _detail(stopped: Rulings) -> str:
    by_rule: dict[Rule, list[str]] = {}
    for recipient, ruling in stopped:
        if ruling.black is not None:
            by_rule.setdefault(ruling.black, []).append(recipient.address)
    return "; ".join(_by_rule(rule, to) for rule, to in by_rule.items())


def _by_rule(rule: Rule, to: Iterable[str]) -> str:
    whom = ", ".join(to)
    if rule.action == REJECT:
        return f"the rule “{rule.name}” of the blacklist rejects mail to {whom} ({rule.criteria})"
    return f"the rule “{rule.name}” of the blacklist discards mail to {whom} ({rule.criteria})"
