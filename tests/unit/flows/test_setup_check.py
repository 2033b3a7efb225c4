"""What is said about the set-up's answers while one types (rows SW03-SW07, SW09)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from setup_house import ANSWERS, House

from mailroom.flows.setup_check import Remarks
from mailroom.flows.setup_words import SENTENCES


@pytest.fixture
def nas(tmp_path: Path) -> House:
    return House(tmp_path)


def said(nas: House, **answers: str) -> Remarks:
    fields: Remarks = nas.setup.check(answers)["fields"]
    assert fields.keys() == answers.keys()
    for one in (one for remarks in fields.values() for one in remarks):
        assert one["level"] in ("ok", "advice", "problem") and one["text"] and "{" not in one["text"] + one["next"]
    return fields


def codes(remarks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["level"], one["code"]) for one in remarks]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"domain": "example.com"}, []),
        ({"domain": ""}, [("problem", "domain_needed")]),
        ({"domain": "example"}, [("problem", "domain_form")]),
        ({"domain": "exämple.com"}, []),
        ({"domain": "☃.com"}, [("problem", "domain_form")]),
        ({"domain": "office.local"}, [("advice", "name_local")]),
        ({"hostname": "mail.example.com"}, []),
        ({"hostname": "-mail.example.com"}, [("problem", "hostname_form")]),
        ({"start": "new"}, []),
        ({"start": "migrate"}, [("problem", "start_later")]),
        ({"start": "tea"}, [("problem", "unknown_choice")]),
        ({"account_type": "domain"}, [("problem", "account_type_later")]),
        ({"interface": "eth0"}, []),
        ({"interface": ""}, []),
        ({"interface": "ppp0"}, [("advice", "interface_dynamic")]),
        ({"interface": "eth1"}, [("problem", "interface_no_address")]),
        ({"interface": "eth5"}, [("problem", "interface_gone")]),
        ({"volume": "/volume2"}, []),
        ({"volume": ""}, []),
        ({"volume": "/etc"}, [("problem", "volume_gone")]),
        ({"public_address": ""}, []),
        ({"public_address": "2001:db8::25"}, []),
        ({"public_address": "127.0.0.1"}, [("problem", "address_form")]),
    ],
)
def test_each_answer(nas: House, answers: dict[str, str], expected: list[tuple[str, str]]) -> None:
    ((_, remarks),) = said(nas, **answers).items()
    assert codes(remarks) == expected


def test_volumes_are_looked_at(nas: House) -> None:
    nas.free_mb["/volume2"] = 100
    (full,) = said(nas, volume="/volume2")["volume"]
    assert full["code"] == "volume_full" and full["values"] == {"title": "Volume 2", "free_mb": 100}
    nas.free_mb["/volume2"] = 2_000
    assert codes(said(nas, volume="/volume2")["volume"]) == [("advice", "volume_small")]
    nas.writable = False
    assert codes(said(nas, volume="/volume2")["volume"]) == [("problem", "volume_read_only")]
    nas.writable, nas.mail = True, True
    assert codes(said(nas, volume="/volume2")["volume"]) == [("problem", "volume_has_mail")]
    assert codes(said(nas, volume="/volume1")["volume"]) == []
    nas.gone = "/volume1"
    assert codes(said(nas, volume="/volume1")["volume"]) == [("problem", "volume_missing")]


def test_a_port_of_another_program_is_told(nas: House) -> None:
    nas.ports_taken = [(25, "master"), (143, "")]
    remarks = said(nas, interface="")["interface"]
    assert codes(remarks) == [("problem", "port_taken"), ("problem", "port_taken_by_somebody")]
    assert "25" in remarks[0]["text"] and "master" in remarks[0]["text"]


def test_behind_a_router_the_public_address_is_asked_for(nas: House) -> None:
    assert codes(said(nas, interface="eth0", public_address="")["public_address"]) == [
        ("advice", "public_address_unknown")
    ]
    assert said(nas, interface="ppp0", public_address="")["public_address"] == []
    assert said(nas, interface="eth0", public_address="203.0.113.25")["public_address"] == []


def test_name_servers_are_asked_about_what_is_in_a_good_form(nas: House) -> None:
    nas.heard = {
        "domain": [{"level": "advice", "code": "mx_missing", "text": "It has no MX record."}],
        "hostname": [{"level": "ok", "code": "right", "text": "It is right."}],
        "public_address": [],
    }
    fields = said(nas, **{**ANSWERS, "hostname": "mail", "interface": "ppp0"})
    assert nas.asked == [("example.com", "", "198.51.100.9")]
    assert codes(fields["domain"]) == [("advice", "mx_missing")]
    assert codes(fields["hostname"]) == [("problem", "hostname_form")]
    nas.setup.check({"hostname": "mail.example.com", "interface": "ppp0", "public_address": "203.0.113.25"})
    assert nas.asked[-1] == ("", "mail.example.com", "203.0.113.25")


def test_every_sentence_has_a_remedy() -> None:
    assert all(text.endswith(".") and step.endswith(".") for text, step in SENTENCES.values())
