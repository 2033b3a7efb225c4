"""Whatever step of an Apply breaks: nothing has changed afterwards, mail flows, the answer names the setting at fault.

Shown with settings of the rows PR01, PR06, DL01 and DL05.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from changing import newest_revision
from office import DOMAIN, Office

GENERAL, PROTOCOL = "mail_delivery.general", "service.protocol"
ROOT = "/volume1/@appstore/Mailroom/root"
TEMPLATES = f"{ROOT}/opt/mailroom/app/mailroom/daemons"
CONF = "/var/packages/Mailroom/var/data/conf/current"
RECIPIENTS = "smtpd_recipient_limit = {{ general.max_recipients }}"
FAILS = "#!/bin/sh\necho 'does not like it' >&2\nexit 1\n"


@contextlib.contextmanager
def broken(server: Office, file: str, text: str) -> Iterator[None]:
    """Another text in one of the bundle's files, for a while: written over, so that the instance sees it too."""
    kept = f"{file}.kept"
    server.machine.run("cp", "-a", file, kept)
    server.machine.run("sh", "-c", 'cat >"$1"', "sh", file, stdin=text)
    try:
        yield
    finally:
        server.machine.run("mv", kept, file)


def changed_text(server: Office, file: str, old: str, new: str) -> str:
    text = server.machine.run("cat", file).stdout
    assert old in text
    return text.replace(old, new)


def state(server: Office) -> tuple[str, str, int]:
    """What is in force: the folder, Postfix's file in it, the newest revision."""
    link = server.machine.run("readlink", CONF).stdout
    main = server.machine.run("cat", f"{CONF}/postfix/main.cf", f"{CONF}/postfix/master.cf").stdout
    return link, main, newest_revision(server)


def refused(server: Office, *changes: str) -> dict[str, str]:
    """The answer to an Apply that must not succeed; afterwards all is as before and mail flows."""
    before = state(server)
    answer = server.ctl("settings", "set", *changes, check=False)["error"]
    assert state(server) == before
    subject = f"after {answer['code']} {time.monotonic()}"
    server.deliver(subject)
    assert server.arrived("ben", subject)
    return dict(answer)


def test_a_broken_template(server: Office) -> None:
    file = f"{TEMPLATES}/postfix/main.cf.j2"
    text = changed_text(server, file, RECIPIENTS, "smtpd_recipient_limit = {{ general.no_such_thing }}")
    with broken(server, file, text):
        answer = server.ctl("settings", "set", f"{GENERAL}.max_recipients=61", check=False)["error"]
    assert (answer["code"], answer["daemon"], answer["setting"]) == (
        "check_failed",
        "postfix",
        f"{GENERAL}.max_recipients",
    )
    assert "no_such_thing" in answer["message"]
    server.deliver("after a broken template")
    assert server.arrived("ben", "after a broken template")
    assert server.ctl("settings", "get", f"{GENERAL}.max_recipients") == 1000


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("smtpd_recipient_limitt = 1", "smtpd_recipient_limitt", id="misspelt"),
        pytest.param("smtpd_junk_command_limit = lots", "smtpd", id="no number"),
    ],
)
def test_a_value_that_the_daemon_does_not_take(server: Office, line: str, words: str) -> None:
    file = f"{TEMPLATES}/postfix/main.cf.j2"
    bad = f"{RECIPIENTS}\n{{% if general.max_recipients == 62 %}}{line}\n{{% endif %}}"
    with broken(server, file, changed_text(server, file, f"{RECIPIENTS}\n", bad)):
        answer = refused(server, f"{GENERAL}.banner=hello", f"{GENERAL}.max_recipients=62")
    assert (answer["code"], answer["daemon"], answer["setting"]) == (
        "check_failed",
        "postfix",
        f"{GENERAL}.max_recipients",
    )
    assert words in answer["message"]


def test_a_checker_that_fails(server: Office) -> None:
    with broken(server, f"{ROOT}/usr/bin/doveconf", FAILS):
        answer = refused(server, f"{PROTOCOL}.imap_enabled=false")
    assert (answer["code"], answer["daemon"]) == ("check_failed", "dovecot")
    assert answer["setting"] == f"{PROTOCOL}.imap_enabled" and "does not like it" in answer["message"]


def test_a_reload_that_fails(server: Office) -> None:
    with broken(server, f"{ROOT}/usr/bin/doveadm", FAILS):
        answer = refused(server, f"{PROTOCOL}.imap_enabled=false")
    assert (answer["code"], answer["daemon"]) == ("reload_failed", "dovecot")
    assert answer["setting"] == f"{PROTOCOL}.imap_enabled"


def test_a_probe_that_fails(server: Office) -> None:
    file = f"{TEMPLATES}/postfix/master.cf.j2"
    wrong = "{{ protocol.smtp_port + (1 if protocol.smtp_port == 2626 else 0) }} inet n - n - - smtpd"
    with broken(server, file, changed_text(server, file, "{{ protocol.smtp_port }} inet n - n - - smtpd", wrong)):
        answer = refused(server, f"{PROTOCOL}.smtp_port=2626")
    assert (answer["code"], answer["daemon"], answer["setting"]) == ("probe_failed", "postfix", f"{PROTOCOL}.smtp_port")


# When the plug is pulled, as the folder of configurations shows it; the second word is what was in force before.
MOMENTS: dict[str, Callable[[Path, str], bool]] = {
    "the new files are written": lambda conf, before: len(list(conf.glob("rev-*"))) > 1,
    "a reload is owed": lambda conf, before: (conf / "reload-wanted").exists(),
    "the new files are in force": lambda conf, before: os.readlink(conf / "current") != before,
}


@pytest.mark.parametrize("when", MOMENTS)
def test_a_power_cut_in_the_middle_of_an_apply(server: Office, when: str) -> None:
    """After the start it is wholly there or wholly not: settings, files and what the daemon serves agree."""
    most = 701 + len(when)
    conf = server.machine.folder / "volume1/@appdata/Mailroom/data/conf"
    before = os.readlink(conf / "current")

    def apply() -> None:
        with contextlib.suppress(Exception):
            server.apply(GENERAL, max_recipients=most, banner=when)

    thread = threading.Thread(target=apply)
    thread.start()
    while not (seen := MOMENTS[when](conf, before)) and thread.is_alive():
        pass
    assert seen
    server.machine.power_cut()
    thread.join()
    server.machine.boot()
    server.ready()
    values = server.ctl("settings", "list", GENERAL)[GENERAL]["values"]
    there = values["max_recipients"] == most
    assert (values["banner"] == when) is there
    text = server.machine.run("cat", f"{CONF}/postfix/main.cf").stdout
    assert (f"smtpd_recipient_limit = {most}" in text) is there
    link = server.connect(25)
    assert (when.encode() in link.recv(500)) is there
    link.close()
    server.apply(GENERAL, max_recipients=1000, banner="")
    server.deliver(f"after a cut when {when}", to=f"ben@{DOMAIN}")
    assert server.arrived("ben", f"after a cut when {when}")
