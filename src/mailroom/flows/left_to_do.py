"""What is left to do until mail comes and goes: a few steps, each from what is known, with how old that is.

A step that cannot be told is neither done nor open. Nothing is looked at here that is not looked at anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mailroom.core.clock import Clock, SystemClock
from mailroom.core.settings import AllValues
from mailroom.flows.jobs import Operation

RECORDS = ("mx", "a", "spf")
SENDING = ("ptr", "port_out")
CERTIFICATE = ("certificate",)
# States of a look of the check (flows/doctor.py) that leave nothing to do.
FINE = ("right", "advice")
CHECK = "server_management/check"
Step = dict[str, Any]
# Of the newest deliverability check, for the host name that is in force.
Result = dict[str, Any] | None


class LeftToDo:
    """checked: the newest result of the deliverability check, or None; mailboxes: users who may use mail now.

    sent, received: when a message last reached another server, or came from one; None: there is no record of any.
    """

    def __init__(
        self,
        values: Callable[[], AllValues],
        checked: Callable[[], dict[str, Any] | None],
        mailboxes: Callable[[], Iterable[str]],
        sent: Callable[[], float | None],
        received: Callable[[], float | None],
        clock: Clock | None = None,
    ) -> None:
        self.values, self.checked, self.mailboxes = values, checked, mailboxes
        self.sent, self.received, self.clock = sent, received, clock or SystemClock()

    def operations(self) -> dict[str, Operation]:
        """What can be asked."""
        return {"left_to_do": self.steps}

    def steps(self) -> dict[str, Any]:
        """{steps: [{id, title, text, done: yes, no or None, time: of when this is, go}], done, total}."""
        values, result = self.values(), self.checked()
        if result is not None and result["hostname"] != values["mail_delivery.general"]["hostname"]:
            result = None
        found = [
            _by_check(result, "records", "DNS records", RECORDS, "server_management/dns"),
            self._sending(values, result),
            _by_check(result, "certificate", "Certificate that programs trust", CERTIFICATE, "service/certificate"),
            self._mailboxes(),
            _seen("sent", "A message to another server", self.sent(), "Send one to an address elsewhere."),
            _seen("received", "A message from another server", self.received(), "Answer that message from there."),
        ]
        return {"steps": found, "done": sum(one["done"] is True for one in found), "total": len(found)}

    def _sending(self, values: AllValues, result: Result) -> Step:
        title = "Way out: reverse name or relay"
        if values["mail_delivery.delivery"]["enabled"]:
            return _step("sending", title, "Mail leaves through the SMTP relay.", True, self.clock.now())
        return _by_check(result, "sending", title, SENDING, "mail_delivery/delivery")

    def _mailboxes(self) -> Step:
        count = len(list(self.mailboxes()))
        text = f"Users who have a mailbox: {count}." if count else "No user has a mailbox yet."
        return _step("mailboxes", "Users with a mailbox", text, count > 0, self.clock.now(), "account/user")


def _by_check(result: Result, id: str, title: str, looks: tuple[str, ...], go: str) -> Step:
    if result is None:
        text = "This has not been checked yet for the server as it is now set up."
        return _step(id, title, text, None, None, CHECK)
    items = [one for one in result["items"] if one["id"] in looks]
    states = {one["state"] for one in items}
    if not items or "unknown" in states:
        return _step(id, title, "It could not be found out.", None, result["time"], CHECK)
    # A certificate of our own works, but every program warns of it: the check calls that advice.
    done = states <= set(FINE) and not any(one.get("code") == "cert_own" for one in items)
    return _step(id, title, "" if done else "Deliverability says what is missing.", done, result["time"], go)


def _seen(id: str, title: str, time: float | None, text: str) -> Step:
    return _step(id, title, "" if time else text, time is not None, time)


def _step(id: str, title: str, text: str, done: bool | None, time: float | None, go: str = "") -> Step:
    return {"id": id, "title": title, "text": text, "done": done, "time": time, "go": go}
