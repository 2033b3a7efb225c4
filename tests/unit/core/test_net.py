"""Where an address leads, in each form that a machine understands; and which networks nobody should trust."""

from __future__ import annotations

import random
import socket
from pathlib import Path

import pytest

from mailroom.core import net, settings
from mailroom.core.problems import Invalid
from mailroom.core.sender_relay import host

SEED = 20_261_130
HERE = (
    "127.0.0.1", "127.1", "0", "0.0.0.0", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "017700000001", "127.0.1",
    "::1", "::", "[::1]", "[::]", "::ffff:127.0.0.1", "::ffff:7f00:1", "[::ffff:127.0.0.1]", "64:ff9b::7f00:1",
    "::127.0.0.1", "2002:7f00:1::", "0:0:0:0:0:0:0:1", "localhost", "localhost.", "LOCALHOST", "a.localhost",
    "169.254.1.1", "fe80::1", "fe80::1%eth0", "224.0.0.1", "255.255.255.255", "0.1.2.3", "1.2.3", "1.2", "0x",
    "127.0.0.1.", "1.2.3.4.5", "a.1", "a.0x1f", "300.1.1.1",
)  # fmt: skip
ELSEWHERE = (
    "192.0.2.1",
    "192.168.1.4",
    "2001:db8::1",
    "mail.example.com",
    "1and1.example",
    "0x7f.example",
    "relay",
    "a.b1",
)


@pytest.mark.parametrize("text", HERE)
def test_no_form_of_an_own_address_is_a_relay(text: str) -> None:
    with pytest.raises(ValueError, match=r"Enter|come back"):
        host(text)


@pytest.mark.parametrize("text", ELSEWHERE)
def test_other_servers_are(text: str) -> None:
    assert host(text) == text


def test_whatever_the_system_takes_for_an_address_is_known_as_one() -> None:
    """inet_aton(3), with numbers in all its forms: nothing that it understands passes as a name."""
    drawn = random.Random(SEED)
    forms = ("{}", "0x{:x}", "0X{:X}", "0{:o}")
    for _ in range(5_000):
        text = ".".join(
            drawn.choice(forms).format(drawn.choice((0, 1, 10, 127, 255))) for _ in range(drawn.randint(1, 4))
        )
        try:
            meant = socket.inet_ntoa(socket.inet_aton(text))
        except OSError:
            meant = ""
        known = net.address_of(text)
        assert net.is_odd_number(text) or str(known) == meant, text


def test_the_kinds() -> None:
    kinds = {"10.1.1.1": "private", "::ffff:10.1.1.1": "private", "fd00::1": "private", "100.64.0.1": "shared",
             "192.0.2.1": "public", "::ffff:127.0.0.1": "local", "0.0.0.0": "local", "fe80::1%eth0": "local",
             "64:ff9b::a01:101": "private", "2001:db8::1": "public"}  # fmt: skip
    assert {address: net.kind(address) for address in kinds} == kinds
    with pytest.raises(ValueError, match="localhost"):
        net.kind("localhost")


def test_own_addresses_are_known_by_the_kernel() -> None:
    assert (
        net.is_ours("127.0.0.1") and net.is_ours("::1") and net.is_ours("127.9.9.9") and net.is_ours("::ffff:0.0.0.0")
    )
    # TEST-NET-3 is nobody's (RFC 5737).
    assert not net.is_ours("203.0.113.77") and not net.is_ours("2001:db8:77::1")


@pytest.mark.parametrize(
    "texts",
    [
        ["0.0.0.0/0"],
        ["0.0.0.0/1", "128.0.0.0/1"],
        ["0.0.0.0/1"],
        ["::/0"],
        ["::/1", "8000::/1"],
        ["2000::/3"],
        ["::ffff:0.0.0.0/96"],
        ["::ffff:128.0.0.0/97"],
        [f"{first}.0.0.0/8" for first in range(1, 4)],
        [f"{first}.{half}.0.0/9" for first in (11, 12, 13) for half in (0, 128)],
        ["172.0.0.0/6"],
    ],
)
def test_what_holds_the_internet_is_not_trusted(texts: list[str]) -> None:
    page = "mail_delivery.general"
    with pytest.raises(Invalid) as refused:
        settings.clean(page, {**settings.defaults()[page], "lan_networks": texts})
    assert refused.value.field == "lan_networks"


def test_what_an_office_has_is() -> None:
    usual = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "100.64.0.0/10", "127.0.0.0/8", "fe80::/10"]
    assert net.networks([*usual, "198.51.100.0/24", "2001:db8::/32", "9.0.0.0/9"])[:2] == usual[:2]


def test_one_place_judges_addresses() -> None:
    """Whoever asks whether an address is inside asks core/net.py: a second list would miss a form."""
    kinds = ("loopback", "private", "global", "unspecified", "link_local", "multicast", "reserved")
    source = Path(net.__file__).parents[1]
    allowed = {
        "core/net.py",
        # Of interfaces of this machine, as the kernel tells them.
        "daemons/host.py", "daemons/interfaces.py",
        # Of clients, as Postfix tells them.
        "filtering/own_clients.py", "filtering/rules.py",
        # Of listening sockets, as the kernel tells them.
        "daemons/listening.py", "flows/doctor_ports.py",
    }  # fmt: skip
    found = {
        str(file.relative_to(source))
        for file in source.rglob("*.py")
        if any(f".is_{name}" in file.read_text() for name in kinds)
    }
    assert found <= allowed
