"""The test mail at the end of the set-up: a real one, through Postfix, filter and Dovecot, until it has arrived."""

from __future__ import annotations

import secrets
import smtplib
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.utils import formatdate, make_msgid
from typing import Any

from mailroom.core import mail_header
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.mail_text import text_part
from mailroom.core.problems import Invalid, NotFound, Problem, Unavailable, cause
from mailroom.core.settings import AllValues
from mailroom.daemons.shape import LOOPBACK, DaemonFailed

WAITING, ARRIVED, FAILED = "waiting", "arrived", "failed"
# Greylisting is not on at this time, and a first start of the scanners takes its time.
LIMIT_S = 90.0
LOOK_EVERY_S = 0.5
SMTP_LIMIT_S = 30.0
KEPT = 100
SUBJECT = "Your mail server works"
TEXT = """This message went the way of all mail: it was taken by the SMTP service, looked at by the filter
and its scanners, and put into your mailbox.

Mailroom on {hostname}
"""


@dataclass
class TestMail:
    """One test mail: state is waiting, arrived or failed; seconds since it was sent, until it arrived."""

    state: str
    text: str
    next: str
    seconds: float
    message_id: str


@dataclass
class Ports:
    """What the story needs of others.

    values: the settings in force. person: of a name, {address, active, ...}. find: whether this Message-ID is in
    somebody's mailbox; raises DaemonFailed. waits_for: why Postfix still has a message to this address, or "".
    submit: hand a message to the SMTP service on this port; raises OSError, SMTPException.
    """

    values: Callable[[], AllValues]
    person: Callable[[str], dict[str, Any]]
    find: Callable[[str, str], bool]
    waits_for: Callable[[str], str]
    submit: Callable[[int, str, str, bytes], None]
    pause: Callable[[float], None]


def submit(port: int, sender: str, to: str, message: bytes) -> None:
    """As another mail server would, from this machine. Raises OSError or SMTPException."""
    with smtplib.SMTP(LOOPBACK, port, local_hostname="localhost", timeout=SMTP_LIMIT_S) as link:
        link.sendmail(sender, [to], message)


def _message(sender: str, to: str, message_id: str, hostname: str) -> bytes:
    fields = (
        mail_header.address_field("From", [("Mailroom", sender)]),
        mail_header.address_field("To", [("", to)]),
        mail_header.text_field("Subject", SUBJECT),
        mail_header.structured_field("Date", *formatdate().split(" ")),
        mail_header.structured_field("Message-ID", message_id),
        mail_header.structured_field("Auto-Submitted", "auto-generated"),
        mail_header.structured_field("MIME-Version", "1.0"),
        text_part(TEXT.format(hostname=hostname)),
    )
    return b"".join(fields)


class TestMails:
    """The test mails of this job process; the last KEPT are remembered."""

    def __init__(self, ports: Ports, clock: Clock | None = None) -> None:
        self.ports, self.clock = ports, clock or SystemClock()
        self.known: dict[str, TestMail] = {}
        self.lock = threading.Lock()

    def operations(self) -> dict[str, Callable[..., Any]]:
        """What the job process can be asked about test mails."""
        return {"setup.test_mail": self.send, "setup.test_mail_state": self.state}

    def send(self, to: str = "", who: str = "", where: str = "") -> dict[str, Any]:
        """Send one to `to`, by default to whoever asks: {id}. Raises Invalid when there is no such mailbox here."""
        values = self.ports.values()
        general = values["mail_delivery.general"]
        name, address = self._mailbox(to, who, general["domain"])
        sender, message_id = f"postmaster@{general['domain']}", make_msgid(domain=general["hostname"])
        message = _message(sender, address, message_id, general["hostname"])
        id = secrets.token_hex(8)
        with self.lock:
            for old in list(self.known)[: -KEPT + 1]:
                del self.known[old]
            mail = self.known[id] = TestMail(WAITING, "It is under way.", "", 0.0, message_id)
        way = (sender, address, message)
        follow = threading.Thread(target=self._follow, args=(mail, name, way, values), daemon=True)
        follow.start()
        return {"id": id}

    def state(self, id: str) -> dict[str, Any]:
        """{state, text, next, seconds, message_id}. Raises NotFound."""
        with self.lock:
            if id not in self.known:
                raise NotFound("There is no such test mail.", field="id", next="Send another one.")
            return asdict(self.known[id])

    def _mailbox(self, to: str, who: str, domain: str) -> tuple[str, str]:
        name, at, other = (to or who).partition("@")
        if at and other.lower() != domain:
            sentence = f"{to} is not an address of this server."
            raise Invalid(sentence, field="to", next=f"Enter an address at {domain}.", fields={"to": sentence})
        person = self.ports.person(name)
        if not person["active"]:
            sentence = f"{name} has no mailbox yet."
            raise Invalid(
                sentence,
                code="inactive",
                field="to",
                next="Activate this user in Account > User, or enter another address.",
                fields={"to": sentence},
            )
        return name, str(person["address"])

    def _follow(self, mail: TestMail, name: str, way: tuple[str, str, bytes], values: AllValues) -> None:
        started = self.clock.elapsed()
        try:
            self._submit(way, values["service.protocol"])
            while not self._is_there(name, mail.message_id):
                mail.seconds = round(self.clock.elapsed() - started, 1)
                waits = self.ports.waits_for(way[1])
                mail.text = f"It waits: {waits}" if waits else "It was accepted and is under way."
                if mail.seconds > LIMIT_S:
                    raise Unavailable(mail.text, next="Look it up in Monitor > Mail Log; it may still arrive.")
                self.ports.pause(LOOK_EVERY_S)
            mail.seconds = round(self.clock.elapsed() - started, 1)
            mail.state, mail.text, mail.next = (
                ARRIVED,
                f"It arrived after {mail.seconds:.1f} s.",
                "Open /mail to read it.",
            )
        except Problem as problem:
            mail.state, mail.text, mail.next = FAILED, problem.message, problem.next or ""

    def _is_there(self, name: str, message_id: str) -> bool:
        try:
            return self.ports.find(name, message_id)
        except DaemonFailed:
            # Dovecot is being started: looked for again until it is too late.
            return False

    def _submit(self, way: tuple[str, str, bytes], protocol: dict[str, Any]) -> None:
        if not protocol["smtp_enabled"]:
            raise Unavailable("SMTP is switched off.", next="Enable SMTP in Service > Protocol.")
        try:
            self.ports.submit(protocol["smtp_port"], *way)
        except smtplib.SMTPResponseException as reason:
            words = reason.smtp_error.decode("utf-8", "replace") if isinstance(reason.smtp_error, bytes) else ""
            raise Unavailable(
                f"SMTP refused it: {reason.smtp_code} {words}", next="Look at the Server List."
            ) from reason
        except smtplib.SMTPRecipientsRefused as reason:
            code, told = next(iter(reason.recipients.values()))
            words = told.decode("utf-8", "replace")
            raise Unavailable(f"SMTP refused it: {code} {words}", next="Look at the Server List.") from reason
        except (OSError, smtplib.SMTPException) as reason:
            raise Unavailable(f"SMTP does not answer ({cause(reason)}).", next="Look at the Server List.") from reason
