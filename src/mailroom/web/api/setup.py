"""The first set-up: answers, checks, Apply, and the test mail at its end (rows SW01-SW12)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.web import asking
from mailroom.web.api.daemons import Nothing
from mailroom.web.route import WINDOW, Asked, Call, Whole, route
from mailroom.web.shapes import Named

AREA = "settings"
ANSWERS = {
    "start": "new",
    "account_type": "local",
    "interface": "eth0",
    "domain": "example.com",
    "hostname": "mail.example.com",
    "volume": "/volume1",
    "public_address": "203.0.113.25",
}
JOB = {
    "state": "running",
    "step": "settings",
    "steps": [{"id": "volume", "state": "done"}, {"id": "settings", "state": "running"}],
    "problem": None,
}
SHOWN = {
    "finished": False,
    "revision": 1,
    "step": "names",
    "answers": ANSWERS,
    "choices": {
        "starts": [{"id": "new", "ready": True}, {"id": "migrate", "ready": False}],
        "account_types": [{"id": "local", "ready": True}, {"id": "ldap", "ready": False}],
        "interfaces": [
            {"id": "", "title": "All", "addresses": ["192.0.2.7"], "dynamic": None, "up": True},
            {"id": "eth0", "title": "LAN 1", "addresses": ["192.0.2.7"], "dynamic": True, "up": True},
        ],
        "volumes": [
            {
                "id": "/volume1",
                "title": "Volume 1",
                "free_mb": 900000,
                "total_mb": 3700000,
                "current": True,
                "writable": True,
            }
        ],
    },
    "job": None,
}
REMARK = {
    "level": "advice",
    "code": "interface_dynamic",
    "text": "LAN 1 gets its address from somebody else (DHCP or PPPoE), so it can change.",
    "next": "Have your router always give this NAS the same address, or set a fixed one.",
    "values": Named({"title": "LAN 1"}),
}


class Answers(Asked):
    """What was answered so far; what is left out is not looked at, or as before."""

    start: str | None = Field(None, max_length=20)
    account_type: str | None = Field(None, max_length=20)
    interface: str | None = Field(None, max_length=20)
    domain: str | None = Field(None, max_length=260)
    hostname: str | None = Field(None, max_length=260)
    volume: str | None = Field(None, max_length=100)
    public_address: str | None = Field(None, max_length=100)

    def given(self) -> dict[str, str]:
        """Those that are there."""
        return self.model_dump(exclude_none=True)


class Draft(Asked):
    """Answers to keep. step: the wizard's page to come back to."""

    answers: Answers
    step: str = Field("", max_length=40)


class Checked(Asked):
    """Answers to look at."""

    answers: Answers


class Applied(Asked):
    """Answers to put in force. revision: of the settings, as api/setup told it."""

    answers: Answers
    revision: Whole


class To(Asked):
    """Where the test mail goes: an address or user of this server; by default to whoever asks."""

    to: str = Field("", max_length=260)


@route(
    WINDOW,
    "GET",
    "api/setup",
    summary="The first set-up: whether it is finished, what was answered, what can be chosen, how the job is doing",
    answer="interfaces: dynamic says whether the address comes from somebody else (null: nobody says). job: the one "
    "under way or the last one; its step is null when it has ended well.",
    example=SHOWN,
    errors=(503,),
)
def show(call: Call) -> Any:
    return asking.job("setup.show")


@route(
    WINDOW,
    "POST",
    "api/setup/draft",
    summary="Keep answers on the server, to go on from any browser",
    answer="As GET api/setup.",
    example=SHOWN,
    body=Draft,
    errors=(503,),
    asked={"answers": ANSWERS, "step": "names"},
)
def keep(call: Call) -> Any:
    return asking.job("setup.draft", answers=call.body.answers.given(), step=call.body.step)


@route(
    WINDOW,
    "POST",
    "api/setup/forget",
    summary="Forget the answers so far",
    answer="As GET api/setup.",
    example=SHOWN,
    body=Nothing,
    errors=(503,),
    audit="setup: Answers of the set-up forgotten.",
)
def forget(call: Call) -> Any:
    return asking.job("setup.forget")


@route(
    WINDOW,
    "POST",
    "api/setup/check",
    summary="What can be said about answers; nothing is changed",
    answer="For each answer given: remarks of the level ok, advice (mail would suffer) or problem (cannot be applied). "
    "Name servers are asked for at most 3 seconds.",
    example={"fields": Named({"interface": [REMARK]})},
    body=Checked,
    errors=(503,),
    asked={"answers": {"interface": "eth0", "domain": "example.com"}},
    asks_only=True,
)
def check(call: Call) -> Any:
    return asking.job("setup.check", answers=call.body.answers.given())


@route(
    WINDOW,
    "POST",
    "api/setup/apply",
    summary="Set the server up, wholly or not at all, as a job on the server",
    answer="The job that was started. GET api/setup tells how it is doing; each step is a `change` event of the kind "
    "`setup`.",
    example={"job": JOB},
    body=Applied,
    errors=(409, 503),
    asked={"answers": ANSWERS, "revision": 1},
)
def apply(call: Call) -> Any:
    answers = call.body.answers.given()
    return asking.job("setup.apply", answers=answers, revision=call.body.revision, who=call.user, where=call.address)


@route(
    WINDOW,
    "POST",
    "api/setup/test_mail",
    summary="Send a test mail through everything, to a mailbox of this server",
    answer="Its id; ask for its state with it.",
    example={"id": "5f0c2a4e9b1d7c33"},
    body=To,
    errors=(503,),
    asked={"to": "anna@example.com"},
)
def test_mail(call: Call) -> Any:
    return asking.job("setup.test_mail", to=call.body.to, who=call.user, where=call.address)


@route(
    WINDOW,
    "GET",
    "api/setup/test_mail/{id}",
    summary="Whether a test mail has arrived",
    answer="state: waiting, arrived or failed, with the reason in text and what to do in next.",
    example={
        "state": "arrived",
        "text": "It arrived after 1.4 s.",
        "next": "Open /mail to read it.",
        "seconds": 1.4,
        "message_id": "<176400000000.512.1@mail.example.com>",
    },
    errors=(404, 503),
    asked={"id": "5f0c2a4e9b1d7c33"},
)
def test_mail_state(call: Call) -> Any:
    return asking.job("setup.test_mail_state", id=call.path["id"])
