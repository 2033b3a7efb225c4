"""Networks that may send without signing in (row DL10): said before an Apply when strangers are among them."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from mailroom.core.net import public_count
from mailroom.core.settings import AllValues
from mailroom.daemons import host

PAGE = "mail_delivery.general"


def advise(
    before: AllValues, after: AllValues, own: Callable[[], Sequence[str]] = host.lan_networks
) -> list[dict[str, str]]:
    """An adviser of Settings: each trusted network with public addresses, when that has changed.

    own: the networks of this NAS's interfaces, which count when none are named. A NAS at a hosting provider has
    strangers in them.
    """
    was, now = before[PAGE], after[PAGE]
    keys = ("skip_auth_on_lan", "lan_networks")
    if not now["skip_auth_on_lan"] or all(was[key] == now[key] for key in keys):
        return []
    return [
        {"field": "lan_networks", "text": f"{one} holds public addresses: whoever has one may send without a password."}
        for one in now["lan_networks"] or own()
        if public_count(ipaddress.ip_network(one)) > 0
    ]
