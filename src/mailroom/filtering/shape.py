"""What a check and an action are."""

from __future__ import annotations

from typing import Protocol

from mailroom.filtering.message import Answer, Asked, Changes, Message
from mailroom.filtering.rules import Rules


class Check(Protocol):
    """A module in `checks/`: it answers and never acts."""

    NAME: str

    def applies(self, message: Message, rules: Rules) -> bool:
        """Whether it is to be asked about this message."""
        ...

    async def check(self, message: Message, rules: Rules) -> Answer:
        """Its answer. It never raises for what a sender can cause."""
        ...


class Action(Protocol):
    """A module in `actions/`: it acts and never judges."""

    NAME: str

    def act(self, message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
        """Do it: edit `changes`, or keep the message elsewhere. Raises OSError when a disk refuses."""
        ...
