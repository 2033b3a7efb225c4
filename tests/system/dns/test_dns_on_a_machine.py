"""The check of DNS records on a whole machine: its own resolvers find the domain's name server, which is then asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from desktop import Desktop, Refusal
from office import Office

ADDRESS = "203.0.113.25"


@pytest.fixture
def zone(server: Office) -> Iterator[dict[str, Any]]:
    """The world's zone with the domain's name server, which is the world itself; put back afterwards."""
    file = server.machine.folder / "zone.json"
    before = file.read_text() if file.exists() else None
    file.write_text(
        json.dumps(
            {
                "example.com": {"NS": ["ns1.example.com."], "MX": ["10 mx.elsewhere.example."]},
                "ns1.example.com": {"A": [server.address(1)]},
                "mail.example.com": {"A": [ADDRESS]},
                "_dmarc.example.com": "slow",
                "autoconfig.example.com": "servfail",
                "113.0.203.in-addr.arpa": {"NS": ["ns1.example.com."]},
                "25.113.0.203.in-addr.arpa": {"PTR": ["dyn-25.isp.example."]},
                "dyn-25.isp.example": {"A": [ADDRESS]},
            }
        )
    )
    yield json.loads(file.read_text())
    if before is None:
        file.unlink()
    else:
        file.write_text(before)


@pytest.mark.usefixtures("zone")
def test_the_domains_own_name_server_is_asked_about_each_record(server: Office) -> None:
    facts = server.ctl("dns", "check", "--address", ADDRESS)
    found = {one["id"]: (one["state"], one["code"]) for one in facts["records"]}
    assert facts["name_servers"] == ["ns1.example.com"]
    assert found["a"] == ("right", "right")
    assert found["mx"] == ("wrong", "mx_elsewhere")
    assert found["spf"] == ("missing", "spf_missing")
    assert found["dmarc"] == ("slow", "servers_slow")
    assert found["autoconfig"] == ("refused", "servers_failed")
    assert found["ptr"] == ("wrong", "ptr_dynamic")
    assert (facts["dynamic"], facts["relay_advised"], facts["relay"]["code"]) == (True, True, "relay_dynamic")


@pytest.mark.usefixtures("zone")
def test_the_records_are_shown_with_the_address_that_the_host_name_has(server: Office) -> None:
    facts = server.ctl("dns", "records")
    assert (facts["address"], facts["address_from"]) == (ADDRESS, "dns")
    told = {one["id"]: (one["name"], one["value"]) for one in facts["records"]}
    assert told["a"] == ("mail.example.com", ADDRESS)
    assert told["ptr"] == ("25.113.0.203.in-addr.arpa", "mail.example.com")
    words = server.machine.run("/usr/local/bin/mailroomctl", "dns", "records").stdout
    assert "25.113.0.203.in-addr.arpa" in words


@pytest.mark.usefixtures("zone")
def test_the_windows_routes_say_the_same(server: Office) -> None:
    desktop = Desktop(server)
    records = desktop.get(f"api/dns/records?address={ADDRESS}")
    assert {one["id"]: one["value"] for one in records["records"]}["a"] == ADDRESS
    checked = desktop.post("api/dns/check", domain="example.com", hostname="mail.example.com", address=ADDRESS)
    assert [one["id"] for one in checked["records"]] == [one["id"] for one in records["records"]]
    assert {one["id"]: one["state"] for one in checked["records"]}["mx"] == "wrong"
    with pytest.raises(Refusal) as refused:
        desktop.post("api/dns/check", address="1.2.3")
    assert (refused.value.status, refused.value.problem["field"]) == (422, "address")


@pytest.mark.usefixtures("zone")
def test_a_slow_check_holds_nobody_up(server: Office) -> None:
    """While the check waits for a name server that takes 10 s, the job process answers others."""
    with ThreadPoolExecutor(1) as pool:
        check = pool.submit(server.ctl, "dns", "check", "--address", ADDRESS)
        answered = 0
        while not check.done():
            server.ctl("settings", "get", "mail_delivery.general.domain")
            answered += not check.done()
        assert check.result()["records"]
        assert answered > 0


def test_what_is_no_domain_is_refused(server: Office) -> None:
    facts = server.ctl("dns", "check", "--domain", "no domain", check=False)
    assert (facts["error"]["code"], facts["error"]["field"]) == ("invalid", "domain")
