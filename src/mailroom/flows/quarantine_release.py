"""How a message leaves the quarantine: once more through Postfix and the filter, past the checks that held it.

Everything else still looks at it, so that spam goes into Junk and a rule that refuses it refuses it. See
filtering/released.py for what keeps strangers from it.
"""

from __future__ import annotations

import json
import secrets
import smtplib
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from mailroom.core import paths, root_files
from mailroom.core.problems import NotFound, Unavailable
from mailroom.core.settings import AllValues
from mailroom.filtering import received
from mailroom.filtering.message import Client
from mailroom.monitor.quarantine import Folder, Kept

FILTER = "mailroom"
LIMIT_S = 60.0
PIECE_BYTES = 1024 * 1024
NEXT_STEP = "Look into Auditing for what refused it; nothing is lost."


class Release:
    """tickets: where root tells the filter of a release; door: where Postfix takes one."""

    def __init__(self, tickets: Path = paths.RELEASES, door: Path = paths.RELEASE_SOCKET) -> None:
        self.tickets, self.door = tickets, door

    def send(self, one: Kept, folder: Folder, settings: AllValues) -> dict[str, Any]:
        """{recipients, refused: [{address, words}]}.

        Raises NotFound or Unavailable: nobody has got it, or, if it says so, that is not known.
        """
        number = secrets.token_hex(16)
        ticket = self.tickets / f"{number}.json"
        facts = {
            "checks": sorted({check for check, _ in one.checks}),
            "client": one.client,
            "daemon": one.daemon,
            "tls": one.tls,
            "login": one.login,
        }
        root_files.write(ticket, json.dumps(facts).encode(), group=FILTER, mode=0o640)
        try:
            return self._through_postfix(one, folder, number, settings["mail_delivery.general"]["hostname"])
        except smtplib.SMTPResponseException as reason:
            raise Unavailable(
                f"It was not taken, and stays in the quarantine: {_reply(reason)}", next=NEXT_STEP
            ) from reason
        except (OSError, smtplib.SMTPException) as reason:
            sentence = "It stays in the quarantine, because Postfix does not answer."
            raise Unavailable(sentence, next="Look at the Server List.") from reason
        finally:
            with suppress(OSError):
                ticket.unlink()

    def _through_postfix(self, one: Kept, folder: Folder, number: str, hostname: str) -> dict[str, Any]:
        with closing(_Link(self.door)) as link:
            link.ehlo()
            options = [f"ENVID={number}", "BODY=8BITMIME", *(["SMTPUTF8"] if one.smtputf8 else [])]
            if one.smtputf8:
                link.command_encoding = "utf-8"
            _accept(link.mail(one.sender, options))
            taken, refused = [], []
            code, reply = 550, b""
            for address in one.recipients:
                code, reply = link.rcpt(address)
                if code == 250:
                    taken.append(address)
                elif code < 500:
                    raise smtplib.SMTPResponseException(code, reply)
                else:
                    refused.append({"address": address, "words": f"{code} {_words(reply)}"})
            if not taken:
                raise smtplib.SMTPResponseException(code, reply)
            _accept(link.docmd("DATA"), 354)
            arrival = received.line(Client(*one.client), one.id, one.time, hostname)
            link.send(arrival)
            for piece in dotted(_pieces(one.id, folder)):
                link.send(piece)
            link.send(b".\r\n")
            _accept(_last_reply(link))
            # What was taken stays taken, whatever is answered to a farewell.
            with suppress(OSError, smtplib.SMTPException):
                link.quit()
        return {"recipients": taken, "refused": refused}


class _Link(smtplib.SMTP):
    """SMTP over a unix socket."""

    def __init__(self, door: Path) -> None:
        self.door = door
        super().__init__("localhost", 25, local_hostname="localhost", timeout=LIMIT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(timeout)
        link.connect(str(self.door))
        return link


def _last_reply(link: smtplib.SMTP) -> tuple[int, bytes]:
    """What the whole message is answered. Raises Unavailable without an answer: it may have been taken."""
    try:
        return link.getreply()
    except (OSError, smtplib.SMTPException) as reason:
        sentence = "Postfix did not say whether it has taken the message. It is still in the quarantine, too."
        raise Unavailable(sentence, next="Look into Auditing before you release it again.") from reason


def _pieces(id: str, folder: Folder) -> Iterator[bytes]:
    offset, size = 0, 1
    while offset < size:
        found = folder.piece(id, offset, PIECE_BYTES)
        if found is None or not found[1]:
            raise NotFound("The message has gone from the quarantine meanwhile.", code="gone", field="id")
        size, piece = found
        offset += len(piece)
        yield piece


def dotted(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A message with CRLF line ends for DATA: a dot before each line that begins with one (RFC 5321 4.5.2)."""
    begins, last = True, b"\r\n"
    for piece in pieces:
        if begins and piece.startswith(b"."):
            yield b"."
        elif last.endswith(b"\r") and piece.startswith(b"\n."):
            yield b"\n."
            piece = piece[1:]
        yield piece.replace(b"\r\n.", b"\r\n..")
        last = (last + piece)[-2:]
        begins = last == b"\r\n"
    if not begins:
        yield b"\r\n"


def _reply(reason: smtplib.SMTPResponseException) -> str:
    return f"{reason.smtp_code} {_words(reason.smtp_error)}"


def _accept(answer: tuple[int, bytes], good: int = 250) -> None:
    if answer[0] != good:
        raise smtplib.SMTPResponseException(*answer)


def _words(raw: bytes | str) -> str:
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return " ".join(text.split())[:500]
