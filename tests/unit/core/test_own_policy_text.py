"""MTA-STS and TLS-RPT as they are written and read: RFC 8461, RFC 8460."""

from __future__ import annotations

import re

import pytest

from mailroom.core import sts_policy, tls_reports
from mailroom.core.settings import clean, defaults
from mailroom.core.sts_policy import MAX_AGE_MAX_S, Policy, parse

OURS = Policy("enforce", 604_800, ("mail.example.com", "*.example.net"))


def test_the_document_is_written_as_the_rfc_has_it_and_read_again() -> None:
    assert OURS.text == (
        "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"
    )
    assert parse(OURS.text) == OURS
    none = Policy("none", 86_400)
    assert none.text == "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n" and parse(none.text) == none


def test_each_other_policy_has_another_id_and_the_same_one_the_same() -> None:
    others = [
        Policy("testing", 604_800, OURS.mx),
        Policy("enforce", 86_400, OURS.mx),
        Policy("enforce", 604_800, OURS.mx[:1]),
        Policy("none", 86_400),
    ]
    ids = {one.id for one in (OURS, *others)}
    assert len(ids) == 5 and all(re.fullmatch("[A-Za-z0-9]{1,32}", id) for id in ids)
    assert Policy("enforce", 604_800, OURS.mx).id == OURS.id
    assert sts_policy.is_record(OURS.record) and sts_policy.id_of(OURS.record) == OURS.id


@pytest.mark.parametrize(
    ("server", "named"),
    [
        ("mail.example.com", True),
        ("MAIL.example.com.", True),
        ("mx.example.net", True),
        ("example.net", False),
        ("a.mx.example.net", False),
        ("mail.example.com.evil.example", False),
        ("xmail.example.com", False),
    ],
)
def test_which_servers_a_policy_names(server: str, named: bool) -> None:
    assert OURS.names(server) is named


@pytest.mark.parametrize(
    ("record", "id"),
    [
        ("v=STSv1; id=2026", "2026"),
        ("v=STSv1;id=2026;", "2026"),
        ("v=STSv1; id=2026; more=x", "2026"),
        ("v=STSv1", None),
        ("v=STSv1; id=", None),
        ("v=STSv1; id=20-26", None),
        (f"v=STSv1; id={'a' * 33}", None),
        ("v=STSv1; id=1; id=2", None),
        ("v=STSv2; id=1", None),
    ],
)
def test_ids_of_records(record: str, id: str | None) -> None:
    assert sts_policy.id_of(record) == id


@pytest.mark.parametrize(
    ("record", "places"),
    [
        ("v=TLSRPTv1; rua=mailto:tls@example.com", ("mailto:tls@example.com",)),
        ("v=TLSRPTv1;rua=mailto:a@b.example,https://c.example/x", ("mailto:a@b.example", "https://c.example/x")),
        ("v=TLSRPTv1; rua=mailto:a@b.example; more=1", ("mailto:a@b.example",)),
        ("v=TLSRPTv1; rua=a@b.example", ()),
        ("v=TLSRPTv1; rua=mailto:a@b.example,http://c.example", ()),
        ("v=TLSRPTv1; rua=mailto:nobody", ()),
        ("v=TLSRPTv1; rua=", ()),
        ("v=TLSRPTv1;", ()),
        ("v=TLSRPTv2; rua=mailto:a@b.example", ()),
        ("rua=mailto:a@b.example; v=TLSRPTv1", ()),
    ],
)
def test_where_reports_go(record: str, places: tuple[str, ...]) -> None:
    assert tls_reports.report_places(record) == places


def test_our_own_record_of_reports_can_be_read() -> None:
    assert tls_reports.report_places(tls_reports.reports_record("example.com")) == ("mailto:postmaster@example.com",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mta_sts_mode": "none"},
        {"mta_sts_max_age_days": 0},
        {"mta_sts_max_age_days": 366},
        {"mta_sts_servers": ["no name"]},
        {"mta_sts_servers": ["*.*.example"]},
        {"mta_sts_servers": ["mx.example\r\nmode: none"]},
    ],
)
def test_what_cannot_be_set(wrong: dict[str, object]) -> None:
    page = "mail_delivery.security"
    with pytest.raises(Exception) as refused:
        clean(page, {**defaults()[page], **wrong})
    assert getattr(refused.value, "field", "").startswith(next(iter(wrong)))


def test_the_longest_that_can_be_set_is_what_the_rfc_allows() -> None:
    page = "mail_delivery.security"
    found = clean(page, {**defaults()[page], "mta_sts_max_age_days": 365, "mta_sts_servers": ["MX.Example.net"]})
    assert found["mta_sts_max_age_days"] * 86_400 <= MAX_AGE_MAX_S
    assert found["mta_sts_servers"] == ["mx.example.net"]
