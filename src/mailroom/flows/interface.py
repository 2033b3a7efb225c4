"""The network interface on which mail services listen: choosing it, and following its addresses (rows PR08, SW04).

An interface that is gone or has no address is never replaced by another one: services then listen on loopback alone,
mail waits at the senders, the window says why, and everything goes on by itself when an address is back.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from mailroom.core.pages.service_interface import ALL
from mailroom.core.problems import ApplyFailed, Invalid
from mailroom.core.settings import AllValues
from mailroom.daemons.interfaces import Interface, interfaces, listening, serves_cluster, title
from mailroom.filtering import conditions
from mailroom.flows.setting import Settings
from mailroom.flows.setting_start import refresh

LOG = logging.getLogger("mailroom.interface")
PAGE, CONDITION = "service.interface", "network-interface"
# Links come and go, IPv4 and IPv6 addresses too (rtnetlink(7), RTMGRP_*).
GROUPS = 0x1 | 0x10 | 0x100
LOOK_AT_LEAST_EVERY_S = 15.0
# A lease that is renewed takes the old address away a moment before the new one is there.
SETTLES_S = 1.0
STOP_SEEN_WITHIN_S = 1.0


class Watch:
    """Follows the machine's addresses. report, clear: the condition that the window shows."""

    def __init__(
        self,
        settings: Settings,
        look: Callable[[], Iterable[Interface]] = interfaces,
        again: Callable[[Settings], Any] = refresh,
        report: Callable[[str, str, str, str], None] = conditions.report,
        clear: Callable[[str], None] = conditions.clear,
    ) -> None:
        self.settings, self.interfaces, self.again = settings, look, again
        self.report, self.clear = report, clear
        self.followed: Any = None

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`: look when the kernel says that something changed, and now and then."""
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE) as news:
            news.bind((0, GROUPS))
            while not stop.is_set():
                self.look()
                if _heard(news, stop):
                    stop.wait(SETTLES_S)
                    _drain(news)

    def look(self) -> None:
        """Once: say what lasts, and have the daemons follow what has changed since."""
        chosen = str(self.settings.values()[PAGE]["interface"])
        known = listening(self.interfaces())
        if chosen != ALL and chosen not in known:
            self.report(
                CONDITION,
                f"The network interface {chosen} has no address",
                "Mail services listen on it alone, so nobody can reach them now. Mail waits at the sending servers.",
                "Connect it again in Control Panel > Network, or choose another one in Service > Network Interface.",
            )
        else:
            self.clear(CONDITION)
        # All of them, because the networks that need no sign-in follow, too (row DL10).
        if (now := (chosen, known)) == self.followed:
            return
        try:
            self.again(self.settings)
            self.followed = now
        except ApplyFailed as reason:
            LOG.warning("not followed yet: %s", reason.message)


def _heard(news: socket.socket, stop: threading.Event) -> bool:
    """Whether the kernel said something, waiting until it does, or until it is time to look anyway."""
    waited = 0.0
    while waited < LOOK_AT_LEAST_EVERY_S and not stop.is_set():
        if select.select([news], [], [], STOP_SEEN_WITHIN_S)[0]:
            return True
        waited += STOP_SEEN_WITHIN_S
    return False


def _drain(news: socket.socket) -> None:
    try:
        while news.recv(65536):
            continue
    except OSError:
        # Nothing is left, or there was more than the kernel keeps: we look at everything anyway.
        return


def refuse_unreachable(
    before: AllValues, after: AllValues, look: Callable[[], Iterable[Interface]] = interfaces
) -> None:
    """Raises Invalid when somebody chooses an interface on which nobody could reach the server now."""
    chosen = after[PAGE]["interface"]
    if chosen in (ALL, before[PAGE]["interface"]) or chosen in listening(found := list(look())):
        return
    there = any(one.id == chosen for one in found)
    sentence = f"{chosen} has no address now." if there else f"This NAS has no network interface {chosen!r}."
    usable = ", ".join(f"{one.id} ({one.title})" for one in found if one.addresses)
    raise Invalid(
        sentence,
        field="interface",
        setting=f"{PAGE}.interface",
        next=f"Choose one of: {ALL}, {usable}.",
        fields={"interface": sentence},
    )


def advise(before: AllValues, after: AllValues) -> list[dict[str, str]]:
    """An adviser of Settings: what is chosen here decides what a cluster can be made of (row PR09)."""
    chosen = after[PAGE]["interface"]
    if chosen in (ALL, before[PAGE]["interface"]) or serves_cluster(chosen):
        return []
    text = f"{title(chosen)} serves one server alone: a high-availability cluster needs a LAN or a bonded interface."
    return [{"field": "interface", "text": text}]


def choices(look: Callable[[], Iterable[Interface]] = interfaces) -> list[dict[str, Any]]:
    """[{id, title, addresses, dynamic, up}], "all of them" first with the id "" (api/setup)."""
    found = list(look())
    every = [address for one in found for address in one.addresses]
    all_of_them = {"id": "", "title": "All", "addresses": every, "dynamic": None, "up": True}
    return [all_of_them, *({**asdict(one), "addresses": list(one.addresses)} for one in found)]


def with_choices(page: dict[str, Any], look: Callable[[], Iterable[Interface]] = interfaces) -> dict[str, Any]:
    """The settings page with the interfaces that can be chosen on this NAS, as the answer to `settings.read`."""
    field = page["schema"]["properties"]["interface"]
    labels = {ALL: "All interfaces"}
    labels.update({one.id: f"{one.title} ({', '.join(one.addresses) or 'no address'})" for one in look()})
    labels.setdefault(page["values"]["interface"], page["values"]["interface"])
    shown = {**field, "enum": list(labels), "x-ui": {**field["x-ui"], "labels": labels}}
    properties = {**page["schema"]["properties"], "interface": shown}
    return {**page, "schema": {**page["schema"], "properties": properties}}
