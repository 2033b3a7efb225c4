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


def runs_as(fresh: Office, user: str) -> None:
    """Whom Package Center runs the package's scripts as from here on: "root" | "package"."""
    fresh.machine.run("sed", "-i", f's/"run-as": *"[a-z]*"/"run-as": "{user}"/', f"{PACKAGE}/conf/privilege")


def test_root_ends_nothing_that_a_note_of_the_packages_user_names(fresh: Office) -> None:
    """A number in such a note was ended by root, and -1 is every process there is."""
    run = fresh.machine.run
    others = run("sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!").stdout.strip()
    for note in (others, "-1", "0", f"1 {others}"):
        for name in ("waiting", "serve"):
            file = f"{PACKAGE}/tmp/waiting/run/{name}.pid"
            run("sh", "-c", f"rm -f {file}; echo '{note}' >{file}", user="mailroom")
        # Through Package Center, as the activation does it: that looks each second, and stops what does not run.
        runs_as(fresh, "root")
        fresh.machine.ask("stop", name="Mailroom")
        assert run("cat", f"/proc/{others}/comm").stdout == "sleep\n"
        left = run("sh", "-c", "ps -eo user:20,args | grep '[@]appstore/Mailroom'", check=False).stdout
        assert left == ""
        assert run("sh", f"{PACKAGE}/target/bin/status", check=False).returncode == 3
        # The folder above all data is root's by now: the window does without it.
        assert run("stat", "-c", "%u", f"{PACKAGE}/var/").stdout == "0\n"
        runs_as(fresh, "package")
        fresh.machine.ask("start", name="Mailroom")
    run("kill", others)
    until(lambda: Desktop(fresh, "admin").get("api/session")["activation"], 30, "it waits as before")


def test_data_that_the_packages_user_has_planted_is_not_used(fresh: Office) -> None:
    """Before the first activation somebody else may have made what root would read, or delete."""
    run, data = fresh.machine.run, f"{PACKAGE}/var/data"
    fresh.machine.ask("stop", name="Mailroom")
    run("sh", "-c", "mkdir -p /tmp/planted/run && touch /tmp/planted/run/wanted /tmp/planted/run/another.pid")
    for planted in (("mkdir", data), ("ln", "-s", "/tmp/planted", data)):
        # As DSM has made the folder: each start and stop as root takes it over.
        run("chown", "mailroom", f"{PACKAGE}/var/")
        run(*planted, user="mailroom")
        refused = run("sh", f"{PACKAGE}/target/bin/start", check=False)
        assert refused.returncode == 1 and "was not made by root" in refused.stderr
        run("sh", f"{PACKAGE}/target/bin/stop")
        assert run("ls", "/tmp/planted/run").stdout.split() == ["another.pid", "wanted"]
        run("sh", "-c", f"rm -f {data} 2>/dev/null || rmdir {data}")
    fresh.machine.ask("start", name="Mailroom")
    until(lambda: Desktop(fresh, "admin").get("api/session")["activation"], 30, "it waits as before")


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
    others = ["-not", "-type", "l", "(", "-not", "-user", "0", "-or", "-perm", "/022", ")"]
    folders = [
        f"{PACKAGE}/{name}/" for name in ("target/bin", "target/root/usr/bin", "target/root/opt", "conf", "scripts")
    ]
    assert fresh.machine.run("find", *folders, *others).stdout == ""
    # And so does the folder above all data: nothing in it can be put in the place of something else.
    assert fresh.machine.run("find", f"{PACKAGE}/var/", "-user", "mailroom").stdout == ""
    assert fresh.machine.run("stat", "-c", "%u %a", f"{PACKAGE}/var/", f"{PACKAGE}/var/data").stdout == "0 755\n0 711\n"


def test_nobody_but_an_administrator_gets_in(fresh: Office) -> None:
    desktop = Desktop(fresh, "ben")
    assert desktop.get("api/session")["admin"] is False
    with pytest.raises(Refusal) as refused:
        desktop.get("api/overview")
    assert refused.value.status == 403
