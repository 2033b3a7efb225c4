"""The documents that mail programs fetch, with good and with hostile questions (row CL07)."""

from __future__ import annotations

import io
import plistlib
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailroom.core.problems import Invalid, NotFound
from mailroom.core.settings import defaults
from mailroom.flows.clients import clients
from mailroom.web import app, asking
from mailroom.web.clients import addresses, autoconfig, autodiscover, profile
from mailroom.web.tools import Answer, Asking

POX = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
REQUEST = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>'
    "<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema>"
    "</Request></Autodiscover>"
)
HOSTILE = (
    "a@example.com\r\nX-Evil: 1",
    "<b>@example.com",
    'a"&amp;@example.com',
    "a@example.com>",
    "@example.com",
    "a@",
    "a@b@example.com",
    "ä@example.com",
    "a@example.com\x00",
    "a" * 65 + "@example.com",
    " a@example.com",
)


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    values = defaults()
    values["mail_delivery.general"].update(domain="example.com", hostname="mail.example.com")
    found = clients(values)
    monkeypatch.setattr(asking, "clients", lambda: found)
    return found


def ask(path: str, query: str = "", body: bytes | None = None, **headers: str) -> Answer:
    """What a stranger gets at this path of the host."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    method = "GET" if body is None else "POST"
    return app.respond(Asking("portal", method, path, query, sent, io.BytesIO(body or b""), len(body or b"")))


def outlook(address: str, schema: str = autodiscover.OUTLOOK) -> Answer:
    body = REQUEST.format(address=address, schema=schema).encode()
    return ask("/autodiscover/autodiscover.xml", body=body, content_type="text/xml")


def content(answer: Answer) -> bytes:
    assert isinstance(answer.body, bytes)
    return answer.body


def test_thunderbirds_questions(facts: dict[str, Any]) -> None:
    asked = [
        ask("/mail/config-v1.1.xml", "emailaddress=anna%40example.com"),
        ask("/mail/config-v1.1.xml", "emailaddress=nobody%40example.com"),
        ask("/.well-known/autoconfig/mail/config-v1.1.xml"),
    ]
    # The same for who exists, for who does not, and without an address.
    assert [one.status for one in asked] == [200] * 3 and len({content(one) for one in asked}) == 1
    config = ElementTree.fromstring(content(asked[0]))
    assert config.tag == "clientConfig" and config.findtext("emailProvider/domain") == "example.com"
    servers = [
        (one.get("type"), one.findtext("hostname"), one.findtext("port"), one.findtext("socketType"))
        for one in config.iter()
        if one.tag.endswith("Server")
    ]
    assert servers == [
        ("imap", "mail.example.com", "993", "SSL"),
        ("imap", "mail.example.com", "143", "STARTTLS"),
        ("smtp", "mail.example.com", "465", "SSL"),
        ("smtp", "mail.example.com", "587", "STARTTLS"),
    ]


@pytest.mark.parametrize(
    "path",
    ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/autodiscover.XML"],
)
def test_outlooks_question_in_any_case(facts: dict[str, Any], path: str) -> None:
    body = REQUEST.format(address="anna@example.com", schema=autodiscover.OUTLOOK).encode()
    answer = ask(path, body=body, content_type="text/xml; charset=utf-8")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/xml")
    account = ElementTree.fromstring(content(answer)).find(f"{POX}Response/{POX}Account")
    assert account is not None and account.findtext(f"{POX}Action") == "settings"
    told = [
        [one.findtext(f"{POX}{name}") for name in ("Type", "Server", "Port", "Encryption", "LoginName")]
        for one in account.findall(f"{POX}Protocol")
    ]
    assert told == [
        ["IMAP", "mail.example.com", "993", "SSL", "anna@example.com"],
        ["IMAP", "mail.example.com", "143", "TLS", "anna@example.com"],
        ["SMTP", "mail.example.com", "465", "SSL", "anna@example.com"],
        ["SMTP", "mail.example.com", "587", "TLS", "anna@example.com"],
    ]


def error_code(answer: Answer) -> str | None:
    assert answer.status == 200
    name = "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006}"
    return ElementTree.fromstring(content(answer)).findtext(f"{name}Response/{name}Error/{name}ErrorCode")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<Autodiscover/>",
        b"<a><EMailAddress></EMailAddress></a>",
        b'<!DOCTYPE a [<!ENTITY x "anna@example.com">]><a><EMailAddress>&x;</EMailAddress></a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a><EMailAddress>anna@example.com</EMailAddress></a>',
        b'<?xml version="1.0" encoding="none"?><a/>',
        b"\xff\xfe\x00",
        b"<a>" * 5000,
    ],
)
def test_what_is_no_request_gets_an_error(facts: dict[str, Any], body: bytes) -> None:
    assert error_code(ask("/autodiscover/autodiscover.xml", body=body, content_type="text/xml")) == "600"


def test_exchanges_own_protocols_are_not_here(facts: dict[str, Any]) -> None:
    mobile = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
    assert error_code(outlook("anna@example.com", mobile)) == "601"
    assert ask("/autodiscover/autodiscover.json", "Email=anna%40example.com&Protocol=ActiveSync").status == 404
    answer = ask("/autodiscover/autodiscover.json/v1.0/anna@example.com", "Protocol=AutodiscoverV1")
    assert answer.status == 200 and b"https://mail.example.com/autodiscover/autodiscover.xml" in content(answer)


def test_a_question_without_encryption_is_sent_to_the_servers_own_name(facts: dict[str, Any]) -> None:
    answer = ask("/autodiscover/autodiscover.xml", host="evil.example")
    assert answer.status == 302
    assert answer.headers["Location"] == "https://mail.example.com/autodiscover/autodiscover.xml"
    assert error_code(ask("/autodiscover/autodiscover.xml", x_forwarded_proto="https")) == "600"


def test_an_apple_profile(facts: dict[str, Any]) -> None:
    answer = ask("/mail/mailroom.mobileconfig", "emailaddress=Anna%40example.com")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/x-apple-aspen-config"
    made = plistlib.loads(content(answer))
    (account,) = made["PayloadContent"]
    assert (made["PayloadType"], account["PayloadType"]) == ("Configuration", "com.apple.mail.managed")
    assert account["EmailAccountType"] == "EmailTypeIMAP" and account["EmailAddress"] == "Anna@example.com"
    for name, port in (("Incoming", 993), ("Outgoing", 465)):
        server = f"{name}MailServer"
        assert account[f"{server}HostName"] == "mail.example.com" and account[f"{server}PortNumber"] == port
        assert account[f"{server}UseSSL"] is True and account[f"{server}Username"] == "Anna@example.com"
    # A newer profile takes the place of the older one: the same name for the same account.
    again = plistlib.loads(profile.document(facts, "anna@example.com"))
    assert again["PayloadUUID"] == made["PayloadUUID"] and again["PayloadIdentifier"] == made["PayloadIdentifier"]
    assert plistlib.loads(profile.document(facts, "ben@example.com"))["PayloadUUID"] != made["PayloadUUID"]
    assert "IncomingMailServerUsername" not in plistlib.loads(profile.document(facts, ""))["PayloadContent"][0]


def test_another_domain_is_told_that_it_is_not_here(facts: dict[str, Any]) -> None:
    for answer in (
        ask("/mail/config-v1.1.xml", "emailaddress=anna%40other.example"),
        ask("/mail/mailroom.mobileconfig", "emailaddress=anna%40sub.example.com"),
        outlook("anna@other.example"),
        ask("/autodiscover/autodiscover.json/v1.0/anna@other.example", "Protocol=AutodiscoverV1"),
    ):
        assert answer.status == 404 and b"not in charge" in content(answer)
    assert ask("/mail/config-v1.1.xml", "emailaddress=anna%40EXAMPLE.com").status == 200


def test_an_additional_domain_has_its_own_documents_and_names_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    values = defaults()
    values["mail_delivery.general"].update(
        domain="example.com",
        hostname="mail.example.com",
        additional_domains=[{"id": "a", "domain": "one.example"}, {"id": "b", "domain": "two.example"}],
    )
    monkeypatch.setattr(asking, "clients", lambda: clients(values))
    config = ElementTree.fromstring(content(ask("/mail/config-v1.1.xml", "emailaddress=anna%40One.example")))
    assert config.findtext("emailProvider/domain") == "one.example"
    assert config.findtext("emailProvider/incomingServer/hostname") == "mail.example.com"
    told = ElementTree.fromstring(content(outlook("anna@two.example")))
    assert {one.text for one in told.iter(f"{POX}LoginName")} == {"anna@two.example"}
    made = plistlib.loads(content(ask("/mail/mailroom.mobileconfig", "emailaddress=anna%40one.example")))
    assert made["PayloadContent"][0]["EmailAddress"] == "anna@one.example"
    assert made["PayloadContent"][0]["EmailAccountDescription"] == "one.example"
    for answer in (
        ask("/mail/config-v1.1.xml", "emailaddress=anna%40one.example"),
        outlook("anna@one.example"),
        ask("/mail/mailroom.mobileconfig", "emailaddress=anna%40one.example"),
    ):
        assert b"two.example" not in content(answer)
    assert ask("/mail/config-v1.1.xml", "emailaddress=anna%40localhost.example.com").status == 404
    assert ask("/autodiscover/autodiscover.json/v1.0/anna@two.example", "Protocol=AutodiscoverV1").status == 200


@pytest.mark.parametrize("address", HOSTILE)
def test_hostile_addresses(facts: dict[str, Any], address: str) -> None:
    with pytest.raises(Invalid):
        addresses.for_address(address, facts)


@given(st.text(max_size=80))
def test_no_address_breaks_out_of_a_document(text: str) -> None:
    values = defaults()
    values["mail_delivery.general"].update(domain="example.com", hostname="mail.example.com")
    found = clients(values)
    address = f"{text}@example.com"
    try:
        addresses.for_address(address, found)
    except (Invalid, NotFound):
        return
    told = ElementTree.fromstring(autodiscover.answer(found, address))
    assert {one.text for one in told.iter(f"{POX}LoginName")} == {address}
    assert plistlib.loads(profile.document(found, address))["PayloadContent"][0]["EmailAddress"] == address


def test_nothing_is_said_when_nothing_can_be_used() -> None:
    values = defaults()
    values["service.protocol"].update(imap_enabled=False, imaps_enabled=False)
    for make in (autoconfig.document, lambda found: autodiscover.answer(found, "a@localdomain.invalid")):
        with pytest.raises(NotFound, match="No protocol for reading mail is enabled"):
            make(clients(values))


def test_only_these_paths_lead_inside() -> None:
    for path in ("/autodiscover/", "/autodiscover/x", "/autodiscover/autodiscover.xml/x", "/.well-known/", "/x",
                 "/mail/api/session", "/.well-known/autoconfig/mail/../config-v1.1.xml"):  # fmt: skip
        assert addresses.inside(path) is None
    assert ask("/.well-known/other").status == 404
