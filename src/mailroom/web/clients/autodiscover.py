"""Microsoft's Autodiscover: Outlook asks by POST, in XML ("POX"), and gets IMAP or POP3 and SMTP.

Source: [MS-OXDSCLI] 2.2.3 (request), 2.2.4 (response), 4.2 (IMAP and SMTP). Exchange's own protocols, MAPI and
ActiveSync, are not spoken here; whoever asks for their schema is told so.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Comment, Element, SubElement, indent, tostring
from xml.parsers import expat

from mailroom.web.clients.addresses import ways

BASE = "http://schemas.microsoft.com/exchange/autodiscover"
OUTLOOK = f"{BASE}/outlook/responseschema/2006a"
ENVELOPE = f"{BASE}/responseschema/2006"
REQUEST_BYTES_MAX = 16_000
TEXT_MAX = 1_000
INVALID_REQUEST, NO_SUCH_SCHEMA = 600, 601
TYPES = {"imap": "IMAP", "pop3": "POP3", "smtp": "SMTP"}
ENCRYPTION = {"tls": "SSL", "starttls": "TLS"}
WANTED = ("EMailAddress", "AcceptableResponseSchema")


class NotAsked(ValueError):
    """This body is no Autodiscover request."""


class _Reader:
    """Collects the text of the wanted elements. No document type is allowed: it could hold entities without end."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.now = ""
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _doctype(self, *_: Any) -> None:
        raise NotAsked("a document type")

    def _start(self, name: str, _: Any) -> None:
        self.now = name.rpartition(" ")[2]

    def _end(self, _: str) -> None:
        self.now = ""

    def _text(self, text: str) -> None:
        if self.now in WANTED:
            self.found[self.now] = (self.found.get(self.now, "") + text)[:TEXT_MAX]


def request(body: bytes) -> tuple[str, str]:
    """(e-mail address, wanted schema) of a request, in any namespace. Raises NotAsked."""
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, UnicodeError, LookupError) as reason:
        raise NotAsked(str(reason)) from None
    address, schema = (reader.found.get(name, "").strip() for name in WANTED)
    if not address:
        raise NotAsked("no address")
    return address, schema or OUTLOOK


def answer(facts: dict[str, Any], address: str) -> bytes:
    """The settings for Outlook. address: as it was asked for, checked. Raises NotFound when nothing can be used."""
    incoming, outgoing = ways(facts)
    root, response = _envelope(OUTLOOK)
    SubElement(SubElement(response, "User"), "DisplayName").text = address
    account = SubElement(response, "Account")
    SubElement(account, "AccountType").text = "email"
    SubElement(account, "Action").text = "settings"
    for way in (*incoming, *outgoing):
        _protocol(account, way, address)
    return _written(root)


def _protocol(account: Element, way: dict[str, Any], address: str) -> None:
    protocol = SubElement(account, "Protocol")
    known = {
        "Type": TYPES[way["kind"]],
        "Server": way["host"],
        "Port": str(way["port"]),
        "DomainRequired": "off",
        "LoginName": address,
        "SPA": "off",
        "SSL": "on",
        # Takes the place of SSL in newer programs: says which of the two.
        "Encryption": ENCRYPTION[way["security"]],
        "AuthRequired": "on",
    }
    if way["kind"] == "smtp":
        known |= {"UsePOPAuth": "off", "SMTPLast": "off"}
    for name, text in known.items():
        SubElement(protocol, name).text = text


def error(code: int, message: str) -> bytes:
    """What Outlook gets instead of settings; Exchange sends it with status 200, too."""
    root, response = _envelope(ENVELOPE)
    told = SubElement(response, "Error", Time="00:00:00.0000000", Id="0")
    SubElement(told, "ErrorCode").text = str(code)
    SubElement(told, "Message").text = message
    SubElement(told, "DebugData")
    return _written(root)


def _envelope(schema: str) -> tuple[Element, Element]:
    root = Element("Autodiscover", xmlns=ENVELOPE)
    root.append(Comment(" Mailroom "))
    return root, SubElement(root, "Response", xmlns=schema)


def _written(root: Element) -> bytes:
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
