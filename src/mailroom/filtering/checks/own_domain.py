"""Mail from outside that says it is of one of our own domains (X06-10, decision 0030).

Its envelope sender is refused, as early as it can be; what it shows (From) is filed into Junk or refused, as the admin
chose. Costs some microseconds. Errs for services that send in our name and are not excepted; a forger who adds a
List-Id is delivered like a mailing list. RFC 5321 4.1.1.2, RFC 5322 3.6.2, RFC 2919.
"""

from __future__ import annotations

from mailroom.filtering.lists import plain
from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules
from mailroom.filtering.shown_addresses import shown

NAME = "own_domain"
TITLE = "Senders of own domains"
SENDERS = "mail_delivery.security.own_senders"
FROM = "mail_delivery.security.own_from"
SHOWN_LETTERS = 100


def applies(message: Message, rules: Rules) -> bool:
    return _comes_from_outside(message, rules) and (_own_sender(message, rules) or bool(_own_shown(message, rules)))


async def check(message: Message, rules: Rules) -> Answer:
    own_shown = _own_shown(message, rules)
    if why := excepted(message, rules, own_shown):
        return Answer("pass", why, setting=SENDERS)
    if _own_sender(message, rules):
        detail = f"the sender is of an own domain: {message.sender}"
        return Answer("reject", detail, reply=reply(message), setting=SENDERS)
    return _about_from(message, own_shown[0], rules)


def refuses_early(message: Message, rules: Rules) -> bool:
    """Whether nothing that is still to come could let this envelope sender pass."""
    if not _comes_from_outside(message, rules) or not _own_sender(message, rules):
        return False
    # A rule of the whitelist may be for a recipient.
    return not rules.lists.whitelist.any and not excepted(message, rules, [])


def is_own(address: str, rules: Rules) -> bool:
    """Whether an address is of a domain of ours. One without a domain is: Postfix adds ours to it (myorigin)."""
    bare = plain(address)
    return bool(bare) and ("@" not in bare or bare.rpartition("@")[2].rstrip(".") in rules.domains)


def excepted(message: Message, rules: Rules, own_shown: list[str]) -> str:
    """Why this message may come from outside all the same, or ""."""
    if rules.own_exceptions.covers(message.client.address, [plain(message.sender), *own_shown]):
        return "an exception of the setting covers it"
    about = rules.lists.about(message.client.address, message.sender)
    accepted = message.accepted
    if accepted and all("restrictions" in about.to(one.address).skips for one in accepted):
        return "the whitelist lets it pass"
    return ""


def reply(message: Message) -> str:
    """What the other server is told; its administrator can do something about it."""
    domain = printable(plain(message.sender).rpartition("@")[2]) or "this domain"
    return (
        f"550 5.7.1 Mail from {domain} is taken from its own signed-in users only; if {message.client.address} sends "
        "for them, its administrator can ask the postmaster here for an exception"
    )


def printable(text: str) -> str:
    """A text of a stranger as it may stand in a reply or a record."""
    return "".join(letter for letter in text if letter.isascii() and letter.isprintable())[:SHOWN_LETTERS]


def _about_from(message: Message, address: str, rules: Rules) -> Answer:
    detail = f"it shows {printable(address)} (From), and its sender is another: {message.sender or '<>'}"
    if message.sender and message.count(b"list-id"):
        return Answer("pass", f"{detail}; it says that it comes through a mailing list", setting=FROM)
    if rules.policy.own_from == "junk":
        return Answer("spam", detail, setting=FROM)
    told = (
        f"550 5.7.1 Mail that shows {printable(address)} (From) is taken from its own signed-in users only; if "
        f"{message.client.address} sends for them, its administrator can ask the postmaster here for an exception"
    )
    return Answer("reject", detail, reply=told, setting=FROM)


def _own_sender(message: Message, rules: Rules) -> bool:
    return not message.is_return and is_own(message.sender, rules)


def _own_shown(message: Message, rules: Rules) -> list[str]:
    """The addresses in From that are of a domain of ours, and matter."""
    if rules.policy.own_from == "deliver" or message.is_return:
        return []
    return [one for one in shown(message, b"from") if is_own(one, rules)]


def _comes_from_outside(message: Message, rules: Rules) -> bool:
    """Whether it comes neither from this machine, nor from a network or a user that may send as us."""
    return rules.policy.own_senders and not message.login and not rules.is_inside(message.client.address)
