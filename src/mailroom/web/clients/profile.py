"""A configuration profile for Mail on iPhone, iPad and Mac.

Source: Apple's "Configuration Profile Reference", payload com.apple.mail.managed. It is not signed: see
docs/decisions/0013. The device asks for the password, and for whatever the profile leaves out.
"""

from __future__ import annotations

import plistlib
import uuid
from typing import Any

from mailroom.web.clients.addresses import ways

KIND = "application/x-apple-aspen-config"
ACCOUNT = {"imap": "EmailTypeIMAP", "pop3": "EmailTypePOP"}
# Names of our profiles: the same account gets the same name, so that a newer profile takes the old one's place.
SPACE = uuid.UUID("7a3ff7d6-5a8c-5f0e-9e0b-3f1f6c1c7d11")


def document(facts: dict[str, Any], address: str, full_name: str = "") -> bytes:
    """The profile for an address, or for any when it is "". Raises NotFound when nothing can be used."""
    incoming, outgoing = ways(facts)
    whose = address.lower() or facts["domain"]
    account = {
        **_payload("com.apple.mail.managed", f"{_identifier(facts)}.account", f"account {whose}"),
        "PayloadDisplayName": whose,
        "EmailAccountDescription": facts["domain"],
        "EmailAccountType": ACCOUNT[incoming[0]["kind"]],
        **_server("Incoming", incoming[0], address),
        **_server("Outgoing", outgoing[0], address),
        "OutgoingPasswordSameAsIncomingPassword": True,
    }
    account |= {"EmailAddress": address} if address else {}
    account |= {"EmailAccountName": full_name} if full_name else {}
    profile = {
        **_payload("Configuration", _identifier(facts), f"profile {whose}"),
        "PayloadDisplayName": f"Mail: {whose}",
        "PayloadDescription": f"Sets up the mail account {whose} at {facts['hostname']}.",
        "PayloadOrganization": f"{facts['domain']} (Mailroom)",
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [account],
    }
    return plistlib.dumps(profile)


def _identifier(facts: dict[str, Any]) -> str:
    """Domain names written backwards, as Apple wants them."""
    return ".".join([*reversed(facts["domain"].split(".")), "mailroom"])


def _payload(kind: str, identifier: str, named: str) -> dict[str, Any]:
    made = str(uuid.uuid5(SPACE, named)).upper()
    return {"PayloadType": kind, "PayloadVersion": 1, "PayloadIdentifier": f"{identifier}.{made}", "PayloadUUID": made}


def _server(direction: str, way: dict[str, Any], address: str) -> dict[str, Any]:
    name = f"{direction}MailServer"
    known: dict[str, Any] = {
        f"{name}HostName": way["host"],
        f"{name}PortNumber": way["port"],
        # True for STARTTLS as well: the device finds out which of the two the port speaks.
        f"{name}UseSSL": True,
        f"{name}Authentication": "EmailAuthPassword",
    }
    return known | ({f"{name}Username": address} if address else {})
