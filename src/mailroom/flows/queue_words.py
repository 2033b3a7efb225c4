"""Why a message waits, in plain words, from what Postfix has noted of its last try (row QE01)."""

from __future__ import annotations

import re

ON_HOLD = "On hold: it stays until somebody releases it."
UNDER_WAY = "It is being delivered now."
NEW = "It has just come and was not tried yet."
EXPIRES = "It is returned to its sender after the next try."
OTHER = "It could not be delivered yet."
# The first that fits: Postfix's own words (smtp_connect.c, smtp_addr.c, smtp_proto.c), and replies of servers, in small
# letters. Looked for as they are: what a server has said may be long, and anything.
REASONS = (
    (re.compile("host not found, try again|name service error: try again"),
     "The server of this domain could not be looked up: DNS does not answer."),
    (re.compile("host or domain name not found|host not found|no address associated|name or service not known"),
     "The server of this domain has no address in DNS."),
    (re.compile("connection refused"),
     "The other server refuses connections."),
    (re.compile("connection timed out|no route to host|network is unreachable|receiving the initial server greeting"),
     "The other server cannot be reached."),
    (re.compile("lost connection|timed out while"),
     "The other server ended the connection."),
    (re.compile("not trusted|server certificate|tls is required|cannot start tls|certificate verification|tlsa"),
     "The connection to the other server cannot be made safe."),
    (re.compile("sasl|said: 530|said: 534|said: 535|said: 538|authentication"),
     "The other server does not accept our sign-in."),
    (re.compile("greylist|graylist|grey-list"),
     "The other server asks every new sender to come back later (greylisting)."),
    (re.compile(r"over ?quota|quota exceeded|mailbox (is )?full|4\.2\.2|4\.3\.1|said: 552|insufficient system storage"),
     "The recipient's mailbox or server is full."),
    (re.compile("private/lmtp|dovecot/lmtp"),
     "The mailboxes of this server did not answer."),
    (re.compile(r"rate limit|too many|4\.7\.28|throttl"),
     "The other server takes no more mail from us for now."),
    (re.compile("said: 4"),
     "The other server asks to come back later."),
    (re.compile("delivery temporarily suspended"),
     "This server has just failed to answer, and is left alone for a while."),
)  # fmt: skip
IN_REPLY = re.compile(r" \(in reply to [A-Za-z ()]{1,60} command\)\Z")


def in_words(reason: str, on_hold: bool = False, active: bool = False, expires: bool = False) -> str:
    """One sentence. reason: Postfix's, or "" when delivery was not tried."""
    if expires:
        return EXPIRES
    if on_hold:
        return ON_HOLD
    if active:
        return UNDER_WAY
    if not reason:
        return NEW
    low = reason.lower()
    return next((words for signs, words in REASONS if signs.search(low)), OTHER)


def remote_words(reason: str) -> str:
    """What the other server has answered, or, where it said nothing, Postfix's own words."""
    said = reason.partition(" said: ")[2]
    return IN_REPLY.sub("", said) or reason
