"""Which interface mail is served on decides whether a cluster could be made of this server (PR09)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from desktop import Desktop
from office import Office, until

PAGE = "service.interface"
# interface: (its address, the word that a warning begins with)
KINDS = {"ppp0": ("10.79.1.2", "PPPoE"), "bond0": ("10.79.2.2", "")}


@pytest.fixture
def connected(server: Office) -> Iterator[None]:
    """The NAS has one interface of each kind more."""
    for name, (address, _) in KINDS.items():
        server.machine.network("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}-peer", check=True)
        server.machine.network("ip", "addr", "add", f"{address}/24", "dev", name, check=True)
        for end in (name, f"{name}-peer"):
            server.machine.network("ip", "link", "set", end, "up", check=True)
    yield
    server.apply(PAGE, interface="all")
    for name in KINDS:
        server.machine.network("ip", "link", "del", name, check=True)
    until(lambda: not server.late(), 90, "all daemons answer")


def answers(server: Office, address: str) -> bool:
    try:
        server.connect(25, place="nas", to=address, timeout_s=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("name", KINDS)
def test_one_server_may_bind_what_a_cluster_cannot(server: Office, connected: None, name: str) -> None:
    """PR09: told before it is applied and with the answer, for PPPoE; not for a bond; both serve one server."""
    address, word = KINDS[name]
    desktop, usual = Desktop(server), server.address(2)
    revision = desktop.get(f"api/settings/{PAGE}")["revision"]
    change = {"revision": revision, "page": PAGE, "changes": {"interface": name}}
    shown = desktop.post("api/settings/preview", **change)["warnings"]
    assert [(one["field"], one["text"].split()[0]) for one in shown] == ([("interface", word)] if word else [])
    assert answers(server, usual) and answers(server, address)
    assert desktop.post("api/settings/apply", **change)["warnings"] == shown
    until(lambda: not server.late(), 90, "all daemons answer")
    assert answers(server, address) and not answers(server, usual)
    server.apply(PAGE, interface="all")
    until(lambda: answers(server, usual), 60, "as before")
