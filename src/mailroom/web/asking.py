"""Questions to the two other processes: the job process and the sign-in service."""

from __future__ import annotations

import threading
import time
from typing import Any

from mailroom.core import paths
from mailroom.core.line_socket import ask
from mailroom.web import waiting

QUICK_LIMIT_S = 5.0
READ_LIMIT_S = 20.0
# What renders, checks, reloads and probes daemons, or waits for one to start.
CHANGE_LIMIT_S = 120.0
CHANGES = {
    "settings.apply",
    "settings.put_back",
    "settings.undo",
    "settings.import",
    "daemons.restart",
    "accounts.apply",
    "aliases.import",
    "auto_bcc.import",
    "sync.now",
    "sync.approve",
    "check.settings_fix",
    "check.doctor_run",
    "relay.test",
    "acme.get",
    "certificate.put",
    "certificate.use",
    "queue.retry",
    "queue.hold",
    "queue.release",
    "queue.return",
    "queue.delete",
    "quarantine.release",
    "quarantine.delete",
}
SIGNIN_LIMIT_S = 10.0
# A user who loses a role on the host loses it here within the sync's seconds and these.
PERSON_KEPT_S = 3.0
SETTINGS_KEPT_S = 10.0
COLLEAGUES_KEPT_S = 60.0

_kept: dict[str, tuple[float, Any]] = {}
_lock = threading.Lock()


def job(operation: str, **arguments: Any) -> Any:
    """The job process's answer to an operation. Raises Problem."""
    waiting.refuse()
    limit_s = CHANGE_LIMIT_S if operation in CHANGES else READ_LIMIT_S
    return ask(paths.JOB_SOCKET, {"op": operation, **arguments}, limit_s)


def signin(operation: str, **arguments: Any) -> Any:
    """The sign-in service's answer. Raises Problem."""
    waiting.refuse()
    return ask(paths.SIGNIN_SOCKET, {"op": operation, **arguments}, SIGNIN_LIMIT_S)


def person(name: str) -> dict[str, Any]:
    """{role: admin | user | None, full_name, address, active} of a user of the host. Raises Problem."""
    if waiting.is_waiting():
        return {"role": waiting.role(name), "full_name": "", "address": "", "active": False}
    return dict(_remembered(f"person {name}", PERSON_KEPT_S, "accounts.person", name=name))


def window_is_over(user: str, session: str, address: str) -> bool:
    """Whether a session of DSM's desktop may use the window no longer. Raises Problem."""
    known = {"user": user, "id": session, "address": address}
    return bool(_remembered(f"window/{user}/{session}/{address}", PERSON_KEPT_S, "sessions.window", **known)["ended"])


def portal_is_open(user: str, token: str) -> bool:
    """Whether a session of the portal is open, and its user may use mail. Raises Problem."""
    return bool(signin("session_is_open", user=user, token=token)["open"])


def general() -> dict[str, Any]:
    """The values of Mail Delivery > General. Raises Problem."""
    page = _remembered("general", SETTINGS_KEPT_S, "settings.read", page="mail_delivery.general")
    return dict(page["values"])


def clients() -> dict[str, Any]:
    """What mail programs need to know (flows/clients.py). Raises Problem."""
    return dict(_remembered("clients", SETTINGS_KEPT_S, "clients.read"))


def clients_now() -> dict[str, Any]:
    """The same, asked afresh: for who has signed in. Raises Problem."""
    return dict(job("clients.read"))


def policies() -> dict[str, str]:
    """{domain: the text of its MTA-STS policy} (flows/own_policy.py). Raises Problem."""
    return dict(_remembered("policies", SETTINGS_KEPT_S, "own_policy.policies"))


def colleagues() -> list[dict[str, str]]:
    """[{name, address, kind}] of who uses mail here, and of the aliases (flows/colleagues.py). Raises Problem.

    The same list, as long as it is remembered.
    """
    listed: list[dict[str, str]] = _remembered("colleagues", COLLEAGUES_KEPT_S, "colleagues.list")
    return listed


def forget() -> None:
    """Ask afresh next time."""
    with _lock:
        _kept.clear()


def _remembered(key: str, kept_s: float, operation: str, **arguments: Any) -> Any:
    now = time.monotonic()
    with _lock:
        known = _kept.get(key)
    if known is not None and known[0] > now:
        return known[1]
    waiting.refuse()
    answer = ask(paths.JOB_SOCKET, {"op": operation, **arguments}, QUICK_LIMIT_S)
    with _lock:
        if len(_kept) > 1_000:
            _kept.clear()
        _kept[key] = (now + kept_s, answer)
    return answer
