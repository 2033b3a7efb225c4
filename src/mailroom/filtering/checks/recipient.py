"""What the account table and the policies said of each recipient (rows AC06, DL05, DL10, DL11, PO01-PO03, PO08, PO09).

Postfix asks its own maps, made from the account table, and refuses on the spot; it tells us of each refusal with the
reply. This check finds the setting behind the reply, so that the journal can explain it. Costs nothing. RFC 5321 3.3.
"""

from __future__ import annotations

from mailroom.filtering.checks import black_white_list
from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "recipient"
TITLE = "The account table"
# (what the refusal holds, the setting that decided)
REASONS = (
    (black_white_list.REFUSED, "mail_delivery.lists.blacklist"),
    ("sender address rejected: need fully", "mail_delivery.security.sender_fqdn"),
    ("sender address rejected: domain not found", "mail_delivery.security.sender_domain"),
    ("sender address rejected: malformed dns", "mail_delivery.security.sender_domain"),
    ("cannot find your", "mail_delivery.security.client_name"),
    ("command rejected: need fully", "mail_delivery.security.helo_fqdn"),
    ("command rejected: invalid name", "mail_delivery.security.helo_fqdn"),
    ("command rejected: host not found", "mail_delivery.security.helo_name"),
    ("return address is not valid", "mail_delivery.general.srs"),
    ("not owned by user", "mail_delivery.general.sender_equals_login"),
    ("not logged in", "mail_delivery.general.sender_equals_login"),
    ("Authentication required", "mail_delivery.general.smtp_auth"),
    ("Relay access denied", "mail_delivery.general.smtp_auth"),
    ("Client host rejected", "mail_delivery.general.smtp_auth"),
    ("User unknown", "account.user"),
    ("lookup failure", "account.user"),
    ("mailbox cannot be reached", "account.user"),
    ("5.1.1", "account.user"),
)


def applies(message: Message, rules: Rules) -> bool:
    return any(recipient.refusal for recipient in message.recipients)


async def check(message: Message, rules: Rules) -> Answer:
    refusals = [recipient.refusal for recipient in message.recipients if recipient.refusal]
    first = refusals[0]
    setting = next((name for words, name in REASONS if words.lower() in first.lower()), "")
    detail = f"{len(refusals)} of {len(message.recipients)} recipients were refused: {first}"
    if message.accepted:
        return Answer("pass", detail, setting=setting)
    return Answer("tempfail" if first.startswith("4") else "reject", detail, reply=first, setting=setting)
