"""The story of a certificate: read what is brought, judge it, put it in force, see that it is served, else go back.

The key stays on this server: it is never told, neither to the window nor to the log. The certificates that were in
force before are kept, and each can be put in force again.
"""

from __future__ import annotations

import base64
import binascii
import logging
import ssl
import time
from collections.abc import Callable
from typing import Any

from mailroom.core.clock import Clock, SystemClock
from mailroom.core.problems import ApplyFailed, Invalid, NotFound, cause
from mailroom.core.settings import AllValues
from mailroom.daemons.shape import LOOPBACK, DaemonFailed
from mailroom.flows.certificate_watch import Watch
from mailroom.flows.certificate_words import told, warnings
from mailroom.flows.doctor_certificate import speaking
from mailroom.flows.jobs import Operation
from mailroom.flows.setting import Author, Settings
from mailroom.store.events import EventStore
from mailroom.tls import served
from mailroom.tls.brought import Files, refused
from mailroom.tls.chain import Pair, steps
from mailroom.tls.judged import judged
from mailroom.tls.kept import UPLOADED, Entry, Kept

LOG = logging.getLogger("mailroom.certificate")
KIND = "certificate"
DAEMONS = ("dovecot", "postfix")
SHOWN_WITHIN_S, LOOK_EVERY_S, ANSWER_LIMIT_S = 20.0, 0.3, 5.0
Served = Callable[[str, int, served.Speaks, float], served.Certificate]


class Certificates:
    """Everything that is done with the certificate of the mail services.

    look: how a service is asked for the certificate that it shows; pause: waits between two looks.
    """

    def __init__(
        self,
        settings: Settings,
        events: EventStore,
        kept: Kept | None = None,
        clock: Clock | None = None,
        look: Served = served.served,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings, self.events = settings, events
        self.kept, self.clock = kept or Kept(), clock or SystemClock()
        self.look, self.pause = look, pause
        # Each raises Invalid while nobody may put one in force by hand.
        self.guards: list[Callable[[], None]] = []
        self.watcher = Watch(self.kept, events, self.clock)

    def operations(self) -> dict[str, Operation]:
        """What the job process can be asked about the certificate."""
        return {
            "certificate.read": self.read,
            "certificate.check": self.check,
            "certificate.put": self.put,
            "certificate.use": self.use,
        }

    def read(self) -> dict[str, Any]:
        """{hostname, current, earlier, services: [{service, port}]}; see certificate_words.told for one of them."""
        values = self.settings.values()
        hostname, now, current = hostname_of(values), self.clock.now(), self.kept.current()
        others = [one for one in self.kept.all() if current is None or one.id != current.id]
        return {
            "hostname": hostname,
            "current": told(current, hostname, now) if current else None,
            "earlier": [told(one, hostname, now) for one in others],
            "services": [{"service": _name(speaks), "port": port} for speaks, port in speaking(values)],
        }

    def check(self, certificate: str, key: str = "", chain: str = "", password: str = "") -> dict[str, Any]:
        """{chain, names, ends, issuer, warnings} of what is brought, which is not put in force. Raises Invalid.

        Each file as base64; see tls/brought.py for what it may be.
        """
        self._refuse_by_hand()
        pair = self._brought(certificate, key, chain, password)
        found, values = served.of_pem(pair.chain_pem()), self.settings.values()
        enforced = values["mail_delivery.security"]["mta_sts_mode"] == "enforce"
        return {
            "names": list(found.names),
            "issuer": found.issuer,
            "ends": found.ends,
            "chain": steps(pair.chain_pem()),
            "warnings": warnings(pair, found, hostname_of(values), enforced),
        }

    def put(
        self, certificate: str, who: str, where: str, key: str = "", chain: str = "", password: str = ""
    ) -> dict[str, Any]:
        """Put what is brought in force, and answer as `read`. Raises Invalid or ApplyFailed; then all is as before."""
        self._refuse_by_hand()
        pair = self._brought(certificate, key, chain, password)
        self.take(pair, UPLOADED, Author(who, where))
        return self.read()

    def take(self, pair: Pair, source: str, author: Author, **facts: Any) -> None:
        """Keep a pair and put it in force. source: uploaded or acme; facts: more of its note.

        Raises Invalid, ApplyFailed.
        """
        with self.settings.turn:
            note = {"source": source, "time": self.clock.now(), "who": author.who, "known": pair.known}
            note |= facts
            entry = self.kept.add(pair.key_pem(), pair.chain_pem(), note)
            try:
                self._put_in_force(entry, author)
            except Exception:
                self.kept.remove(entry)
                raise

    def use(self, id: str, who: str, where: str) -> dict[str, Any]:
        """Put one in force that is kept, and answer as `read`. Raises NotFound, Invalid, ApplyFailed."""
        self._refuse_by_hand()
        with self.settings.turn:
            entry = self.kept.one(id)
            if entry is None:
                raise NotFound("This certificate is not kept any more.", field="id")
            if served.of_file(entry.chain).ends <= self.clock.now():
                raise Invalid("This certificate has ended.", field="id", next="Bring a new one.")
            self._put_in_force(entry, Author(who, where))
        return self.read()

    def _refuse_by_hand(self) -> None:
        for guard in self.guards:
            guard()

    def _brought(self, certificate: str, key: str, chain: str, password: str) -> Pair:
        files = Files(bytes_of("certificate", certificate), bytes_of("key", key), bytes_of("chain", chain), password)
        return judged(files, self.clock.now())

    def _put_in_force(self, entry: Entry, author: Author) -> None:
        """Swap, reload, and look at each service; put the former one back when one does not show it."""
        _refuse_unusable(entry)
        before, values = self.kept.current(), self.settings.values()
        self.kept.use(entry)
        try:
            self._reload(values)
            self._see_it_served(values, served.of_file(entry.chain).fingerprint)
        except DaemonFailed as reason:
            if before:
                self.kept.use(before)
                self._reload_again(values)
            text = f"The certificate was not put in force: {reason.message}"
            self.events.add(KIND, text, who=author.who, where=author.where)
            raise ApplyFailed(
                text,
                code="probe_failed",
                next="The former certificate is in force again. Look at the log of the service in Server List.",
                daemon=reason.more.get("daemon", ""),
            ) from reason
        found = served.of_file(entry.chain)
        names = ", ".join(found.names) or "-"
        self.events.add(
            KIND,
            f"The certificate of {found.issuer} for {names} is in force.",
            who=author.who,
            where=author.where,
            fingerprint=found.fingerprint,
        )
        self.watcher.look()

    def _reload(self, values: AllValues) -> None:
        self.settings.configuration.reload(list(DAEMONS), self.settings.facts_for(values))

    def _reload_again(self, values: AllValues) -> None:
        try:
            self._reload(values)
        except DaemonFailed as reason:
            LOG.error("going back to the former certificate: %s", reason.message)

    def _see_it_served(self, values: AllValues, fingerprint: str) -> None:
        """Wait until each service that runs shows this certificate. Raises DaemonFailed."""
        up = self.settings.configuration.wanted(self.settings.facts_for(values))
        end = self.clock.elapsed() + SHOWN_WITHIN_S
        for speaks, port in speaking(values):
            daemon = "postfix" if speaks.startswith("smtp") else "dovecot"
            while daemon in up and (wrong := self._wrong(port, speaks, fingerprint)):
                if self.clock.elapsed() > end:
                    raise DaemonFailed(wrong, daemon=daemon)
                self.pause(LOOK_EVERY_S)

    def _wrong(self, port: int, speaks: served.Speaks, fingerprint: str) -> str:
        """Why a service is not right yet, or ""."""
        try:
            shown = self.look(LOOPBACK, port, speaks, ANSWER_LIMIT_S)
        except (OSError, ValueError) as reason:
            return f"Port {port} shows no certificate ({cause(reason)})."
        return "" if shown.fingerprint == fingerprint else f"Port {port} still shows another certificate."


def _name(speaks: served.Speaks) -> str:
    return "ManageSieve" if speaks == "sieve" else speaks.rstrip("s").upper()


def _refuse_unusable(entry: Entry) -> None:
    """What the daemons' own TLS library does not take is refused before anything is changed. Raises Invalid."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(entry.chain, entry.key)
    except (ssl.SSLError, OSError) as reason:
        raise refused("certificate", f"OpenSSL does not take this certificate ({cause(reason)}).") from None


def hostname_of(values: AllValues) -> str:
    """The mail server's name."""
    return str(values["mail_delivery.general"]["hostname"])


def bytes_of(field: str, content: str) -> bytes:
    """A file that came as base64. Raises Invalid."""
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise refused(field, "The file did not arrive whole.") from None
