"""What is left to do until mail comes and goes: told from what is known, never more."""

from __future__ import annotations

from typing import Any

import pytest

from mailroom.flows.left_to_do import LeftToDo

HOSTNAME = "mail.example.com"
LOOKS = ("mx", "a", "spf", "ptr", "port_out", "certificate")


class Facts:
    """What the parts would say."""

    def __init__(self) -> None:
        self.relay = False
        self.states: dict[str, str] | None = dict.fromkeys(LOOKS, "right")
        self.codes: dict[str, str] = {}
        self.checked_hostname = HOSTNAME
        self.mailboxes = ["anna"]
        self.sent: float | None = 5.0
        self.received: float | None = 6.0

    def values(self) -> Any:
        return {
            "mail_delivery.general": {"hostname": HOSTNAME},
            "mail_delivery.delivery": {"enabled": self.relay},
        }

    def checked(self) -> dict[str, Any] | None:
        if self.states is None:
            return None
        items = [{"id": id, "state": state, "code": self.codes.get(id, "")} for id, state in self.states.items()]
        return {"time": 4.0, "hostname": self.checked_hostname, "items": items}

    def steps(self) -> dict[str, Any]:
        left = LeftToDo(self.values, self.checked, lambda: self.mailboxes, lambda: self.sent, lambda: self.received)
        found = left.steps()
        assert found["total"] == len(found["steps"]) and found["done"] == sum(
            one["done"] is True for one in found["steps"]
        )
        # What is open says what to do, or leads to where it can be done.
        assert all(one["done"] or one["text"] for one in found["steps"])
        return {one["id"]: one for one in found["steps"]}


@pytest.fixture
def facts() -> Facts:
    return Facts()


def test_all_is_done_and_says_of_when_that_is(facts: Facts) -> None:
    steps = facts.steps()
    assert {one["done"] for one in steps.values()} == {True}
    assert [steps[id]["time"] for id in ("records", "sending", "certificate", "sent", "received")] == [4, 4, 4, 5, 6]


@pytest.mark.parametrize(
    ("look", "step"),
    [("mx", "records"), ("a", "records"), ("spf", "records"), ("ptr", "sending"), ("port_out", "sending"),
     ("certificate", "certificate")],
)  # fmt: skip
@pytest.mark.parametrize(
    ("state", "done"), [("problem", False), ("not_set_up", False), ("unknown", None), ("advice", True)]
)
def test_each_look_counts_for_its_step(facts: Facts, look: str, step: str, state: str, done: bool | None) -> None:
    assert facts.states
    facts.states[look] = state
    steps = facts.steps()
    assert steps.pop(step)["done"] is done and all(one["done"] for one in steps.values())


def test_a_certificate_of_our_own_is_none_that_programs_trust(facts: Facts) -> None:
    facts.codes["certificate"] = "cert_own"
    assert facts.steps()["certificate"]["done"] is False


def test_a_relay_is_a_way_out(facts: Facts) -> None:
    assert facts.states
    facts.states["ptr"] = "problem"
    assert facts.steps()["sending"]["done"] is False
    facts.relay = True
    assert facts.steps()["sending"]["done"] is True


@pytest.mark.parametrize("checked", [None, "other.example.com"])
def test_what_was_not_checked_for_this_server_is_neither_done_nor_open(facts: Facts, checked: str | None) -> None:
    if checked is None:
        facts.states = None
    else:
        facts.checked_hostname = checked
    steps = facts.steps()
    assert [steps[id]["done"] for id in ("records", "sending", "certificate")] == [None, None, None]
    assert steps["records"]["time"] is None and steps["records"]["go"] == "server_management/check"


def test_messages_and_mailboxes(facts: Facts) -> None:
    facts.mailboxes, facts.sent, facts.received = [], None, None
    steps = facts.steps()
    assert [steps[id]["done"] for id in ("mailboxes", "sent", "received")] == [False, False, False]
