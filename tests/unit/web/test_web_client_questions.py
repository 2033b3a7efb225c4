"""Questions of mail programs, as they really ask them: what a document does not need is passed over (row CL07)."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_web_clients import REQUEST, ask, content, facts

from mailroom.core.settings import defaults
from mailroom.flows.clients import clients
from mailroom.web import asking
from mailroom.web.clients import autodiscover
from mailroom.web.route import ANYBODY, PORTAL, ForeignQuery, routes

__all__ = ["facts"]
AUTOCONFIG = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
JSON = "/autodiscover/autodiscover.json"
PROFILE = "/mail/mailroom.mobileconfig"
MD5 = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("program", "path", "query"),
    [
        ("Thunderbird", AUTOCONFIG, "emailaddress=anna%40example.com"),
        ("Thunderbird, by its own name", WELL_KNOWN, ""),
        ("K-9 Mail, Thunderbird for Android", AUTOCONFIG, "emailaddress=anna%40example.com"),
        ("K-9 Mail, a sign that need not be encoded", WELL_KNOWN, "emailaddress=anna@example.com"),
        ("Evolution", AUTOCONFIG, f"emailaddress=EVOLUTIONUSER%40example.com&emailmd5={MD5}"),
        ("Evolution", WELL_KNOWN, f"emailaddress=EVOLUTIONUSER%40example.com&emailmd5={MD5}"),
        ("KMail", AUTOCONFIG, "emailaddress=anna@example.com&"),
        ("an extension, as it is typed", AUTOCONFIG, "emailaddress=anna+shop@example.com"),
        ("an extension, encoded", AUTOCONFIG, "emailaddress=anna%2Bshop%40example.com"),
        ("FairEmail", AUTOCONFIG, "emailaddress=anna%40example.com&uuid=1&device="),
        ("another case of a name", AUTOCONFIG, "EmailAddress=anna%40example.com"),
        ("twice", AUTOCONFIG, "emailaddress=anna%40example.com&emailaddress=other"),
        ("many", AUTOCONFIG, "&".join(f"p{at}={at}" for at in range(200)) + "&emailaddress=anna%40example.com"),
        ("no UTF-8", AUTOCONFIG, "emailaddress=anna%40example.com&name=%FF%FE"),
        ("Outlook", JSON, "Email=anna%40example.com&Protocol=Autodiscoverv1&RedirectCount=1"),
        ("Outlook for Android", JSON, "Email=anna%40example.com&Protocol=autodiscoverv1&RedirectCount=x&hint=1"),
        ("Outlook, in the path", f"{JSON}/v1.0/anna@example.com", "Protocol=AutodiscoverV1&RedirectCount=4"),
        ("Outlook, an extension", f"{JSON}/v1.0/anna+shop@example.com", "protocol=AutodiscoverV1"),
        ("another case", "/Autodiscover/AutoDiscover.JSON", "email=anna@example.com&protocol=AutodiscoverV1"),
        ("iPhone", PROFILE, "emailaddress=anna%40example.com&lang=de"),
        ("macOS, an extension", PROFILE, "emailaddress=anna+shop@example.com"),
        ("Outlook, without a question", "/autodiscover/autodiscover.xml", "Email=anna%40example.com"),
    ],
)  # fmt: skip
def test_questions_as_programs_really_ask_them(facts: dict[str, Any], program: str, path: str, query: str) -> None:
    answer = ask(path, query, x_forwarded_proto="https")
    assert answer.status == 200, content(answer)
    if "shop" in query and path == PROFILE:
        assert plistlib.loads(content(answer))["PayloadContent"][0]["EmailAddress"] == "anna+shop@example.com"


def test_outlooks_question_with_something_behind_it(facts: dict[str, Any]) -> None:
    body = REQUEST.format(address="anna+shop@example.com", schema=autodiscover.OUTLOOK).encode()
    answer = ask("/autodiscover/autodiscover.xml", "client=Outlook&version=16", body, content_type="text/xml")
    assert answer.status == 200 and b"<LoginName>anna+shop@example.com</LoginName>" in content(answer)


@given(query=st.text(max_size=60), path=st.sampled_from([AUTOCONFIG, WELL_KNOWN, PROFILE, JSON]))
def test_no_parameter_that_is_not_needed_changes_an_answer(query: str, path: str) -> None:
    values = defaults()
    values["mail_delivery.general"].update(domain="example.com", hostname="mail.example.com")
    found = clients(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "clients", lambda: found)
        needed = "emailaddress=anna%40example.com&email=anna%40example.com&protocol=AutodiscoverV1"
        assert ask(path, f"{needed}&{query}").body == ask(path, needed).body


def test_every_document_that_is_found_by_its_own_path_takes_foreign_questions() -> None:
    """All that `addresses.inside` leads to, and no page of ours."""
    found = {
        one.path
        for one in routes(PORTAL)
        if one.path.startswith(("api/clients/", "api/mta-sts/")) and one.role == ANYBODY
    }
    assert len(found) >= 6
    assert found == {one.path for one in routes(PORTAL) if one.query and issubclass(one.query, ForeignQuery)}
