"""Mozilla's autoconfiguration: Thunderbird, K-9 Mail, Evolution, KMail, FairEmail and others read it.

Source: https://www.bucksch.org/1/projects/thunderbird/autoconfiguration/config-file-format.html (config-v1.1.xml).
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Comment, Element, SubElement, indent, tostring

from mailroom.web.clients.addresses import ways

SOCKET = {"tls": "SSL", "starttls": "STARTTLS"}
# The program puts the address in by itself: the document is the same for everybody.
USER_NAME = "%EMAILADDRESS%"


def document(facts: dict[str, Any]) -> bytes:
    """config-v1.1.xml for these facts (flows/clients.py). Raises NotFound when nothing can be used."""
    incoming, outgoing = ways(facts)
    config = Element("clientConfig", version="1.1")
    config.append(Comment(" Mailroom "))
    provider = SubElement(config, "emailProvider", id=facts["domain"])
    SubElement(provider, "domain").text = facts["domain"]
    SubElement(provider, "displayName").text = facts["domain"]
    SubElement(provider, "displayShortName").text = facts["domain"].partition(".")[0]
    for tag, found in (("incomingServer", incoming), ("outgoingServer", outgoing)):
        for way in found:
            _server(provider, tag, way)
    indent(config)
    return bytes(tostring(config, encoding="UTF-8", xml_declaration=True))


def _server(provider: Element, tag: str, way: dict[str, Any]) -> None:
    server = SubElement(provider, tag, type=way["kind"])
    SubElement(server, "hostname").text = way["host"]
    SubElement(server, "port").text = str(way["port"])
    SubElement(server, "socketType").text = SOCKET[way["security"]]
    # "cleartext" names the way of sending it; the connection around it is encrypted.
    SubElement(server, "authentication").text = "password-cleartext"
    SubElement(server, "username").text = USER_NAME
