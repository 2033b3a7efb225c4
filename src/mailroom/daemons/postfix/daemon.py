"""Postfix: receives, queues and sends mail (guide ch. 6 and 7)."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mailroom.core import paths
from mailroom.core.lines import lines
from mailroom.core.pages.mail_delivery_delivery import checks_dane
from mailroom.core.pages.mail_delivery_general import domains_of, separator_of
from mailroom.daemons.ask import silent_after
from mailroom.daemons.command import run
from mailroom.daemons.listening import ANY, Door, expect, refuse_taken, restarted_for
from mailroom.daemons.places import PORTAL_SMTP_PORT, SRS_PORT
from mailroom.daemons.postfix import bcc_senders, relay_password, sender_relays, srs
from mailroom.daemons.render import render
from mailroom.daemons.shape import LOOPBACK, DaemonFailed, Facts, PlainDaemon, Service

HERE = Path(__file__).parent
CONFIG = paths.CURRENT / "postfix"
PROBE_LIMIT_S = 10.0
# A service of master.cf that listens on a port (master(5)).
INET = re.compile(r"^(?:(\S+):)?(\d+) +inet ", re.MULTILINE)
# For sendmail(1) alone, which users' own rules start without any rights.
SENDMAIL = "sendmail/main.cf"
SERVICES = ("smtp", "submission", "smtps")


class Postfix(PlainDaemon):
    id = "postfix"
    title = "SMTP"
    program = "Postfix"
    # Its programs read the rest as root, before they give their rights away.
    public: tuple[str, ...] = (SENDMAIL,)

    def wanted(self, facts: Facts) -> bool:
        # Without its store no mail could be delivered: it waits at the senders.
        return not facts.host.mail_missing

    def service(self, facts: Facts | None) -> Service:
        # Not `postfix start-fg`: its shell would be the supervised process, and `master` would outlive it.
        return Service(
            argv=("/usr/lib/postfix/sbin/master", "-s", "-c", str(CONFIG)),
            environment={"MAIL_CONFIG": str(CONFIG)},
            after=("resolver", "filter", "dovecot"),
            ready=("smtp", f"127.0.0.1:{PORTAL_SMTP_PORT}"),
        )

    def files(self, facts: Facts) -> dict[str, str]:
        relay = facts.settings["mail_delivery.delivery"]
        known = {
            "general": facts.settings["mail_delivery.general"],
            "domains": domains_of(facts.settings["mail_delivery.general"]),
            "separator": separator_of(facts.settings["mail_delivery.general"]),
            "relay": relay,
            "trusted": facts.trusted(),
            "policy": facts.settings["mail_delivery.security"],
            "relayhost": relay_password.address(relay),
            # A relay is what its own settings say, whatever its domain announces.
            "dane": checks_dane(relay),
            "mta_sts": relay["mta_sts"] and not relay["enabled"],
            "relay_password": paths.CURRENT / self.id / relay_password.FILE,
            "sender_relays": sender_relays.rows(relay["sender_relays"]),
            "sender_kinds": sender_relays.kinds(relay["sender_relays"]),
            "sender_passwords": sender_relays.passwords(relay["sender_relays"]),
            "sender_passwords_file": paths.CURRENT / self.id / sender_relays.FILE,
            "protocol": facts.settings["service.protocol"],
            "host": facts.host,
            "paths": paths,
            "portal_port": PORTAL_SMTP_PORT,
            "srs_port": SRS_PORT,
            "copies": facts.settings["mail_delivery.auto_bcc"]["rules"],
            "bcc_senders": bcc_senders.text(facts.settings["mail_delivery.auto_bcc"]["rules"]),
            "asks_lists": asks_lists(facts),
            "public_address": facts.settings["service.interface"]["public_address"],
            # Where each service listens, as it stands before its port.
            "listen": [f"[{address}]:" if ":" in address else f"{address}:" for address in facts.listen()] or [""],
        }
        files = {name: render(HERE / f"{name}.j2", **known) for name in ("main.cf", "master.cf", SENDMAIL)}
        if relay["enabled"] and relay["authentication"]:
            files[relay_password.FILE] = relay_password.text(relay)
        if known["sender_passwords"]:
            files[sender_relays.FILE] = known["sender_passwords"]
        files[srs.ADDRESSES] = srs.addresses(known["domains"])
        if known["general"]["srs"]:
            files[srs.SENDERS] = srs.senders([*known["domains"], *(one["domain"] for one in relay["sender_relays"])])
        if known["bcc_senders"]:
            files[bcc_senders.FILE] = known["bcc_senders"]
        return files

    def check(self, folder: Path) -> None:
        # Exit 0 means nothing here: postconf only warns of a misspelt parameter.
        run(self.id, ("postconf", "-c", str(folder), "-n"), stderr_is_failure=True)
        services = run(self.id, ("postconf", "-c", str(folder), "-M"), stderr_is_failure=True)
        refuse_taken(self.id, doors_in(services))
        for file in (folder / relay_password.FILE, folder / sender_relays.FILE):
            if file.exists():
                relay_password.make(file)
        # Not `postfix check`: it reads the whole queue, and looks at files' owners more than at values. smtpd, alone
        # and with nobody to talk to (-S), reads its parameters, ends at once, and fails on a value it cannot take.
        try:
            run(self.id, ("env", f"MAIL_CONFIG={folder}", "/usr/lib/postfix/sbin/smtpd", "-S"))
        except DaemonFailed as reason:
            raise DaemonFailed(f"smtpd does not take these values ({reason.message})", daemon=self.id) from reason

    def reload(self) -> None:
        try:
            wanted = doors_in((CONFIG / "master.cf").read_text())
        except OSError as reason:
            raise DaemonFailed(f"There is no master.cf ({reason.strerror}).", daemon=self.id) from reason
        # master(8) would open the new socket before it closes the old one, and end over it.
        if not restarted_for(self.id, wanted):
            # What `postfix reload` does (master(8), SIGHUP), without its walk through the whole queue.
            run(self.id, ("s6-svc", "-h", str(paths.SERVICES / self.id)))

    def doors(self, facts: Facts) -> set[Door]:
        """Where it listens when these facts are in force."""
        protocol = facts.settings["service.protocol"]
        ports = [protocol[f"{name}_port"] for name in SERVICES if protocol[f"{name}_enabled"]]
        own = {(LOOPBACK, PORTAL_SMTP_PORT)}
        if facts.settings["mail_delivery.general"]["srs"]:
            own.add((LOOPBACK, SRS_PORT))
        return {*own, *((where, port) for where in facts.listen() or (ANY,) for port in ports)}

    def probe(self, facts: Facts) -> None:
        protocol = facts.settings["service.protocol"]
        plain = [protocol[f"{name}_port"] for name in ("smtp", "submission") if protocol[f"{name}_enabled"]]
        expect(self.id, "Postfix", self.doors(facts))
        silent = silent_after((("smtp", f"{LOOPBACK}:{port}") for port in [PORTAL_SMTP_PORT, *plain]), PROBE_LIMIT_S)
        if silent:
            raise DaemonFailed(f"Postfix does not answer at {silent[0][1]}.", daemon=self.id, target=silent[0][1])


def asks_lists(facts: Facts) -> bool:
    """Whether the black & white list has rules for which our filter is to be asked (filtering/policy.py)."""
    lists = facts.settings["mail_delivery.lists"]
    return any(rule["enabled"] for rule in [*lists["blacklist"], *lists["whitelist"]])


def doors_in(services: str) -> set[Door]:
    """Where the services of a master.cf listen."""
    return {(address.strip("[]") or ANY, int(port)) for address, port in INET.findall(services)}


def flush() -> None:
    """Try all waiting mail again now (postqueue(1)). Raises DaemonFailed."""
    run("postfix", ("postqueue", "-c", str(CONFIG), "-f"))


def waits_for(address: str) -> str:
    """Why Postfix still has a message to this address (postqueue(1), -j), or "". Raises DaemonFailed."""
    for line in lines(run("postfix", ("postqueue", "-c", str(CONFIG), "-j"))):
        for recipient in json.loads(line)["recipients"]:
            if recipient["address"] == address:
                return str(recipient.get("delay_reason", ""))
    return ""


DAEMON = Postfix()
