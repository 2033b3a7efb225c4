"""What mail programs fetch, and the page that tells people how to set one up (row CL07).

The documents' own addresses are in `web/clients/addresses.py`; whoever fetches them does not sign in.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.core.problems import Invalid, NotFound
from mailroom.web import asking
from mailroom.web.api.clients import EXAMPLE, shown
from mailroom.web.clients import autoconfig, autodiscover, profile
from mailroom.web.clients.addresses import LENGTH_MAX, PROFILE, for_address
from mailroom.web.route import ANYBODY, PORTAL, USER, Answer, Call, ForeignQuery, route

XML, AUTODISCOVER_XML = "application/xml; charset=utf-8", "text/xml; charset=utf-8"
NOT_HERE = "Only Autodiscover in XML (AutodiscoverV1) is spoken here: this is no Exchange server."


class Whose(ForeignQuery):
    """The e-mail address that a program was told."""

    emailaddress: str = Field("", max_length=LENGTH_MAX)


class Named(ForeignQuery):
    """What Outlook asks of Autodiscover V2."""

    Email: str = Field("", max_length=LENGTH_MAX)
    Protocol: str = Field("", max_length=40)


@route(
    PORTAL,
    "GET",
    "api/clients",
    role=USER,
    summary="How to set up a mail program",
    answer="Hosts, ports and security of each protocol, the user's own name and address, and what is missing.",
    example=EXAMPLE,
    errors=(503,),
)
def clients(call: Call) -> dict[str, Any]:
    return shown(asking.clients_now(), call.user)


@route(
    PORTAL,
    "GET",
    "api/clients/config-v1.1.xml",
    role=ANYBODY,
    summary="Mozilla autoconfiguration",
    answer="config-v1.1.xml. Asked for at /mail/config-v1.1.xml and at /.well-known/autoconfig/mail/.",
    example="<clientConfig version='1.1'>...</clientConfig>",
    query=Whose,
    errors=(404, 503),
    made="application/xml",
)
def config(call: Call) -> Answer:
    facts = for_address(call.query.emailaddress, asking.clients())
    return Answer(autoconfig.document(facts), headers={"Content-Type": XML})


@route(
    PORTAL,
    "GET",
    "api/clients/mailroom.mobileconfig",
    role=ANYBODY,
    summary="A profile for iPhone, iPad and Mac",
    answer="A configuration profile, not signed. Without an address the device asks for it.",
    example="<plist version='1.0'>...</plist>",
    query=Whose,
    errors=(404, 503),
    made=profile.KIND,
)
def mobileconfig(call: Call) -> Answer:
    facts = for_address(call.query.emailaddress, asking.clients())
    named = {"Content-Type": profile.KIND, "Content-Disposition": f'attachment; filename="{PROFILE}"'}
    return Answer(profile.document(facts, call.query.emailaddress), headers=named)


@route(
    PORTAL,
    "POST",
    "api/clients/autodiscover.xml",
    role=ANYBODY,
    summary="Microsoft Autodiscover",
    answer="Settings for Outlook, or an Error element. Asked for at /autodiscover/autodiscover.xml, in any case.",
    example="<Autodiscover>...</Autodiscover>",
    query=ForeignQuery,
    errors=(404, 503),
    raw=lambda call: autodiscover.REQUEST_BYTES_MAX,
    made="text/xml",
)
def outlook(call: Call) -> Answer:
    assert call.stream is not None
    try:
        address, schema = autodiscover.request(call.stream.read(call.length))
        facts = for_address(address, asking.clients())
    except (autodiscover.NotAsked, Invalid):
        return _error(autodiscover.INVALID_REQUEST, "Invalid Request")
    if schema != autodiscover.OUTLOOK:
        return _error(autodiscover.NO_SUCH_SCHEMA, "Provider is not available: IMAP, POP3 and SMTP are spoken here.")
    return Answer(autodiscover.answer(facts, address), headers={"Content-Type": AUTODISCOVER_XML})


@route(
    PORTAL,
    "GET",
    "api/clients/autodiscover.xml",
    role=ANYBODY,
    summary="Microsoft Autodiscover, asked without a question",
    answer="An Error element. Over http a redirection to https and the server's own name, as Outlook expects it.",
    example="<Autodiscover>...</Autodiscover>",
    query=ForeignQuery,
    errors=(302, 503),
    made="text/xml",
)
def outlook_elsewhere(call: Call) -> Answer:
    if call.secure:
        return _error(autodiscover.INVALID_REQUEST, "Invalid Request: send a request by POST.")
    place = f"https://{asking.clients()['hostname']}/autodiscover/autodiscover.xml"
    return Answer(b"Mailroom\n", 302, {"Content-Type": "text/plain", "Location": place})


@route(
    PORTAL,
    "GET",
    "api/clients/autodiscover.json",
    role=ANYBODY,
    summary="Microsoft Autodiscover V2",
    answer="Where Autodiscover in XML is. Other protocols of Exchange are not here.",
    example={"Protocol": "AutodiscoverV1", "Url": "https://mail.example.com/autodiscover/autodiscover.xml"},
    query=Named,
    errors=(404, 503),
    asked={"Email": "anna@example.com", "Protocol": "AutodiscoverV1"},
)
def v2(call: Call) -> dict[str, str]:
    return _v2(call.query.Email, call.query.Protocol)


@route(
    PORTAL,
    "GET",
    "api/clients/autodiscover.json/v1.0/{address}",
    role=ANYBODY,
    summary="Microsoft Autodiscover V2, with the address in the path",
    answer="As above.",
    example={"Protocol": "AutodiscoverV1", "Url": "https://mail.example.com/autodiscover/autodiscover.xml"},
    query=Named,
    errors=(404, 503),
    asked={"address": "anna@example.com", "Protocol": "AutodiscoverV1"},
)
def v2_address(call: Call) -> dict[str, str]:
    return _v2(call.path["address"], call.query.Protocol)


def _v2(address: str, protocol: str) -> dict[str, str]:
    facts = for_address(address, asking.clients())
    if protocol.lower() != "autodiscoverv1":
        raise NotFound(NOT_HERE, code="protocol_not_supported", next="Set up the account as IMAP.")
    return {"Protocol": "AutodiscoverV1", "Url": f"https://{facts['hostname']}/autodiscover/autodiscover.xml"}


def _error(code: int, message: str) -> Answer:
    return Answer(autodiscover.error(code, message), headers={"Content-Type": AUTODISCOVER_XML})
