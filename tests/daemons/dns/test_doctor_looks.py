"""CL08: ports, certificate, clock, protocols and sign-ins, each as it may be; and with a relay."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor_net import ADDRESS, LIST, OURS, REVERSE, Net
from mailroom.core.problems import Unavailable
from mailroom.monitor.time_server import NoTime
from mailroom.tls import self_signed
from mailroom.tls.served import of_file
from name_servers import name_servers


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    with name_servers() as servers:
        yield Net(servers, tmp_path)


@pytest.mark.parametrize(
    ("said", "code", "state"),
    [
        ("220 mx.big.example ESMTP", "port_out_open", "right"),
        ("554 5.7.1 No service for you", "port_out_refuses", "advice"),
        (errno.ECONNREFUSED, "port_out_closed", "problem"),
        (errno.ETIMEDOUT, "port_out_closed", "problem"),
        (errno.ENETUNREACH, "port_out_no_way", "unknown"),
    ],
)
def test_port_25_outwards(net: Net, said: str | int, code: str, state: str) -> None:
    def greeting(address: str, port: int) -> str:
        if isinstance(said, int):
            raise OSError(said, "no")
        return said

    found = net.check(greeting=greeting)["port_out"]
    assert (found["code"], found["state"]) == (code, state)


@pytest.mark.parametrize(
    ("doors", "said", "code"),
    [
        ({("*", 25)}, "220 mail.example.com ESMTP", "port_in_answers"),
        ({("192.168.1.5", 25)}, "220 mail.example.com ESMTP", "port_in_answers"),
        ({("*", 25)}, "220 router.example", "port_in_other"),
        ({("*", 25)}, "", "port_in_unknown"),
        ({("127.0.0.1", 25), ("*", 587)}, "220 mail.example.com ESMTP", "port_in_silent"),
    ],
)
def test_port_25_inwards(net: Net, doors: set[tuple[str, int]], said: str, code: str) -> None:
    assert net.check(doors=lambda: doors, greeting=lambda address, port: said)["port_in"]["code"] == code


def test_with_smtp_off_and_with_the_address_on_the_nas(net: Net) -> None:
    net.own[ADDRESS] = False
    assert net.check()["port_in"]["code"] == "port_in_own"
    net.values["service.protocol"]["smtp_enabled"] = False
    assert net.check()["port_in"]["code"] == "port_in_off"


@pytest.mark.parametrize(
    ("days", "hostname", "code"),
    [
        (0, "mail.example.com", "cert_own"),
        (0, "other.example.com", "cert_other_name"),
        (810, "mail.example.com", "cert_soon"),
        (900, "mail.example.com", "cert_ended"),
        (-30, "mail.example.com", "cert_not_yet"),
    ],
)
def test_the_certificates_names_and_days(net: Net, days: int, hostname: str, code: str) -> None:
    class Clock:
        def now(self) -> float:
            return time.time() + days * 86_400

        def elapsed(self) -> float:
            return time.monotonic()

    net.values["mail_delivery.general"]["hostname"] = hostname
    assert net.check(clock=Clock())["certificate"]["code"] == code


def test_a_certificate_that_is_not_the_one_shown(net: Net, tmp_path: Path) -> None:
    former = tmp_path / "former"
    former.mkdir()
    (former / "cert.pem").write_bytes(self_signed.make("mail.example.com")[1])
    found = net.check(served=lambda *_: of_file(former / "cert.pem"))["certificate"]
    assert (found["code"], found["state"]) == ("cert_not_served", "problem")
    assert net.check(certificate=tmp_path / "none.pem")["certificate"]["code"] == "cert_unreadable"

    def silent(*_: Any) -> Any:
        raise OSError("nothing there")

    assert net.check(served=silent)["certificate"]["code"] == "cert_silent"


def test_the_clock(net: Net) -> None:
    def no_time(address: str, limit_s: float) -> float:
        raise NoTime(address)

    def nobody(address: str, limit_s: float) -> float:
        raise TimeoutError

    assert net.check(offset_s=lambda *_: -20.0)["clock"]["code"] == "clock_off"
    assert net.check(offset_s=lambda *_: 3600.0)["clock"]["code"] == "clock_wrong"
    assert net.check(offset_s=no_time)["clock"]["code"] == "clock_no_time"
    assert net.check(offset_s=nobody)["clock"]["code"] == "clock_silent"
    assert net.check(host_time_server=lambda: "")["clock"]["code"] == "clock_no_server"
    net.option(time_server="nowhere.example")
    assert net.check()["clock"]["code"] == "clock_silent"


def test_protocols_and_who_has_to_wait(net: Net) -> None:
    def silent() -> list[dict[str, Any]]:
        raise Unavailable("The sign-in service does not answer.")

    waiting = [{"kind": "account", "value": "ben"}]
    assert net.check(bans=lambda: waiting)["sign_in"]["found"] == ["ben"]
    assert net.check(bans=silent)["sign_in"]["state"] == "problem"
    net.values["service.protocol"].update(smtps_enabled=False, submission_enabled=False)
    assert net.check()["protocols"]["code"] == "protocols_no_sending"
    net.values["service.protocol"].update(imaps_enabled=False, imap_enabled=False)
    assert net.check()["protocols"]["code"] == "protocols_off"


def test_with_a_relay_our_own_address_matters_less(net: Net) -> None:
    net.values["mail_delivery.delivery"] = {"enabled": True}
    net.list[f"{OURS}.{LIST}"] = {"A": ["127.0.0.2"]}
    del net.back[REVERSE]
    found = net.check()
    assert {id: found[id]["state"] for id in ("ptr", f"lists:{LIST}", "port_out", "spf")} == {
        "ptr": "advice", f"lists:{LIST}": "advice", "port_out": "right", "spf": "unknown",
    }  # fmt: skip


def test_each_option_changes_what_is_asked(net: Net) -> None:
    net.option(outward_domain="", blocklists=[], time_server="192.0.2.7")
    asked: list[str] = []

    def offset_s(address: str, limit_s: float) -> float:
        asked.append(address)
        return 0.0

    found = net.check(offset_s=offset_s)
    assert (found["port_out"]["code"], found["lists"]["code"], asked) == ("port_out_off", "lists_none", ["192.0.2.7"])
