"""The first set-up on this machine: its real volumes, interfaces, daemons and name servers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from mailroom.core.problems import Invalid, Problem
from mailroom.core.settings import AllValues
from mailroom.daemons import listening, mail_place, supervise
from mailroom.daemons.dovecot.daemon import DAEMON as DOVECOT
from mailroom.daemons.dovecot.daemon import has_message
from mailroom.daemons.order import wanted
from mailroom.daemons.postfix.daemon import DAEMON as POSTFIX
from mailroom.daemons.postfix.daemon import waits_for
from mailroom.daemons.states import SETTLED
from mailroom.filtering import conditions
from mailroom.flows import interface, setup_check, setup_test_mail
from mailroom.flows.dns_records import quick
from mailroom.flows.setting import Settings
from mailroom.flows.setup_job import Ports, Setup

CONDITION = "mail-volume"
# Without these no mail comes in; scanners may take minutes at their first start.
NEEDED = ("signin", "filter", *reversed(mail_place.SERVICES))


class Machine:
    """What the set-up needs of the machine. settings: the settings story of this process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def taken(self, values: AllValues) -> list[tuple[int, str]]:
        """[(port, program or "")] that others have of what mail services would need with these settings."""
        facts = self.settings.facts_for(values)
        own = {door for name in mail_place.SERVICES for door in listening.doors_of(name)}
        ports = listening.taken(POSTFIX.doors(facts) | DOVECOT.doors(facts), own)
        return [(port, listening.holder(port, mail_place.OUTSIDE / "proc")) for port in ports]

    def bring(self) -> None:
        """Everything runs that should."""
        supervise.bring(set(wanted(self.settings.facts_for(self.settings.values()))))

    def move_mail(self, volume: str, store: str) -> None:
        """Let the mailboxes lie on a volume from now on. Raises Problem when there is mail, or it cannot be done."""
        supervise.hold(*mail_place.SERVICES)
        try:
            if mail_place.has_mail():
                raise Problem("Mail has come in meanwhile.", code="volume_has_mail", field="volume")
            mail_place.use(volume, store)
            conditions.clear(CONDITION)
        finally:
            self.bring()

    def late(self) -> list[str]:
        """Titles of mail services that do not answer yet."""
        return [one["title"] for one in supervise.status() if one["id"] in NEEDED and one["state"] not in SETTLED]

    def report_missing(self) -> None:
        """Say that the volume with the mail is not there, if it is so."""
        if gone := mail_place.missing():
            conditions.report(
                CONDITION,
                f"The volume with the mail is missing: {gone}",
                "Its mailboxes were not found when Mailroom started. Mail services do not run, so that nothing is "
                "lost: mail waits at the sending servers.",
                "Bring the volume back in Storage Manager; mail services go on by themselves. If it is gone for good: "
                f"mailroomctl setup --abandon-volume {gone}",
            )

    def abandon_volume(self, volume: str, who: str, where: str) -> dict[str, Any]:
        """Begin with empty mailboxes on the package's volume, because this one is gone for good. Raises Invalid."""
        if not volume or volume != mail_place.missing():
            gone = mail_place.missing()
            raise Invalid(
                f"{volume} is not missing." if not gone else f"It is {gone} that is missing.",
                field="volume",
                next="Name the volume that is missing.",
            )
        with self.settings.turn:
            self.move_mail(mail_place.package_volume(), "")
        self.settings.events.add("setup", f"The mail on {volume} was given up.", who=who, where=where, volume=volume)
        return {"abandoned": volume, "volume": mail_place.package_volume()}


def operations(
    settings: Settings, sync: Callable[[], dict[str, Any]], person: Callable[[str], dict[str, Any]]
) -> tuple[Setup, dict[str, Callable[..., Any]]]:
    """The set-up of this server, and what the job process can be asked about it."""
    machine = Machine(settings)
    world = setup_check.World(
        interface.choices, mail_place.volumes, mail_place.has_mail, mail_place.missing, machine.taken, quick
    )
    ports = Ports(
        world,
        lambda: (mail_place.current(), mail_place.chosen_store()),
        mail_place.make_store,
        mail_place.remove_store,
        machine.move_mail,
        machine.late,
        sync,
        machine.bring,
        mail_place.package_volume,
    )
    setup = Setup(settings, ports)
    machine.report_missing()
    mails = setup_test_mail.TestMails(
        setup_test_mail.Ports(settings.values, person, has_message, waits_for, setup_test_mail.submit, time.sleep)
    )
    return setup, {**setup.operations(), **mails.operations(), "setup.abandon_volume": machine.abandon_volume}
