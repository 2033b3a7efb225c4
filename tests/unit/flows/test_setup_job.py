"""The first set-up: all of it or nothing, whatever fails and whenever it is interrupted (rows SW01-SW08)."""

from __future__ import annotations

from pathlib import Path

import pytest
from pretend import ANNA, GENERAL, fake
from setup_house import ANSWERS, MOVED, House

from mailroom.core.problems import Invalid, Problem, Stale
from mailroom.core.settings import defaults
from mailroom.flows import setting_history
from mailroom.flows.setup_job import STEPS


@pytest.fixture
def nas(tmp_path: Path) -> House:
    return House(tmp_path)


def as_before(nas: House) -> bool:
    return nas.settings.values() == defaults() and nas.place == ("/volume1", "") and nas.stores == []


def test_the_answers_are_in_force_by_one_revision(nas: House) -> None:
    told = nas.ran({**MOVED, "interface": "eth0", "public_address": "203.0.113.25"})
    assert (told["state"], told["problem"], told["step"]) == ("done", None, None)
    assert [(one["id"], one["state"]) for one in told["steps"]] == [(id, "done") for id in STEPS]
    values = nas.settings.values()
    assert values[GENERAL]["domain"] == "example.com" and values["service.interface"] == {
        "interface": "eth0",
        "public_address": "203.0.113.25",
    }
    assert nas.place == ("/volume2", "store-2")
    (newest, _) = setting_history.history(nas.settings, None, 0, 5)["revisions"]
    assert (newest["note"], newest["who"], newest["where"]) == ("First set-up", "anna", "192.0.2.1")
    shown = nas.setup.show()
    assert shown["finished"] and shown["answers"]["volume"] == "/volume2" and shown["answers"]["interface"] == "eth0"
    assert [event["text"] for event in reversed(nas.settings.events.newest(20, "setup"))] == [
        *(f"Set-up: {step}." for step in STEPS),
        "The server is set up.",
    ]


def test_applying_the_same_again_changes_nothing(nas: House) -> None:
    nas.ran(ANSWERS)
    revision = nas.settings.current().number
    assert nas.ran(ANSWERS, revision)["state"] == "done"
    assert nas.settings.current().number == revision


def test_before_the_set_up_nothing_is_answered(nas: House) -> None:
    shown = nas.setup.show()
    assert not shown["finished"] and shown["job"] is None and shown["revision"] == 1
    assert shown["answers"] == {
        "start": "new", "account_type": "local", "interface": "", "domain": "", "hostname": "", "volume": "/volume1",
        "public_address": "",
    }  # fmt: skip
    assert {one["id"]: one["ready"] for one in shown["choices"]["starts"]} == {
        "new": True,
        "migrate": False,
        "exchange": False,
    }


def test_a_draft_outlives_the_job_process_and_can_be_forgotten(nas: House) -> None:
    nas.setup.keep({"domain": " example.com ", "hostname": ""}, "names")
    shown = nas.again()
    assert (shown["step"], shown["answers"]["domain"], shown["finished"]) == ("names", "example.com", False)
    assert nas.setup.forget()["answers"]["domain"] == ""
    with pytest.raises(Invalid) as refused:
        nas.setup.keep({"colour": "blue"}, "names")
    assert refused.value.field == "colour"


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_note_that_cannot_be_read_is_none(nas: House, text: str) -> None:
    nas.setup.keep({"domain": "example.com"}, "names")
    (nas.folder / "setup" / "draft.json").write_text(text)
    (nas.folder / "setup" / "job.json").write_text(text)
    shown = nas.again()
    assert shown["answers"]["domain"] == "" and shown["job"] is None


@pytest.mark.parametrize(
    ("answers", "field", "code"),
    [
        ({**ANSWERS, "domain": ""}, "domain", "domain_needed"),
        ({**ANSWERS, "hostname": "mail"}, "hostname", "hostname_form"),
        ({**ANSWERS, "start": "exchange"}, "start", "start_later"),
        ({**ANSWERS, "account_type": "ldap"}, "account_type", "account_type_later"),
        ({**ANSWERS, "interface": "eth7"}, "interface", "interface_gone"),
        ({**ANSWERS, "interface": "eth1"}, "interface", "interface_no_address"),
        ({**ANSWERS, "volume": "/volume9"}, "volume", "volume_gone"),
        ({**ANSWERS, "public_address": "here"}, "public_address", "address_form"),
    ],
)
def test_an_answer_that_cannot_be_applied_is_refused_at_once(
    nas: House, answers: dict[str, str], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        nas.setup.apply(answers, 1, "anna", "")
    assert (refused.value.field, refused.value.code) == (field, code)
    assert refused.value.next and list(refused.value.more["fields"]) == [field]
    assert nas.done == [] and as_before(nas)


def test_of_two_admins_the_second_is_told_what_the_first_changed(nas: House) -> None:
    nas.ran(ANSWERS)
    with pytest.raises(Stale) as refused:
        nas.setup.apply({**ANSWERS, "domain": "other.example"}, 1, "ben", "")
    told = {change["key"]: change for change in refused.value.more["changes"]}
    assert (told["domain"]["theirs"], told["domain"]["yours"]) == ("example.com", "other.example")
    assert nas.settings.values()[GENERAL]["domain"] == "example.com"


@pytest.mark.parametrize("port", ["make store", "before move", "after move"])
@pytest.mark.parametrize("reason", [Problem("no"), OSError(30, "Read-only file system"), RuntimeError("oh")])
def test_a_volume_that_fails_leaves_everything_as_it_was(nas: House, port: str, reason: Exception) -> None:
    nas.fails = {port: reason}
    if port == "after move":
        # It works when it is put back.
        nas.setup.ports.bring = lambda: None
        move = nas.setup.ports.move_mail

        def once(volume: str, store: str) -> None:
            if volume == "/volume1":
                nas.fails.clear()
            move(volume, store)

        nas.setup.ports.move_mail = once
    told = nas.ran(MOVED)
    assert told["state"] == "failed" and told["steps"][0]["state"] == "failed"
    assert as_before(nas) and told["problem"]["message"] and told["problem"]["next"]
    assert nas.setup.show()["answers"]["domain"] == "example.com"
    nas.fails = {}
    assert nas.ran(MOVED)["state"] == "done"


@pytest.mark.parametrize("step", ["write", "check", "reload", "probe"])
def test_settings_that_fail_leave_the_mail_where_it_was(nas: House, step: str) -> None:
    fake(nas.settings).breaks = step
    told = nas.ran(MOVED)
    assert (told["state"], told["step"]) == ("failed", "settings")
    assert as_before(nas) and f"{step} says no" in told["problem"]["message"]


def test_services_that_do_not_answer_put_everything_back(nas: House) -> None:
    nas.late = ["SMTP"]
    told = nas.ran(MOVED)
    assert (told["state"], told["step"]) == ("failed", "services") and "SMTP" in told["problem"]["message"]
    assert as_before(nas) and not nas.setup.show()["finished"]
    notes = [one["note"] for one in setting_history.history(nas.settings, None, 0, 5)["revisions"]]
    assert notes[0] == "First set-up failed: put back"


def test_users_that_cannot_be_read_put_everything_back(nas: House) -> None:
    nas.sync_state = "unreachable"
    told = nas.ran(MOVED)
    assert (told["state"], told["step"]) == ("failed", "accounts") and as_before(nas)


def test_what_somebody_else_has_changed_meanwhile_stays(nas: House) -> None:
    def late() -> list[str]:
        if nas.settings.values()[GENERAL]["max_hops"] == 50:
            base = nas.settings.current().number
            nas.settings.apply(base, {GENERAL: {"max_hops": 20, "hostname": "mx.example.com"}}, ANNA)
        return ["SMTP"]

    nas.setup.ports.late = late
    assert nas.ran(ANSWERS)["state"] == "failed"
    general = nas.settings.values()[GENERAL]
    assert (general["max_hops"], general["hostname"]) == (20, "mx.example.com")
    assert general["domain"] == defaults()[GENERAL]["domain"]


def test_mail_that_came_in_meanwhile_is_not_left_behind(nas: House) -> None:
    def late() -> list[str]:
        nas.mail = True
        return ["SMTP"]

    nas.setup.ports.late = late
    assert nas.ran(MOVED)["state"] == "failed"
    assert nas.place == ("/volume2", "store-2") and nas.stores == ["/volume2"]
    assert nas.settings.values() == defaults()


def test_only_one_set_up_at_a_time(nas: House) -> None:
    refused: list[str] = []

    def late() -> list[str]:
        try:
            nas.setup.apply(ANSWERS, 2, "ben", "")
        except Stale as reason:
            refused.append(reason.code)
        return []

    nas.setup.ports.late = late
    assert nas.ran(ANSWERS)["state"] == "done" and refused == ["busy"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("make store", False),
        ("before move", False),
        ("after move", False),
        ("settings: write", False),
        ("settings: before swap", False),
        ("settings: after swap", True),
        ("settings: probe", True),
        ("sync", True),
    ],
)
def test_killed_in_the_middle_it_is_wholly_there_or_wholly_not(nas: House, moment: str, there: bool) -> None:
    nas.dies = moment
    fake(nas.settings).dies = moment.removeprefix("settings: ")
    assert nas.ran(MOVED)["state"] == "running"
    shown = nas.again()
    assert shown["job"]["state"] == ("done" if there else "failed") and shown["finished"] is there
    if there:
        assert nas.place == ("/volume2", "store-2") and nas.settings.values()[GENERAL]["domain"] == "example.com"
    else:
        assert as_before(nas) and "interrupted" in shown["job"]["problem"]["message"]
        assert shown["answers"]["domain"] == "example.com"
    # What was held for the move runs again.
    assert nas.done[-1] == "bring"
    assert nas.ran(MOVED, shown["revision"])["state"] == "done"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_killed_while_it_is_put_back_the_next_start_goes_on(nas: House) -> None:
    nas.late, nas.dies = ["SMTP"], "remove store"
    assert nas.ran(MOVED)["state"] == "running"
    shown = nas.again()
    assert shown["job"]["state"] == "failed" and "SMTP" in shown["job"]["problem"]["message"] and as_before(nas)


def test_what_cannot_be_put_back_is_tried_again(nas: House) -> None:
    nas.late = ["SMTP"]
    nas.fails = {"bring": Problem("the supervisor does not answer")}
    told = nas.ran(MOVED)
    assert told["state"] == "failed" and "supervisor" in told["problem"]["message"]
    nas.fails, nas.done = {}, []
    assert nas.again()["job"]["state"] == "failed" and nas.done[-1] == "bring"
    nas.done = []
    nas.again()
    assert nas.done == [] and as_before(nas)


def test_a_disk_that_takes_no_note_changes_nothing(nas: House) -> None:
    (nas.folder / "setup").write_text("no folder")
    with pytest.raises(Problem) as refused:
        nas.setup.apply(ANSWERS, 1, "anna", "")
    assert refused.value.code == "disk" and nas.done == [] and as_before(nas)
