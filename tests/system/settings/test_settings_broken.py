"""Whatever step of an Apply breaks, nothing has changed afterwards, mail flows, and the answer names the setting at fault."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
from office import DOMAIN, Office, until

GENERAL, PROTOCOL = "mail_delivery.general", "service.protocol"
ROOT = "/volume1/@appstore/Mailroom/root"
TEMPLATES = f"{ROOT}/opt/mailroom/app/mailroom/daemons"
CONF = "/var/packages/Mailroom/var/data/conf/current"
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
    return link, main, server.ctl("settings", "history", "--limit", "1")["revisions"][0]["revision"]


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
    text = changed_text(server, file, "hopcount_limit = {{ general.max_hops }}", "hopcount_limit = {{ general.no_such_thing }}")
    with broken(server, file, text):
        answer = server.ctl("settings", "set", f"{GENERAL}.max_hops=61", check=False)["error"]
        assert (answer["code"], answer["daemon"], answer["setting"]) == ("check_failed", "postfix", f"{GENERAL}.max_hops")
    server.deliver("after a broken template")
    assert server.arrived("ben", "after a broken template")
    assert server.ctl("settings", "get", f"{GENERAL}.max_hops") == 50


def test_a_value_that_the_daemon_does_not_take(server: Office) -> None:
    file = f"{TEMPLATES}/postfix/main.cf.j2"
    bad = "hopcount_limit = {{ general.max_hops }}\n{% if general.max_hops == 62 %}hopcount_limitt = 1\n{% endif %}"
    with broken(server, file, changed_text(server, file, "hopcount_limit = {{ general.max_hops }}\n", bad)):
        answer = refused(server, f"{GENERAL}.max_recipients=900", f"{GENERAL}.max_hops=62")
    assert (answer["code"], answer["daemon"], answer["setting"]) == ("check_failed", "postfix", f"{GENERAL}.max_hops")
    assert "hopcount_limitt" in answer["message"]


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


@pytest.mark.parametrize("delay_s", [0.2, 0.8, 1.6])
def test_a_power_cut_in_the_middle_of_an_apply(server: Office, delay_s: float) -> None:
    """After the start it is wholly there or wholly not: settings, files and what the daemon serves agree."""
    hops = 70 + int(delay_s * 10)

    def apply() -> None:
        with contextlib.suppress(Exception):
            server.apply(GENERAL, max_hops=hops, banner=f"after {hops}")

    thread = threading.Thread(target=apply)
    thread.start()
    time.sleep(delay_s)
    server.machine.power_cut()
    thread.join()
    server.machine.boot()
    server.ready()
    values = server.ctl("settings", "list", GENERAL)[GENERAL]["values"]
    there = values["max_hops"] == hops
    assert (values["banner"] == f"after {hops}") is there
    text = server.machine.run("cat", f"{CONF}/postfix/main.cf").stdout
    assert (f"hopcount_limit = {hops}" in text) is there
    link = server.connect(25)
    assert (f"after {hops}".encode() in link.recv(500)) is there
    link.close()
    server.apply(GENERAL, max_hops=50, banner="")
    server.deliver(f"after a cut at {delay_s}", to=f"ben@{DOMAIN}")
    until(lambda: server.arrived("ben", f"after a cut at {delay_s}"), 60)
