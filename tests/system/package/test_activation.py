"""DSM 7 gives an unsigned package no rights: it starts green, says what to do, and goes on by itself (row SW01)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from desktop import Desktop, Refusal
from office import PACKAGE, Office, office, until


@pytest.fixture(scope="module")
def fresh() -> Iterator[Office]:
    with office(8, "7", opened=False) as made:
        made.boot()
        made.install()
        yield made


def test_it_starts_green_and_the_window_names_the_command(fresh: Office) -> None:
    assert fresh.machine.ask("status", name="Mailroom")["code"] == 0
    owners = fresh.machine.run("sh", "-c", "ps -eo user:20,args | grep '[@]appstore/Mailroom'").stdout.split("\n")
    assert {line.split()[0] for line in owners if line} == {"mailroom"}
    desktop = Desktop(fresh, "admin")
    told = until(lambda: desktop.get("api/session"), 30, "the window answers")
    assert told["admin"] is True and f"sh {PACKAGE}/target/bin/activate" in str(told["activation"])


def test_the_command_makes_everything_run_without_a_reinstall(fresh: Office) -> None:
    installed = fresh.machine.run("stat", "-c", "%Y", f"{PACKAGE}/INFO").stdout
    desktop = Desktop(fresh, "admin")
    command = desktop.get("api/session")["activation"]["command"]
    fresh.machine.run("sh", "-c", command.removeprefix("sudo "))
    fresh.ready()
    assert fresh.machine.run("stat", "-c", "%Y", f"{PACKAGE}/INFO").stdout == installed
    assert desktop.get("api/session")["activation"] is None
    fresh.ctl("accounts", "activate", "ben")
    fresh.deliver("after the activation")
    assert fresh.arrived("ben", "after the activation")
    # What root runs belongs to root: the package's own user cannot change it.
    owned = fresh.machine.run("find", f"{PACKAGE}/target/", "-user", "mailroom").stdout
    assert owned == ""


def test_nobody_but_an_administrator_gets_in(fresh: Office) -> None:
    desktop = Desktop(fresh, "ben")
    assert desktop.get("api/session")["admin"] is False
    with pytest.raises(Refusal) as refused:
        desktop.get("api/overview")
    assert refused.value.status == 403
