"""DL02, CL08: the deliverability check looks at the records of each additional domain, within a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor_net import Net
from mailroom.flows import doctor_domains
from name_servers import name_servers

DOMAIN = "other.example"
LOOKS = ("mx", "spf", "dmarc", "tls_rpt")


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    """With one additional domain, whose records are as they should be."""
    with name_servers() as servers:
        made = Net(servers, tmp_path)
        made.values["mail_delivery.general"]["additional_domains"] = [{"id": "a", "domain": DOMAIN}]
        made.other |= {
            DOMAIN: {"NS": ["ns.other.example."], "MX": ["0 mail.example.com."], "TXT": ['"v=spf1 mx -all"']},
            f"_dmarc.{DOMAIN}": {"TXT": ['"v=DMARC1; p=none"']},
            f"_smtp._tls.{DOMAIN}": {"TXT": [f'"v=TLSRPTv1; rua=mailto:postmaster@{DOMAIN}"']},
        }
        yield made


def of_domain(found: dict[str, dict[str, Any]], domain: str = DOMAIN) -> dict[str, dict[str, Any]]:
    """{look: item} of an additional domain."""
    return {id.removesuffix(f":{domain}"): one for id, one in found.items() if one["domain"] == domain}


def test_all_is_right_and_the_main_domain_comes_first(net: Net) -> None:
    found = net.check()
    told = of_domain(found)
    assert {id: told[id]["state"] for id in told} == dict.fromkeys(LOOKS, "right")
    assert found["mx"]["state"] == "right" and found["mx"]["domain"] == ""
    assert [one["domain"] for one in found.values()] == sorted(one["domain"] for one in found.values())


def test_each_domain_has_its_own_faults_and_its_own_records_to_copy(net: Net) -> None:
    net.other[DOMAIN] = {"NS": ["ns.other.example."], "MX": ["5 mx.other.example."], "TXT": ['"v=spf1 -all"']}
    del net.other[f"_dmarc.{DOMAIN}"], net.other[f"_smtp._tls.{DOMAIN}"]
    found = net.check()
    told = of_domain(found)
    assert {id: one["state"] for id, one in told.items()} == {
        "mx": "problem", "spf": "problem", "dmarc": "advice", "tls_rpt": "advice",
    }  # fmt: skip
    assert {id: told[id]["record"]["name"] for id in LOOKS} == {
        "mx": DOMAIN, "spf": DOMAIN, "dmarc": f"_dmarc.{DOMAIN}", "tls_rpt": f"_smtp._tls.{DOMAIN}",
    }  # fmt: skip
    assert told["tls_rpt"]["record"]["value"].endswith(f"postmaster@{DOMAIN}")
    assert found["mx"]["state"] == "right"


def test_what_is_announced_is_looked_at_for_each_domain(net: Net) -> None:
    net.announce("testing")
    told = of_domain(net.check())
    assert (told["mta_sts"]["code"], told["mta_sts_host"]["code"]) == ("mta_sts_missing", "mta_sts_host_missing")
    assert told["mta_sts"]["record"]["name"] == f"_mta-sts.{DOMAIN}"
    net.other[f"_mta-sts.{DOMAIN}"] = {"TXT": net.domain["_mta-sts.example.com"]["TXT"]}
    net.other[f"mta-sts.{DOMAIN}"] = {"CNAME": ["mail.example.com."]}
    told = of_domain(net.check())
    assert {one["state"] for one in told.values()} == {"right"}, told


def test_a_domain_that_nobody_has_registered(net: Net) -> None:
    net.values["mail_delivery.general"]["additional_domains"].append({"id": "b", "domain": "nobody.example"})
    told = of_domain(net.check(), "nobody.example")
    assert told["mx"]["code"] == "domain_not_delegated" and told["mx"]["state"] == "problem"


def test_slow_servers_of_one_domain_hold_nothing_up(net: Net) -> None:
    net.third.manner = "silent"
    began = time.monotonic()
    found = net.check()
    assert time.monotonic() - began < 20
    assert {one["state"] for one in of_domain(found).values()} == {"unknown"}
    assert found["mx"]["state"] == "right"


def test_no_domain_is_begun_when_the_time_is_over_and_that_is_told(net: Net) -> None:
    class Later:
        time = 0.0

        def now(self) -> float:
            return net.outside.clock.now()

        def elapsed(self) -> float:
            self.time += doctor_domains.BEGIN_WITHIN_S
            return self.time

    many = [{"id": f"d{number}", "domain": f"d{number}.example"} for number in range(100)]
    net.values["mail_delivery.general"]["additional_domains"] = many
    asked = len(net.resolver.asked)
    found = doctor_domains.look(net.values, replace(net.outside, clock=Later()))
    late = [one for one in found if one.code == "domain_not_looked"]
    assert len(late) >= 98 and len({one.id for one in found}) == len(found)
    assert all(one.domain in one.text and one.state == "unknown" for one in late)
    assert len(net.resolver.asked) - asked < 100


def test_what_fails_inside_takes_nothing_from_the_other_domains(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    net.values["mail_delivery.general"]["additional_domains"].append({"id": "b", "domain": "broken.example"})
    real = doctor_domains.dns_records.check

    def check(values: Any, asked: dict[str, str], *more: Any) -> Any:
        if asked.get("domain") == "broken.example":
            raise RuntimeError("a mistake of ours")
        return real(values, asked, *more)

    monkeypatch.setattr(doctor_domains.dns_records, "check", check)
    found = net.check()
    assert of_domain(found, "broken.example")["mx"]["code"] == "broken"
    assert of_domain(found)["mx"]["state"] == found["mx"]["state"] == "right"
