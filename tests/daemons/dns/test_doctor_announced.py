"""X06-08, X06-09: what the deliverability check says of MTA-STS and TLS-RPT, against real name servers."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor_net import ADDRESS, Net
from mailroom.core.sts_policy import Policy
from mailroom.monitor.policy_host import NotTrusted, fetch
from mailroom.tls import self_signed
from name_servers import NameServer, name_servers
from policy_web import AUTHORITY, answering, web

LOOKS = ("mta_sts", "mta_sts_host", "mta_sts_policy", "mta_sts_mx", "tls_rpt")
RECORD, HOST, REPORTS = "_mta-sts.example.com", "mta-sts.example.com", "_smtp._tls.example.com"


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    with name_servers() as servers:
        yield Net(servers, tmp_path)


def told(net: Net) -> dict[str, tuple[str, str]]:
    """{look: (state, code)} of what is announced."""
    return {id: (one["state"], one["code"]) for id, one in net.check().items() if id in LOOKS}


@pytest.mark.parametrize("mode", ["testing", "enforce"])
def test_all_is_right(net: Net, mode: str) -> None:
    net.announce(mode)
    found = told(net)
    assert {id: state for id, (state, _) in found.items()} == dict.fromkeys(LOOKS, "right"), found


def test_switched_off_only_that_is_said(net: Net) -> None:
    assert told(net) == {"mta_sts": ("not_set_up", "sts_off"), "tls_rpt": ("right", "right")}


def test_a_record_that_was_left_is_told(net: Net) -> None:
    net.domain[RECORD] = {"TXT": ['"v=STSv1; id=2026"']}
    found = net.check()["mta_sts"]
    assert (found["state"], found["code"], found["found"]) == ("advice", "sts_left", ["v=STSv1; id=2026"])


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ([], "mta_sts_missing"),
        (['"something=else"'], "mta_sts_missing"),
        (['"v=STSv1; id=2026"'], "mta_sts_old"),
        (['"v=STSv1; id=20-26"'], "mta_sts_wrong"),
        (['"v=sts1; id=2026"'], "mta_sts_wrong"),
        (['"v=STSv1; id=1"', '"v=STSv1; id=2"'], "mta_sts_several"),
    ],
)
def test_records_that_are_missing_or_wrong_come_with_the_right_one(net: Net, texts: list[str], code: str) -> None:
    policy = net.announce("enforce")
    net.domain[RECORD] = {"TXT": texts} if texts else {}
    found = net.check()["mta_sts"]
    assert (found["state"], found["code"]) == ("advice", code)
    assert found["record"] == {"type": "TXT", "name": RECORD, "value": policy.record, "priority": None}


def test_another_record_beside_it_does_no_harm(net: Net) -> None:
    policy = net.announce("enforce")
    net.domain[RECORD] = {"TXT": [f'"{policy.record};"', '"something=else"']}
    assert told(net)["mta_sts"] == ("right", "right")


def test_a_changed_policy_wants_another_id(net: Net) -> None:
    net.announce("testing")
    net.values["mail_delivery.security"]["mta_sts_max_age_days"] = 30
    found = told(net)
    assert found["mta_sts"] == ("advice", "mta_sts_old")
    assert found["mta_sts_policy"] == ("advice", "sts_policy_other")


def test_the_host_of_the_policy(net: Net) -> None:
    net.announce("enforce")
    net.domain[HOST] = {}
    found = net.check()
    assert (found["mta_sts_host"]["state"], found["mta_sts_host"]["code"]) == ("advice", "mta_sts_host_missing")
    assert found["mta_sts_host"]["record"]["value"] == "mail.example.com"
    assert found["mta_sts_policy"]["code"] == "sts_policy_no_host"
    net.domain[HOST] = {"A": ["198.51.100.77"]}
    assert told(net)["mta_sts_host"] == ("advice", "mta_sts_host_elsewhere")
    net.domain[HOST] = {"A": [ADDRESS]}
    assert told(net)["mta_sts_host"] == ("right", "right")


def test_how_the_policy_is_fetched(net: Net) -> None:
    policy = net.announce("enforce")

    def given(there: tuple[int, str] | OSError, here: tuple[int, str] | OSError | None = None) -> dict[str, Any]:
        net.web = {ADDRESS: there, **({"127.0.0.1": here} if here else {})}
        return net.check()["mta_sts_policy"]

    refused = OSError(111, "refused")
    found = given(NotTrusted("Hostname mismatch"))
    assert (found["state"], found["code"], found["expected"]) == ("advice", "sts_policy_certificate", HOST)
    assert "Hostname mismatch" in found["text"] and HOST in found["next"]
    assert given(refused)["code"] == "sts_policy_silent"
    assert given(TimeoutError("timed out"), (200, policy.text))["state"] == "unknown"
    assert given(refused, NotTrusted("no"))["code"] == "sts_policy_certificate"
    for nothing in ((404, ""), (301, policy.text), (200, "<html>"), (500, policy.text)):
        assert given(nothing)["code"] == "sts_policy_none"
    other = given((200, Policy("testing", 86_400, policy.mx).text))
    assert (other["state"], other["code"]) == ("advice", "sts_policy_other")
    assert "testing" in other["found"][0] and "enforce" in other["expected"]
    harmful = given((200, Policy("enforce", 86_400, ("mx.evil.example",)).text))
    assert (harmful["state"], harmful["code"]) == ("problem", "sts_policy_harmful")


def test_the_policy_is_fetched_over_real_tls(net: Net, tmp_path: Path) -> None:
    """Right; with the certificate of another name; from who never ends; from nobody."""
    policy = net.announce("enforce")

    def looked(port: int) -> str:
        def got(address: str, host: str, limit_s: float) -> tuple[int, str]:
            return fetch("127.0.0.1", host, limit_s, AUTHORITY.root.pem.decode(), port)

        return str(net.check(policy=got)["mta_sts_policy"]["code"])

    with web(tmp_path, answering(policy.text.encode())) as port:
        assert looked(port) == "sts_policy_right"
    assert looked(port) == "sts_policy_silent"
    with web(tmp_path, answering(policy.text.encode()), "www.example.com") as port:
        assert looked(port) == "sts_policy_certificate"
    over = threading.Event()

    def drops(link: ssl.SSLSocket) -> None:
        while not over.wait(0.1):
            link.sendall(b"H")

    with web(tmp_path, drops) as port:
        assert looked(port) == "sts_policy_silent"
        over.set()


@pytest.mark.parametrize(("mode", "state"), [("enforce", "problem"), ("testing", "advice")])
def test_servers_and_certificates_with_which_mail_would_stay_away(net: Net, mode: str, state: str) -> None:
    net.announce(mode)
    net.domain["example.com"]["MX"] = ["0 mail.example.com.", "10 mx.backup.example."]
    found = net.check()["mta_sts_mx"]
    assert (found["state"], found["found"], found["expected"]) == (state, ["mx.backup.example"], "mail.example.com")
    net.announce(mode, mta_sts_servers=["*.backup.example"])
    assert told(net)["mta_sts_mx"] == ("right", "sts_mx_right")
    right = net.outside.certificate.read_bytes()
    net.outside.certificate.write_bytes(self_signed.make("mail.example.com")[1])
    assert told(net)["mta_sts_mx"][0] == state
    net.outside.certificate.write_bytes(right)
    net.outside.roots.write_bytes(b"")
    assert told(net)["mta_sts_mx"][0] == state


def test_while_it_is_taken_back_the_records_stay_and_say_so(net: Net) -> None:
    net.announce("enforce")
    net.known_until = time.time() + 86_400
    net.values["mail_delivery.security"]["mta_sts_mode"] = "off"
    found = net.check()
    assert (found["mta_sts"]["code"], found["mta_sts"]["record"]["value"]) == (
        "mta_sts_old", Policy("none", 86_400).record,
    )  # fmt: skip
    assert found["mta_sts_policy"]["code"] == "sts_policy_other"
    net.domain[RECORD] = {"TXT": [f'"{Policy("none", 86_400).record}"']}
    net.web[ADDRESS] = (200, Policy("none", 86_400).text)
    found = net.check()
    assert (found["mta_sts"]["state"], found["mta_sts_policy"]["code"]) == ("right", "sts_policy_ends")
    assert time.strftime("%Y-%m-%d", time.gmtime(net.known_until)) in found["mta_sts_policy"]["text"]
    assert "mta_sts_mx" not in found


@pytest.mark.parametrize(
    ("texts", "state", "code"),
    [
        ([], "advice", "tls_rpt_missing"),
        (['"something=else"'], "advice", "tls_rpt_missing"),
        (['"v=TLSRPTv1; rua=postmaster@example.com"'], "advice", "tls_rpt_wrong"),
        (['"v=TLSRPTv1; rua=http://example.com/"'], "advice", "tls_rpt_wrong"),
        (['"v=tlsrptv1; rua=mailto:a@example.com"'], "advice", "tls_rpt_wrong"),
        (['"v=TLSRPTv1; rua=mailto:a@b.example"', '"v=TLSRPTv1; rua=mailto:c@d.example"'], "advice", "tls_rpt_several"),
        (['"v=TLSRPTv1; " "rua=mailto:a@reports.example,https://reports.example/x"'], "right", "right"),
    ],
)
def test_where_reports_go(net: Net, texts: list[str], state: str, code: str) -> None:
    net.domain[REPORTS] = {"TXT": texts} if texts else {}
    found = net.check()["tls_rpt"]
    assert (found["state"], found["code"]) == (state, code)
    assert found["record"]["value"] == "v=TLSRPTv1; rua=mailto:postmaster@example.com"


@pytest.mark.parametrize(
    ("manner", "code"),
    [("silent", "servers_slow"), ("refused", "servers_refused"), ("false_question", "servers_false"),
     ("lame", "servers_lame"), ("servfail", "servers_failed")],
)  # fmt: skip
def test_servers_that_do_not_answer_or_lie_make_nothing_wrong_or_right(net: Net, manner: str, code: str) -> None:
    net.announce("enforce")
    net.one.manner = manner
    began = time.monotonic()
    found = told(net)
    assert time.monotonic() - began < 20
    assert {id: found[id] for id in ("mta_sts", "mta_sts_host", "tls_rpt")} == dict.fromkeys(
        ("mta_sts", "mta_sts_host", "tls_rpt"), ("unknown", code)
    )
    assert (found["mta_sts_policy"][0], found["mta_sts_mx"][0]) == ("unknown", "unknown")


def test_name_servers_that_do_not_agree(net: Net) -> None:
    """A lying one among two is told, with what each says."""
    net.announce("enforce")
    second = {**net.domain, RECORD: {"TXT": ['"v=STSv1; id=lie"']}}
    net.domain["example.com"]["NS"] = second["example.com"]["NS"] = ["ns1.example.com.", "ns2.example.com."]
    net.domain["ns2.example.com"] = second["ns2.example.com"] = {"A": ["127.0.54.12"]}
    net.servers.add("127.0.54.12", NameServer({"example.com": second}))
    found = net.check()["mta_sts"]
    assert (found["state"], found["code"]) == ("advice", "servers_differ")
