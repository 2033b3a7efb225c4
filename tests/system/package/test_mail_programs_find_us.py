"""DSM's own web server lets mail programs through to the documents that they look for, on both generations (CL07)."""

from __future__ import annotations

import pytest

from mail_programs import Program, by_thunderbird, outlook_asks
from office import DOMAIN, Office

AUTOCONFIG = (
    (f"autoconfig.{DOMAIN}", f"/mail/config-v1.1.xml?emailaddress=ben%40{DOMAIN}"),
    (DOMAIN, "/.well-known/autoconfig/mail/config-v1.1.xml"),
)
CASES = ("/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml")


def found(nas: Office) -> None:
    """Each address that programs ask is answered by us."""
    program = Program(nas)
    for host, path in AUTOCONFIG:
        assert len(by_thunderbird(program.get(host, path).body, f"ben@{DOMAIN}")) == 4, path
    for path in CASES:
        answer = program.post(f"autodiscover.{DOMAIN}", path, outlook_asks(f"ben@{DOMAIN}"))
        assert answer.status == 200 and b"<LoginName>ben@" in answer.body, path
        # What Outlook asks next: without encryption it wants to be sent elsewhere.
        sent_on = program.get(f"autodiscover.{DOMAIN}", path)
        assert sent_on.status == 302
        assert sent_on.headers["location"] == f"https://mail.{DOMAIN}/autodiscover/autodiscover.xml"
    assert {one["state"] for one in nas.ctl("clients")["addresses"]} == {"here"}
    # What mail servers ask before they send; nothing is announced yet, and it is we who say so.
    assert b"announces nothing" in program.get(f"mta-sts.{DOMAIN}", "/.well-known/mta-sts.txt").body


def test_the_web_server_passes_what_mail_programs_ask(nas: Office) -> None:
    found(nas)
    nas.machine.ask("stop", name="Mailroom")
    assert Program(nas).get(*AUTOCONFIG[1]).status == 502
    nas.machine.ask("start", name="Mailroom")
    nas.ready()
    found(nas)


@pytest.mark.parametrize(
    "path", ["/autodiscover", "/.well-known/acme-challenge/x", "/.well-known/autoconfig/x", "/.well-known/x", "/x"]
)
def test_what_is_not_ours_stays_dsms_own(nas: Office, path: str) -> None:
    assert b"mailroom" not in Program(nas).get(DOMAIN, path).body.lower()
