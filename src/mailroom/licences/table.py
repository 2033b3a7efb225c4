"""The licences there are (rows LI01, LI02, SW12)."""

from __future__ import annotations

from dataclasses import dataclass

FREE_SEATS = 5


@dataclass(frozen=True)
class Licence:
    """One row of the table. quantity: seats. activated, expiry: dates as shown, "" and "-" where there are none."""

    key: str
    quantity: int
    activated: str = ""
    expiry: str = "-"
    status: str = "Validated"


DEFAULT = Licence("DEFAULT FREE LICENSE", FREE_SEATS)


def licences() -> tuple[Licence, ...]:
    """Every licence in force."""
    return (DEFAULT,)


def seats() -> int:
    """How many accounts may be active at the same time."""
    return sum(licence.quantity for licence in licences() if licence.status == DEFAULT.status)
