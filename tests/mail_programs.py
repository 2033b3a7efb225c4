"""Mail programs that are being set up: what they ask a host's web server, and what they then do with the answer."""

from __future__ import annotations

import http.client
import imaplib
import plistlib
import poplib
import smtplib
import socket
from dataclasses import dataclass
from email.message import EmailMessage
from xml.etree import ElementTree

from office import HOSTNAME, Office, trusting

OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
ASKED = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
TLS, STARTTLS = "tls", "starttls"


@dataclass(frozen=True)
class Way:
    """One server of a document, as a program understands it."""

    kind: str
    host: str
    port: int
    security: str
    login: str


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


class Program:
    """A mail program in the outside world. It comes to port 80 of the NAS, whatever the name in the address."""

    def __init__(self, nas: Office) -> None:
        self.nas = nas

    def get(self, host: str, path: str, **headers: str) -> Got:
        return self._ask("GET", host, path, None, headers)

    def post(self, host: str, path: str, body: bytes, kind: str = "text/xml; charset=utf-8") -> Got:
        return self._ask("POST", host, path, body, {"Content-Type": kind})

    def _ask(self, method: str, host: str, path: str, body: bytes | None, headers: dict[str, str]) -> Got:
        link = http.client.HTTPConnection(host, timeout=60)
        link.sock = self.nas.connect(80)
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            known = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, known, answer.read())
        finally:
            link.close()


def outlook_asks(address: str, schema: str = OUTLOOK) -> bytes:
    """The body that Outlook sends."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{ASKED}"><Request>'
        f"<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema>"
        "</Request></Autodiscover>"
    ).encode()


def by_thunderbird(document: bytes, address: str) -> list[Way]:
    """Servers of a config-v1.1.xml, the placeholders filled in."""
    found = []
    for server in ElementTree.fromstring(document).iter():
        if server.tag in ("incomingServer", "outgoingServer"):
            told = {child.tag: child.text or "" for child in server}
            login = told["username"].replace("%EMAILADDRESS%", address)
            login = login.replace("%EMAILLOCALPART%", address.partition("@")[0])
            security = {"SSL": TLS, "STARTTLS": STARTTLS}[told["socketType"]]
            found.append(Way(server.get("type", ""), told["hostname"], int(told["port"]), security, login))
    return found


def by_outlook(document: bytes) -> list[Way]:
    """Servers of an Autodiscover answer."""
    name = f"{{{OUTLOOK}}}"
    found = []
    for protocol in ElementTree.fromstring(document).iter(f"{name}Protocol"):
        told = {child.tag.removeprefix(name): child.text or "" for child in protocol}
        security = {"SSL": TLS, "TLS": STARTTLS}[told["Encryption"]]
        found.append(Way(told["Type"].lower(), told["Server"], int(told["Port"]), security, told["LoginName"]))
    return found


def by_iphone(document: bytes) -> list[Way]:
    """Servers of a profile. As the device does: TLS at once, unless the port is one of STARTTLS."""
    (account,) = plistlib.loads(document)["PayloadContent"]
    incoming = {"EmailTypeIMAP": "imap", "EmailTypePOP": "pop3"}[account["EmailAccountType"]]
    found = []
    for kind, direction in ((incoming, "Incoming"), ("smtp", "Outgoing")):
        server = f"{direction}MailServer"
        assert account[f"{server}UseSSL"] is True and account[f"{server}Authentication"] == "EmailAuthPassword"
        port = account[f"{server}PortNumber"]
        security = STARTTLS if port in (143, 110, 587) else TLS
        found.append(Way(kind, account[f"{server}HostName"], port, security, account[f"{server}Username"]))
    return found


def read(nas: Office, way: Way, password: str) -> int:
    """Sign in to the mailbox by this way and no other; how many messages are in the inbox."""
    assert way.host == HOSTNAME

    def connected(timeout: float | None = None) -> socket.socket:
        link = nas.connect(way.port)
        return trusting().wrap_socket(link, server_hostname=way.host) if way.security == TLS else link

    if way.kind == "pop3":

        class Pop3(poplib.POP3):
            def _create_socket(self, timeout: float) -> socket.socket:
                return connected()

        client = Pop3(way.host, way.port, 60)
        if way.security == STARTTLS:
            client.stls(trusting())
        client.user(way.login)
        client.pass_(password)
        count = client.stat()[0]
        client.quit()
        return count

    class Imap(imaplib.IMAP4):
        def _create_socket(self, timeout: float | None) -> socket.socket:
            return connected()

    with Imap(way.host, way.port) as reader:
        if way.security == STARTTLS:
            reader.starttls(trusting())
        reader.login(way.login, password)
        return int(reader.select("INBOX", readonly=True)[1][0] or b"0")


def send(nas: Office, way: Way, password: str, message: EmailMessage) -> None:
    """Sign in and send by this way and no other."""
    assert (way.kind, way.host) == ("smtp", HOSTNAME)

    class Client(smtplib.SMTP):
        def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
            link = nas.connect(port)
            return trusting().wrap_socket(link, server_hostname=way.host) if way.security == TLS else link

    with Client(way.host, way.port, local_hostname="client.world.example", timeout=60) as client:
        if way.security == STARTTLS:
            client.starttls(context=trusting())
            client.ehlo()
        client.login(way.login, password)
        client.send_message(message)
