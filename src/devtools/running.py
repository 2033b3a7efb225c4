"""./dev run, stop, status: a stand-in machine with the package installed, and a mail that has arrived."""

from __future__ import annotations

import imaplib
import json
import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devtools import spk as packages
from devtools import standin
from devtools.say import Stop, say, step
from devtools.standin import DOMAIN, HOSTNAME, USERS, Notes
from mailroom.daemons.states import SETTLED, UP

if TYPE_CHECKING:
    from dsmhost.machine import Machine

READY_LIMIT_S = 120.0
MAIL_LIMIT_S = 60.0


@dataclass
class Measured:
    """Seconds that each part took."""

    seconds: dict[str, float] = field(default_factory=dict)

    def take(self, name: str, work: Callable[[], Any]) -> Any:
        """Do `work` as a step with this name."""
        started = time.monotonic()
        with step(name):
            result = work()
        self.seconds[name] = round(time.monotonic() - started, 1)
        return result


def run(dsm: str | None, listen: str | None, ports: list[str]) -> int:
    """Everything up to a mail read over IMAP; a second run finds it all there."""
    from dsmhost.forward import PortTaken

    known = standin.notes()
    wanted = standin.asked_for(known, dsm, listen, ports)
    machine, measured = standin.machine(wanted), Measured()
    started = time.monotonic()
    file = measured.take("package", lambda: packages.spk("x86_64", wanted.dsm))
    if known and machine.is_on() and standin.notes() != wanted:
        raise Stop("The machine runs with other ports. Stop it first with: sudo ./dev stop")
    try:
        machine.create()
        measured.take("machine", machine.boot)
    except PortTaken as taken:
        raise Stop(f"{taken} Choose another with --port NAME=NUMBER, or stop that program.") from None
    wanted.save()
    measured.take("installation", lambda: install(machine, wanted, file))
    measured.take("users", lambda: people(machine, wanted))
    measured.take("mail services", lambda: until_ready(machine))
    measured.take("seats", lambda: seats(machine))
    measured.take("first mail", lambda: first_mail(machine, wanted))
    measured.seconds["all"] = round(time.monotonic() - started, 1)
    tell(machine, wanted, measured)
    return 0


def install(machine: Machine, wanted: Notes, file: Path) -> None:
    """Install or renew the package as Package Center does; on DSM 7 activate it as its window asks."""
    if "Mailroom" in machine.ask("packages"):
        there = machine.run("cat", "/var/packages/Mailroom/target/version").stdout
        if there.split()[1:2] == [packages.payload_key(packages.ARCHITECTURES["x86_64"], wanted.dsm)]:
            if machine.ask("status", name="Mailroom")["code"] != 0:
                machine.ask("start", name="Mailroom")
            activate(machine, wanted)
            return
        machine.ask("uninstall", name="Mailroom", wizard={})
    answers = {"wizard_domain": DOMAIN, "wizard_hostname": HOSTNAME}
    machine.ask("install", file=str(file), wizard=answers)
    activate(machine, wanted)


def activate(machine: Machine, wanted: Notes) -> None:
    """What an administrator of DSM 7 does once: the command that the window shows."""
    privilege = machine.run("cat", "/var/packages/Mailroom/conf/privilege").stdout
    if wanted.dsm == "7" and json.loads(privilege)["defaults"]["run-as"] == "package":
        machine.run("sh", "/var/packages/Mailroom/target/bin/activate")


def people(machine: Machine, wanted: Notes) -> None:
    """The administrator's password, and the example users."""
    users = machine.run("cat", "/etc/passwd").stdout
    if f"\n{USERS[0][0]}:" in users:
        return
    machine.set_password("admin", wanted.passwords["admin"])
    for name, full_name, admin in USERS:
        machine.add_user(name, wanted.passwords[name], full_name, admin)


def ctl(machine: Machine, *words: str) -> Any:
    """What mailroomctl says, as facts. Raises Stop with its words."""
    done = machine.run("/usr/local/bin/mailroomctl", *words, "--json", check=False)
    try:
        facts = json.loads(done.stdout)
    except ValueError:
        raise Stop(f"mailroomctl {' '.join(words)}: {(done.stderr or done.stdout).strip()[-1000:]}") from None
    if done.returncode:
        raise Stop(f"mailroomctl {' '.join(words)}: {facts['error']['message']}")
    return facts


def until_ready(machine: Machine) -> None:
    """Wait until every daemon has answered, telling which one is waited for."""
    until, waited_for = time.monotonic() + READY_LIMIT_S, ""
    while True:
        try:
            late = [one["title"] for one in ctl(machine, "status")["daemons"] if one["state"] not in SETTLED]
        except Stop as reason:
            late = [str(reason)]
        if not late:
            return
        if time.monotonic() > until:
            raise Stop(f"Not ready within {READY_LIMIT_S:.0f} s: {', '.join(late)}. Logs: {logs(machine)}")
        if (now := ", ".join(late)) != waited_for:
            say(f"    waiting for {now[:200]}")
            waited_for = now
        time.sleep(0.3)


def logs(machine: Machine) -> str:
    """Where the machine's logs are, as this host sees them."""
    return str(machine.folder / "volume1")


def seats(machine: Machine) -> None:
    """Give the example users their seats."""
    names = [name for name, _, _ in USERS]
    until = time.monotonic() + READY_LIMIT_S
    while not {one["name"] for one in ctl(machine, "accounts", "list")["users"]} >= set(names):
        if time.monotonic() > until:
            raise Stop("The machine's users did not appear in the account table.")
        time.sleep(0.3)
    ctl(machine, "accounts", "activate", *names)


def first_mail(machine: Machine, wanted: Notes) -> None:
    """Send a mail in over SMTP, unless one is there already, and read it over IMAP."""
    name = USERS[0][0]
    if subjects(wanted, name):
        return
    mail = EmailMessage()
    mail["From"], mail["To"] = "Postmaster of the outside world <friend@world.example>", f"{name}@{DOMAIN}"
    mail["Subject"], mail["Date"], mail["Message-ID"] = (
        "Welcome to Mailroom",
        formatdate(),
        make_msgid(domain="world.example"),
    )
    mail.set_content(
        "Dear Anna,\n\nif you can read this, mail from outside reaches you.\n"
        "Reply to it: the answer appears in the outside world's mailbox.\n"
    )
    until = time.monotonic() + MAIL_LIMIT_S
    while not taken(mail, wanted) and time.monotonic() < until:
        time.sleep(0.5)
    while not subjects(wanted, name):
        if time.monotonic() > until:
            raise Stop(f"The first mail did not arrive. Logs: {logs(machine)}")
        time.sleep(0.2)


def taken(mail: EmailMessage, wanted: Notes) -> bool:
    """Whether the server took it; an answer of "later" is tried again, as any mail server does."""
    try:
        with smtplib.SMTP(wanted.host, wanted.ports["smtp"], timeout=60) as server:
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as refused:
        code, words = next(iter(refused.recipients.values()))
        if code >= 500:
            raise Stop(f"The first mail was refused: {code} {words.decode(errors='replace')}") from None
        return False
    return True


def subjects(wanted: Notes, name: str) -> int:
    """How many messages this user's inbox holds, asked over IMAP with TLS."""
    trusting = ssl.create_default_context()
    # The first day's certificate is the server's own.
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with imaplib.IMAP4_SSL(wanted.host, wanted.ports["imaps"], ssl_context=trusting, timeout=30) as mailbox:
        mailbox.login(f"{name}@{DOMAIN}", wanted.passwords[name])
        _, counted = mailbox.select("INBOX", readonly=True)
        return int(counted[0] or 0)


def tell(machine: Machine, wanted: Notes, measured: Measured) -> None:
    """What a person needs to go on."""
    lines = ["", "Mailroom runs.", ""]
    lines += [f"  {name:24} {address}" for name, address in standin.addresses(wanted).items()]
    lines += ["", "  Users (name, password):"]
    lines += [f"  {user:24} {password}" for user, password in wanted.passwords.items()]
    took = ", ".join(f"{name} {seconds} s" for name, seconds in measured.seconds.items())
    memory = sum(one["memory_mb"] for one in ctl(machine, "status")["daemons"])
    lines += ["", f"  Measured: {took}; memory of all daemons {memory:.0f} MB.", "  Stop it with: sudo ./dev stop"]
    print("\n".join(lines))


def stop() -> int:
    """Switch the machine off; everything in it stays."""
    known = standin.notes()
    if known is not None:
        with step("machine off"):
            standin.machine(known).shutdown()
    return 0


def status(as_json: bool) -> int:
    """What runs: each daemon's state, pid, memory and readiness; addresses, ports, users. 1 when the machine is off."""
    known = standin.notes()
    machine = standin.machine(known) if known else None
    facts: dict[str, Any] = {
        "on": bool(machine and machine.is_on()),
        "daemons": [],
        "addresses": {},
        "ports": {},
        "users": [],
    }
    if known and machine:
        facts.update(addresses=standin.addresses(known), ports=known.ports, dsm=known.dsm, folder=str(machine.folder))
        facts["users"] = [{"name": user, "password": password} for user, password in known.passwords.items()]
    if machine and facts["on"]:
        facts["machine_pid"] = machine.pid()
        facts["package"] = machine.ask("status", name="Mailroom")
        overview = ctl(machine, "status")
        facts["health"] = overview["health"]
        facts["daemons"] = [{**one, "ready": one["state"] in UP} for one in overview["daemons"]]
    print(json.dumps(facts, indent=2, ensure_ascii=False) if as_json else words(facts))
    return 0 if facts["on"] else 1


def words(facts: dict[str, Any]) -> str:
    """The same for people."""
    if not facts["on"]:
        return "The machine is off. Start it with: sudo ./dev run"
    lines = [f"{facts['health']['title']}. {facts['health']['text']}", ""]
    lines += [
        f"  {one['id']:10} {one['state']:10} {one['pid'] or '-':>8} {one['memory_mb']:8.1f} MB"
        for one in facts["daemons"]
    ]
    lines += ["", *(f"  {name:24} {address}" for name, address in facts["addresses"].items())]
    return "\n".join([*lines, *(f"  {one['name']:24} {one['password']}" for one in facts["users"])])
