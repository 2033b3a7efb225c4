"""What a refusal of the mail server means, in plain words: its reply codes are for programs (RFC 5321 4.2, RFC 3463).

Sentences of our own filter, which speak to people, are passed on; those of other programs are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WORDS_MAX = 500
ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\s+")
# What our own filter says to people, here as it is translated; tests hold it against the filter's checks.
OWN_SENTENCES = (
    "Your daily quota of {0} messages is used up; you can send again at {1}.",
    "This message alone is larger than your daily traffic limit of {0} MB.",
    "This message exceeds your daily traffic limit of {0} MB; it resets at {1}.",
    "A header is longer than {0} bytes, perhaps To with too many names; send it to fewer at once.",
    "Mailboxes of this server cannot take a message with addresses or headers outside ASCII; "
    "send it to them separately.",
    "You are signed in as {0} and may not write as {1}; use an own address like {2}.",
    "You are signed in as {0} and may not write as {1}.",
)


def _pattern(sentence: str) -> str:
    return re.sub(r"\\{[0-9]\\}", ".{1,300}", re.escape(sentence.removesuffix(".")))


OURS = re.compile("|".join(map(_pattern, OWN_SENTENCES)))


@dataclass(frozen=True)
class Kind:
    """A kind of refusal. codes: enhanced codes without class (RFC 3463), text: words of a reply; either is enough.

    recipient, message: the sentences, {0} being the address. step: what to do. classes: of the reply code.
    """

    codes: str
    recipient: str
    message: str = ""
    step: str = "Change the message."
    text: bytes = b""
    classes: str = "45"

    def fits(self, sort: str, code: str, text: str) -> bool:
        """Whether a reply is of this kind. sort: "4" or "5"."""
        known = re.fullmatch(self.codes, code) is not None if self.codes else False
        spoken = re.search(self.text, text.encode(), re.IGNORECASE) is not None if self.text else False
        return sort in self.classes and (known or spoken)


# The first that fits counts.
KINDS = (
    Kind(r"1\.1", "There is no mailbox {0}.", text=rb"user unknown", classes="5"),
    Kind(r"1\.3", "{0} is no mail address that can be reached."),
    Kind(r"1\.2|1\.10|4\.4", "The domain of {0} does not exist, or takes no mail.", text=rb"domain not found"),
    Kind(r"2\.2", "The mailbox of {0} is full.", "A mailbox is full.", "Send it later."),
    Kind(
        r"3\.4|2\.3", "The message is too large for {0}.", "The message is too large.", "Remove an attachment.",
        text=rb"message (size|file too big)",
    ),
    Kind(r"3\.1", "The disk of the server is full.", "The disk of the server is full.", "Ask an administrator."),
    Kind(
        r"5\.3", "There are too many recipients.", "There are too many recipients.", "Send it in several messages.",
        text=rb"too many recipients",
    ),
    Kind(
        r"7\.8|7\.9|7\.0", "You are signed out.", "You are signed out.", "Sign in again; the message is kept.",
        classes="5",
    ),
    Kind(
        "", "Too much mail was sent in a short time.", "Too much mail was sent in a short time.",
        "Wait some minutes, then send it again.", text=rb"too (much|many) (mail|messages|connections)|rate",
    ),
    Kind(
        r"6\.\d+", "{0} cannot take a message of this kind.", "A part of the message is not allowed.",
        "Change the message.",
    ),
    Kind(
        r"7\.\d+", "The rules of the server do not allow mail to {0}.",
        "The rules of the server do not allow this message.", "Ask an administrator.", classes="5",
    ),
)  # fmt: skip
NOT_NOW = Kind(
    "", "Mail to {0} cannot be taken just now.", "The message cannot be taken just now.", "Try again later.",
    classes="4",
)  # fmt: skip
REFUSED = Kind(
    "", "The server does not take mail to {0}.", "The server does not take this message.", "Ask an administrator."
)


def recipient(code: int, raw: bytes, address: str) -> str:
    """Why a recipient is refused. code, raw: the reply to RCPT TO."""
    kind, own = _kind(code, raw)
    return own or kind.recipient.replace("{0}", address)


def message(code: int, raw: bytes) -> tuple[str, str]:
    """(why a message is refused, what to do). code, raw: the reply to anything but RCPT TO."""
    kind, own = _kind(code, raw)
    if own:
        return own, kind.step
    # What speaks of a recipient alone is none of this.
    return (kind.message, kind.step) if kind.message else _message_of(REFUSED if code >= 500 else NOT_NOW)


def _message_of(kind: Kind) -> tuple[str, str]:
    return kind.message, kind.step


def _kind(code: int, raw: bytes) -> tuple[Kind, str]:
    """(its kind, a sentence of our filter's or "")."""
    text = " ".join(raw[:WORDS_MAX].decode("utf-8", "replace").split())
    found = ENHANCED.match(text)
    rest = text[found.end() :] if found else text
    sort = str(code)[:1]
    enhanced = f"{found[2]}.{found[3]}" if found else ""
    unspecific = REFUSED if sort == "5" else NOT_NOW
    kind = next((one for one in KINDS if one.fits(sort, enhanced, rest)), unspecific)
    # The reply's lines each begin with the code; one sentence has one line.
    own = OURS.fullmatch(rest)
    return kind, f"{rest.rstrip('.')}." if own else ""
