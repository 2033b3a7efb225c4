"""The password asked again, before what a signed-in administrator may do only in person (decision 0024).

Whoever finds an open window, or has stolen its session, does not know it. The host is asked, at the one place where all
sign-ins are counted and waited out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailroom.core import paths
from mailroom.core.line_socket import ask
from mailroom.core.problems import Invalid, TooMany, Unavailable

LIMIT_S = 10.0
WRONG = "This is not the password of your account."


def signin(**request: Any) -> dict[str, Any]:
    """The sign-in service's answer. Raises Unavailable."""
    found: dict[str, Any] = ask(paths.SIGNIN_SOCKET, request, LIMIT_S)
    return found


def prove(who: str, password: str, where: str, check: Callable[..., dict[str, Any]] = signin) -> None:
    """Return when this is the password of this user of the host. where: the address from which it came.

    Raises Invalid at the field `password`, TooMany, or Unavailable when the host cannot be asked.
    """
    told = check(op="check", user=who, password=password, service="window", rip=where)
    if told["answer"] == "blocked":
        raise TooMany("Too many wrong passwords.", retry_after_s=int(told["retry_after_s"]))
    if told["answer"] == "temp":
        raise Unavailable("The password cannot be checked now.", next="Try again in a few seconds.")
    if told["answer"] != "ok":
        next_step = "Enter the one with which you sign in to DSM."
        raise Invalid(WRONG, field="password", fields={"password": WRONG}, next=next_step)
