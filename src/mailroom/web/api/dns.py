"""The DNS records of the mail domain: what they should be, and what its own name servers say (rows SW09-SW11)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, Query, route
from mailroom.web.shapes import Named

AREA = "server"
NAME = Annotated[str, Field(max_length=253)]
ADDRESS = Annotated[str, Field(max_length=45)]
KNOWN = {
    "domain": "example.com",
    "hostname": "mail.example.com",
    "address": "203.0.113.25",
    "address_from": "given",
    "private": False,
    "dynamic": None,
}
ROW = {
    "id": "mx",
    "type": "MX",
    "name": "example.com",
    "value": "mail.example.com",
    "priority": 0,
    "ttl_s": 3600,
    "needed": "required",
    "why": "why_mx",
    "values": Named({"domain": "example.com", "hostname": "mail.example.com"}),
    "text": "Tells other mail servers that mail for example.com goes to mail.example.com.",
    "next": "At your DNS provider, add this record.",
}
SHOWN = {
    "state": "wrong",
    "found": ["10 mx.example.net"],
    "code": "mx_elsewhere",
    "values": Named({"name": "example.com", "value": "mail.example.com", "found": "10 mx.example.net"}),
    "text": "Mail for example.com goes to 10 mx.example.net, not to mail.example.com.",
    "next": "At your DNS provider, change the MX record to mail.example.com when this server shall receive the mail.",
}

OWN_POLICY = {
    "mode": "testing",
    "policy": "version: STSv1\r\nmode: testing\r\nmx: mail.example.com\r\nmax_age: 604800\r\n",
    "id": "12f3ff1012430f658710",
    "until": 0.0,
    "domains": [
        {
            "domain": "example.com",
            "url": "https://mta-sts.example.com/.well-known/mta-sts.txt",
            "records": [
                {"type": "TXT", "name": "_mta-sts.example.com", "value": "v=STSv1; id=12f3ff1012430f658710"},
                {"type": "CNAME", "name": "mta-sts.example.com", "value": "mail.example.com"},
            ],
        }
    ],
}


class Whose(Query):
    """Whose records; what is left out is taken from the settings in force."""

    domain: NAME = ""
    hostname: NAME = ""
    address: ADDRESS = ""


class Check(Asked):
    """What to check; what is left out is taken from the settings in force."""

    domain: NAME = ""
    hostname: NAME = ""
    address: ADDRESS = ""


@route(
    WINDOW,
    "GET",
    "api/dns/records",
    summary="The DNS records that the mail domain should have",
    answer="Each with its real value, why it is needed and where it is entered; and how the public address is known: "
    "given (here or in the settings), from an interface of the NAS, from the host name's record, or not at all.",
    example={**KNOWN, "domains": ["example.com", "example.org"], "records": [ROW]},
    query=Whose,
    errors=(503,),
)
def records(call: Call) -> Any:
    return asking.job("dns.records", **call.query.model_dump())


@route(
    WINDOW,
    "POST",
    "api/dns/check",
    summary="Ask the domain's own name servers about each record; nothing is changed",
    answer="The records with their state: right, wrong, missing, slow, refused or unknown; what was found, a code with "
    "its values, what is so and what to do. relay tells why sending through a relay is advised. Takes 10 s at most.",
    example={
        **KNOWN,
        "name_servers": ["ns1.example.com", "ns2.example.com"],
        "seconds": 0.21,
        "records": [{**ROW, **SHOWN}],
        "relay_advised": False,
        "relay": None,
    },
    body=Check,
    errors=(503,),
    asks_only=True,
    asked={"domain": "example.com", "hostname": "mail.example.com", "address": "203.0.113.25"},
)
def check(call: Call) -> Any:
    return asking.job("dns.check", **call.body.model_dump())


@route(
    WINDOW,
    "GET",
    "api/dns/policy",
    summary="The MTA-STS policy that other servers get, and the records that belong to it",
    answer="mode is off, testing, enforce, or none: switched off, but others may know a former policy until `until`.",
    example=OWN_POLICY,
    errors=(503,),
)
def policy(call: Call) -> Any:
    return asking.job("own_policy.read")
