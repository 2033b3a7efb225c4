"""Handing a message over for sending: submission on this machine, signed in with the session's token (RFC 6409)."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import IO

from mailroom.core.problems import Invalid, Problem, Unavailable
from mailroom.daemons.places import PORTAL_SMTP_PORT
from mailroom.web.portal import replies
from mailroom.web.portal.imap.pool import SessionEnded
from mailroom.web.portal.sessions import Session

ADDRESS = ("127.0.0.1", PORTAL_SMTP_PORT)
TIME_LIMIT_S = 100.0
DOWN = "The message cannot be sent just now."
UNANSWERED = "The server did not say whether it has taken the message."
UNANSWERED_CODE = "unanswered"
CHUNK_BYTES = 128 * 1024


def submit(session: Session, sender: str, recipients: list[str], message: IO[bytes], length: int) -> None:
    """Send to all recipients or to none.

    Raises Invalid with a sentence for each recipient it refuses, Unavailable for what may pass later.
    """
    with _connection() as link:
        _announce(link, session, sender, recipients, length)
        _accept(link.docmd("DATA"), "message", (354,))
        for piece in _dotted(message):
            link.send(piece)
        link.send(b".\r\n")
        _accept(_last_reply(link), "message")


def _last_reply(link: smtplib.SMTP) -> tuple[int, bytes]:
    """What the whole message is answered. Without an answer it may have been taken (RFC 5321 4.5.3.2.6)."""
    try:
        return link.getreply()
    except (OSError, smtplib.SMTPException) as reason:
        raise Unavailable(UNANSWERED, code=UNANSWERED_CODE, next="Look into Sent before you send again.") from reason


def probe(session: Session, sender: str, recipients: list[str]) -> None:
    """Whether the server takes a message to these recipients now; nothing is sent. Raises as `submit`."""
    with _connection() as link:
        _announce(link, session, sender, recipients, 0)
        link.rset()


@contextmanager
def _connection() -> Iterator[smtplib.SMTP]:
    try:
        link = smtplib.SMTP(*ADDRESS, local_hostname="portal.localhost", timeout=TIME_LIMIT_S)
        with closing(link):
            yield link
            # A message that was taken stays taken, whatever is answered to a farewell.
            with suppress(OSError, smtplib.SMTPException):
                link.quit()
    except (OSError, smtplib.SMTPException) as reason:
        if isinstance(reason, Problem):
            raise
        raise Unavailable(DOWN, next="Try again in a minute; it is kept as it is.") from reason


def _announce(link: smtplib.SMTP, session: Session, sender: str, recipients: list[str], length: int) -> None:
    _sign_in(link, session)
    options = [f"SIZE={length}"] if length and link.has_extn("size") else []
    if not all(one.isascii() for one in (sender, *recipients)):
        # Such addresses stand in the headers, too (RFC 6531 3.4, RFC 6532).
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    _accept(link.mail(sender, options), "from")
    _name_recipients(link, recipients)


def _sign_in(link: smtplib.SMTP, session: Session) -> None:
    link.ehlo_or_helo_if_needed()
    try:
        link.login(session.user, session.token, initial_response_ok=True)
    except smtplib.SMTPAuthenticationError as reason:
        if 400 <= reason.smtp_code < 500:
            raise Unavailable(DOWN, next="Try again in a minute.") from reason
        raise SessionEnded("You are signed out.", next="Sign in again; the message is kept.") from reason


def _name_recipients(link: smtplib.SMTP, recipients: list[str]) -> None:
    refused: dict[str, tuple[int, str]] = {}
    for recipient in recipients:
        code, words = link.rcpt(recipient)
        if code not in (250, 251):
            refused[recipient] = (code, replies.recipient(code, words, recipient))
            # Each further one gets the same answer.
            if code == 421:
                break
    if not refused:
        return
    with suppress(smtplib.SMTPServerDisconnected):
        link.rset()
    fields = {recipient: words for recipient, (_, words) in refused.items()}
    first = next(iter(fields))
    if all(400 <= code < 500 for code, _ in refused.values()):
        raise Unavailable(fields[first], code="put_off", field=first, next="Try again later.", fields=fields)
    raise Invalid(
        fields[first], code="recipient_refused", field=first, next="Correct or remove the address.", fields=fields
    )


def _accept(answer: tuple[int, bytes], field: str, good: tuple[int, ...] = (250,)) -> None:
    code, raw = answer
    if code in good:
        return
    words, step = replies.message(code, raw)
    if 400 <= code < 500:
        raise Unavailable(words, code="put_off", field=field, next="Try again later.", fields={field: words})
    raise Invalid(words, code="message_refused", field=field, next=step, fields={field: words})


def _dotted(message: IO[bytes]) -> Iterable[bytes]:
    """The message with a dot before each line that begins with one (RFC 5321 4.5.2), in pieces."""
    message.seek(0)
    piece = bytearray()
    for line in message:
        piece += b"." + line if line.startswith(b".") else line
        if len(piece) >= CHUNK_BYTES:
            yield bytes(piece)
            piece = bytearray()
    if piece:
        yield bytes(piece)
