"""What a check and an action are."""

from __future__ import annotations

from typing import Protocol

from mailroom.filtering.message import Answer, Asked, Changes, Message
from mailroom.filtering.rules import Rules
from mailroom.filtering.scanner import Scanner


class Check(Protocol):
    """A module in `checks/`: it answers and never acts. TITLE is what people call it."""

    NAME: str
    TITLE: str

    def applies(self, message: Message, rules: Rules) -> bool:
        """Whether it is to be asked about this message."""
        ...

    async def check(self, message: Message, rules: Rules) -> Answer:
        """Its answer. It never raises for what a sender can cause."""
        ...


class ScannerCheck(Check, Protocol):
    """A check that asks another daemon."""

    SCANNER: Scanner

    def wanted(self, rules: Rules) -> bool:
        """Whether these rules ask this scanner about any message at all."""
        ...


class Action(Protocol):
    """A module in `actions/`: it acts and never judges."""

    NAME: str

    def act(self, message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
        """Do it: edit `changes`, or keep the message elsewhere. Raises OSError when a disk refuses."""
        ...
