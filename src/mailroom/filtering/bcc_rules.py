"""Auto BCC rules, as the filter applies them."""

from __future__ import annotations

from dataclasses import dataclass

from mailroom.filtering.message import Message


@dataclass(frozen=True)
class BccRule:
    """One rule. criterion: from, to or all. text: part of an address in lower case. target: an address, or a name."""

    criterion: str
    text: str
    target: str

    def takes(self, message: Message) -> bool:
        """Whether a copy of this message is wanted."""
        if self.criterion == "all":
            return True
        if self.criterion == "from":
            return self.text in message.sender.lower()
        return any(self.text in one.address.lower() for one in message.accepted)

    def address(self, domain: str) -> str:
        """Where the copy goes: users and aliases have addresses in our own domain."""
        return self.target if "@" in self.target else f"{self.target}@{domain}"
