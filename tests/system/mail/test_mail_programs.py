"""Mail programs are set up by the documents they fetch, and then sign in with exactly what these say (row CL07)."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from changing import changed
from desktop import Desktop, Portal
from mail_programs import (
    Program,
    Way,
    by_iphone,
    by_outlook,
    by_thunderbird,
    outlook_asks,
    read,
    send,
)
from office import DOMAIN, HOSTNAME, Office, until

ADDRESS = f"ben@{DOMAIN}"
PAGE = "service.protocol"
AUTOCONFIG = f"/mail/config-v1.1.xml?emailaddress={quote(ADDRESS)}"
AUTODISCOVER = "/autodiscover/autodiscover.xml"
PROFILE = f"/mail/mailroom.mobileconfig?emailaddress={quote(ADDRESS)}"


def thunderbird(server: Office) -> list[Way]:
    got = Program(server).get(f"autoconfig.{DOMAIN}", AUTOCONFIG, **{"User-Agent": "Thunderbird/140.0"})
    assert got.status == 200 and got.headers["content-type"].startswith("application/xml")
    return by_thunderbird(got.body, ADDRESS)


def outlook(server: Office) -> list[Way]:
    got = Program(server).post(f"autodiscover.{DOMAIN}", AUTODISCOVER, outlook_asks(ADDRESS))
    assert got.status == 200 and got.headers["content-type"].startswith("text/xml")
    return by_outlook(got.body)


def iphone(server: Office) -> list[Way]:
    got = Program(server).get(HOSTNAME, PROFILE, **{"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)"})
    assert got.status == 200 and got.headers["content-type"] == "application/x-apple-aspen-config"
    return by_iphone(got.body)


PROGRAMS = {"Thunderbird": thunderbird, "Outlook": outlook, "iPhone": iphone}


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_document_says_opens_the_mailbox_and_sends(server: Office, program: str) -> None:
    ways = PROGRAMS[program](server)
    assert {way.kind for way in ways} == {"imap", "smtp"}
    for way in ways:
        if way.kind == "smtp":
            subject = f"set up by {program} on {way.port}"
            send(server, way, server.passwords["ben"], server.mail(subject, to=ADDRESS, sender=ADDRESS))
            assert server.arrived("ben", subject)
    for way in ways:
        if way.kind == "imap":
            assert read(server, way, server.passwords["ben"]) > 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_another_setting_makes_another_document_that_is_true_as_well(server: Office, program: str) -> None:
    pop3 = {"imap_enabled": False, "imaps_enabled": False, "pop3s_enabled": True, "smtps_port": 2465}
    with changed(server, PAGE, submission_enabled=False, **pop3):
        # What strangers are told is remembered for some seconds.
        until(lambda: "imap" not in {way.kind for way in PROGRAMS[program](server)}, 30, "the documents follow")
        ways = PROGRAMS[program](server)
        assert [(way.kind, way.port) for way in ways] == [("pop3", 995), ("smtp", 2465)]
        subject = f"POP3 and {program}"
        send(server, ways[1], server.passwords["ben"], server.mail(subject, to=ADDRESS, sender=ADDRESS))
        until(lambda: read(server, ways[0], server.passwords["ben"]) > 0, 60, "mail in the mailbox")
    until(lambda: {way.kind for way in PROGRAMS[program](server)} == {"imap", "smtp"}, 30, "all is as before")


def test_nobody_learns_who_exists_and_other_domains_are_not_here(server: Office) -> None:
    program = Program(server)
    for path in ("/mail/config-v1.1.xml", "/mail/mailroom.mobileconfig"):
        answers = [program.get(HOSTNAME, f"{path}?emailaddress={name}%40{DOMAIN}") for name in ("ben", "xyz")]
        assert [one.status for one in answers] == [200, 200]
        assert answers[0].headers.keys() == answers[1].headers.keys()
        assert program.get(HOSTNAME, f"{path}?emailaddress=ben%40other.example").status == 404
        assert program.get(HOSTNAME, f"{path}?emailaddress=ben%0d%0aX-Evil:1%40{DOMAIN}").status == 422
    known, unknown = (
        program.post(HOSTNAME, AUTODISCOVER, outlook_asks(f"{name}@{DOMAIN}")).body for name in ("ben", "xyz")
    )
    assert known == unknown.replace(b"xyz@", b"ben@")
    assert program.post(HOSTNAME, AUTODISCOVER, outlook_asks("ben@other.example")).status == 404


def test_hostile_bodies_are_answered_and_long_ones_not_read(server: Office) -> None:
    program = Program(server)
    laughs = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><a><EMailAddress>&b;</EMailAddress></a>'
    for body in (b"", laughs, outlook_asks("<script>@example.com"), b"\xff\xfe"):
        assert b"<ErrorCode>600</ErrorCode>" in program.post(HOSTNAME, AUTODISCOVER, body).body
    assert program.post(HOSTNAME, AUTODISCOVER, b"<a>" * 20_000).status == 413
    form = program.post(HOSTNAME, AUTODISCOVER, b"a=b", "application/x-www-form-urlencoded")
    assert form.status == 415
    assert thunderbird(server)


def test_window_portal_and_shell_say_the_same(server: Office) -> None:
    window = Desktop(server).get("api/clients")
    portal = Portal(server)
    portal.sign_in("ben")
    told, shell = portal.ask("GET", "api/clients"), server.ctl("clients")
    assert told["protocols"] == window["protocols"] == shell["protocols"]
    assert {one["id"]: one["port"] for one in told["protocols"] if one["usable"]} == {
        "imaps": 993, "imap": 143, "smtps": 465, "submission": 587,
    }  # fmt: skip
    assert told["own"] == {"user": "ben", "address": ADDRESS, "full_name": "Ben", "active": True}
    assert Desktop(server, "ben").get("api/clients")["own"]["address"] == ADDRESS
    # This machine's web server serves each of them, and only administrators learn of it.
    assert {one["state"] for one in window["addresses"]} == {"here"}
    assert {one["state"] for one in told["addresses"]} == {"unknown"}
    words = server.machine.run("/usr/local/bin/mailroomctl", "clients").stdout
    assert "served by this NAS" in words and "_imaps._tcp.example.com" in words


def test_an_address_of_an_additional_domain_is_set_up_and_works(server: Office) -> None:
    """DL02: what the documents say of an address of another domain opens the mailbox and sends."""
    more = "branch.example"
    address = f"ben@{more}"
    with changed(server, "mail_delivery.general", additional_domains=[{"domain": more}]):
        program = Program(server)
        path = f"/mail/config-v1.1.xml?emailaddress={quote(address)}"
        got = until(lambda: (found := program.get(f"autoconfig.{more}", path)).status == 200 and found, 30, "is known")
        ways = by_thunderbird(got.body, address)
        ways += by_outlook(program.post(f"autodiscover.{more}", AUTODISCOVER, outlook_asks(address)).body)
        assert {way.login for way in ways} == {address} and {way.host for way in ways} == {HOSTNAME}
        smtp, imap = (next(way for way in ways if way.kind == kind) for kind in ("smtp", "imap"))
        subject = "set up at the branch"
        send(server, smtp, server.passwords["ben"], server.mail(subject, to=address, sender=address))
        assert server.arrived("ben", subject)
        assert read(server, imap, server.passwords["ben"]) > 0
