"""Service > Certificate: what mail services show to whoever connects; an own one is brought, and put back."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.web import asking
from mailroom.web.api.daemons import Nothing
from mailroom.web.route import WINDOW, Asked, Call, route

AREA = "settings"
FILE_CHARACTERS_MAX = 200_000
STEP = {"name": "mail.example.com", "issuer": "Example CA", "ends": 1798761600.0}
ONE = {
    "id": "2",
    "source": "uploaded",
    "time": 1790985600.0,
    "who": "anna",
    "state": "valid",
    "names": ["mail.example.com"],
    "issuer": "Example CA",
    "begins": 1790899200.0,
    "ends": 1798761600.0,
    "days": 90,
    "key": "ECDSA P-256",
    "chain": [STEP],
    "fingerprint": "5f0c" * 16,
}
KNOWN = {
    "hostname": "mail.example.com",
    "current": ONE,
    "earlier": [],
    "services": [{"service": "SMTP", "port": 25}],
}
FILES = {"certificate": "LS0tLS1CRUdJTiA=", "key": "LS0tLS1CRUdJTiA=", "chain": "", "password": ""}


class Brought(Asked):
    """Files as base64. certificate: PEM, or PKCS #12 that holds key and chain, too; password: of an encrypted key."""

    certificate: str = Field(max_length=FILE_CHARACTERS_MAX)
    key: str = Field("", max_length=FILE_CHARACTERS_MAX)
    chain: str = Field("", max_length=FILE_CHARACTERS_MAX)
    password: str = Field("", max_length=1_000)


@route(
    WINDOW,
    "GET",
    "api/certificate",
    summary="The certificate of the mail services, and those that were in force before",
    answer="What each says; state is the worst thing about it: ended, not_yet, other_name, soon, own or valid.",
    example=KNOWN,
    errors=(503,),
)
def read(call: Call) -> Any:
    return asking.job("certificate.read")


@route(
    WINDOW,
    "POST",
    "api/certificate/check",
    summary="Judge a certificate with its key; nothing is changed",
    answer="What it says, in order up to its issuer, and what may not be meant.",
    example={
        "names": ["mail.example.com"],
        "issuer": "Example CA",
        "ends": 1798761600.0,
        "chain": [STEP],
        "warnings": [],
    },
    body=Brought,
    errors=(429, 503),
    asked=FILES,
)
def check(call: Call) -> Any:
    return asking.job("certificate.check", **call.body.model_dump())


@route(
    WINDOW,
    "POST",
    "api/certificate",
    summary="Put a certificate with its key in force for all mail services; the former one is kept",
    answer="As it is read then. The job process records it.",
    example=KNOWN,
    body=Brought,
    errors=(424, 429, 503),
    asked=FILES,
)
def put(call: Call) -> Any:
    return asking.job("certificate.put", **call.body.model_dump(), who=call.user, where=call.address)


@route(
    WINDOW,
    "POST",
    "api/certificate/{id}/use",
    summary="Put a certificate in force again that was before",
    answer="As it is read then. The job process records it.",
    example=KNOWN,
    body=Nothing,
    errors=(404, 422, 424, 503),
    asked={"id": "1"},
)
def use(call: Call) -> Any:
    return asking.job("certificate.use", id=call.path["id"], who=call.user, where=call.address)
