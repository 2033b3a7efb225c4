"""CL08: the deliverability check against real name servers and blocklists: right, wrong, missing, slow, lying."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor_net import ADDRESS, DEAD, IPV6, LIST, LYING, OURS, REFUSING, REVERSE, Net
from mailroom.dns.address import reverse_name
from name_servers import name_servers


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    with name_servers() as servers:
        yield Net(servers, tmp_path)


def states(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {id: one["state"] for id, one in found.items()}


def test_all_is_right(net: Net) -> None:
    found = net.check()
    right = ("mx", "a", "aaaa", "port_in", "ptr", "spf", "dmarc", "port_out", f"lists:{LIST}", "protocols", "sign_in")
    assert {id: states(found)[id] for id in (*right, "clock")} == dict.fromkeys((*right, "clock"), "right")
    # Two things that a new server cannot have yet.
    assert (found["certificate"]["code"], found["dkim"]["state"]) == ("cert_own", "not_set_up")
    assert [id for id, one in found.items() if one["state"] == "right" and one["next"]] == []


def test_wrong_records_come_with_the_right_ones_to_copy(net: Net) -> None:
    net.domain["example.com"]["MX"] = ["10 mx.elsewhere.example."]
    net.domain["mail.example.com"] = {"A": ["198.51.100.77"], "AAAA": [IPV6]}
    net.back[REVERSE] = {"PTR": ["dyn-25.isp.example."]}
    found = net.check()
    for id in ("mx", "a", "aaaa", "ptr"):
        assert found[id]["state"] == "problem" and found[id]["next"], id
    assert found["mx"]["found"] == ["10 mx.elsewhere.example"] and found["mx"]["expected"] == "0 mail.example.com"
    assert found["mx"]["record"] == {"type": "MX", "name": "example.com", "value": "mail.example.com", "priority": 0}
    assert found["a"]["record"]["value"] == ADDRESS
    assert found["aaaa"]["found"] == [IPV6]


def test_missing_records(net: Net) -> None:
    net.domain["example.com"] = {"NS": ["ns1.example.com."]}
    del net.domain["_dmarc.example.com"], net.back[REVERSE]
    found = net.check()
    assert states(found) | {"mx": "problem", "spf": "problem", "ptr": "problem", "dmarc": "advice"} == states(found)
    assert found["spf"]["record"]["value"] == "v=spf1 mx ~all"


def test_an_ipv6_address_of_ours_needs_a_reverse_name_too(net: Net) -> None:
    net.own[IPV6] = False
    net.own[ADDRESS] = False
    net.domain["mail.example.com"]["AAAA"] = [IPV6]
    back = "8.b.d.0.1.0.0.2.ip6.arpa"
    zone: dict[str, dict[str, list[str]]] = {back: {"NS": ["ns.isp.example."]}}
    net.resolver.zones[back] = zone
    net.provider.zones[back] = zone
    assert net.check()["aaaa"]["code"] == "aaaa_no_reverse"
    zone[reverse_name(IPV6)] = {"PTR": ["mail.example.com."]}
    assert net.check()["aaaa"]["code"] == "aaaa_ours"


@pytest.mark.parametrize(
    ("record", "code", "better"),
    [
        ("v=spf1 include:other.example -all", "spf_fail", "v=spf1 include:other.example mx -all"),
        ("v=spf1 include:other.example ~all", "spf_softfail", "v=spf1 include:other.example mx ~all"),
        ("v=spf1 a:ns1.example.com", "spf_neutral", "v=spf1 a:ns1.example.com mx"),
        ("v=spf1 redirect=other.example", "spf_fail", "v=spf1 mx redirect=other.example"),
        ("v=spf1 include:nowhere.example mx -all", "spf_include_none", None),
        ("v=spf1 mx +all", "spf_everybody", "v=spf1 mx ~all"),
        (f"v=spf1 {'a:mail.other.example ' * 2}a:x.other.example -all", "spf_too_many_empty", None),
        (f"v=spf1 {'a:ns1.example.com ' * 11}mx -all", "spf_too_many", None),
        ("v=spf1 ip4:203.0.113.25/24 -all", "spf_pass", None),
    ],
)
def test_what_spf_makes_of_our_address(net: Net, record: str, code: str, better: str | None) -> None:
    net.domain["example.com"]["TXT"] = [f'"{record}"']
    found = net.check()["spf"]
    assert found["code"] == code
    assert found["state"] == {"spf_pass": "right", "spf_neutral": "advice"}.get(code, "problem")
    assert (found["record"] or {}).get("value") == better


def test_several_spf_records_and_one_that_nobody_tells_about(net: Net) -> None:
    net.domain["example.com"]["TXT"] = ['"v=spf1 mx -all"', '"v=spf1 a -all"']
    assert net.check()["spf"]["code"] == "spf_several"
    net.domain["example.com"]["TXT"] = ['"v=spf1 include:other.example -all"']
    net.third.manner = "refused"
    found = net.check()["spf"]
    assert (found["state"], found["code"]) == ("unknown", "spf_not_asked")
    assert "other.example" in found["text"]


def test_slow_name_servers_are_unknown_and_hold_nothing_up(net: Net) -> None:
    net.one.manner = net.third.manner = "silent"
    began = time.monotonic()
    found = net.check()
    assert time.monotonic() - began < 20
    assert [found[id]["state"] for id in ("mx", "a", "dmarc", "spf", "aaaa")] == ["unknown"] * 5
    assert (found[f"lists:{LIST}"]["state"], found["clock"]["state"]) == ("right", "right")


def test_name_servers_that_lie_or_refuse_are_told(net: Net) -> None:
    net.one.manner = "false_question"
    assert net.check()["mx"]["code"] == "servers_false"
    net.one.manner = "refused"
    found = net.check()
    assert (found["mx"]["state"], found["mx"]["code"]) == ("unknown", "servers_refused")


def test_blocklists(net: Net) -> None:
    net.option(blocklists=[LIST, REFUSING, LYING, DEAD])
    net.list[f"{OURS}.{LIST}"] = {"A": ["127.0.0.2"], "TXT": ['"Spam seen, see https://list.example/why"']}
    found = net.check()
    told = {id.removeprefix("lists:"): one["code"] for id, one in found.items() if id.startswith("lists:")}
    assert told == {LIST: "list_listed", REFUSING: "list_refused", LYING: "list_lying", DEAD: "list_dead"}
    assert found[f"lists:{LIST}"]["state"] == "problem"
    assert found[f"lists:{LIST}"]["found"] == ["127.0.0.2", "Spam seen, see https://list.example/why"]
    assert {states(found)[f"lists:{zone}"] for zone in (REFUSING, LYING, DEAD)} == {"unknown"}


def test_a_list_that_names_ranges_of_homes_is_told_as_such(net: Net) -> None:
    net.list[f"{OURS}.{LIST}"] = {"A": ["127.0.0.10"]}
    assert net.check()[f"lists:{LIST}"]["code"] == "list_policy"


def test_a_silent_resolver_is_no_free_ticket(net: Net) -> None:
    net.resolver.manner = "silent"
    found = net.check()
    assert found[f"lists:{LIST}"]["code"] == "list_silent"
    assert (found["port_out"]["code"], found["port_out"]["state"]) == ("port_out_no_name", "unknown")


def test_without_a_public_address_nothing_is_claimed(net: Net) -> None:
    net.values["service.interface"]["public_address"] = "192.168.1.5"
    found = net.check()
    assert {found[id]["state"] for id in ("ptr", "spf", "port_in", f"lists:{LIST}")} == {"unknown"}
