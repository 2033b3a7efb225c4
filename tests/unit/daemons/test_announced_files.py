"""Which files say that other domains' servers are checked (X06-06, X06-07)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mailroom.core.settings import defaults
from mailroom.daemons import host
from mailroom.daemons.postfix.daemon import DAEMON as POSTFIX
from mailroom.daemons.resolver.daemon import DAEMON as RESOLVER
from mailroom.daemons.resolver.daemon import ROOT_KEYS, own_names
from mailroom.daemons.shape import Facts, HostFacts
from mailroom.filtering.tls_policies import answer


def files(servers: tuple[str, ...] = ("192.0.2.53",), **delivery: Any) -> tuple[str, str]:
    """(main.cf, unbound.conf)."""
    settings = defaults()
    settings["mail_delivery.delivery"].update(delivery)
    settings["mail_delivery.general"]["domain"] = "example.com"
    facts = Facts(settings, HostFacts(dns_servers=servers))
    return POSTFIX.files(facts)["main.cf"], RESOLVER.files(facts)["unbound.conf"]


@pytest.mark.parametrize("servers", [(), ("192.0.2.53",)])
def test_signatures_are_checked_only_while_dane_is_on(servers: tuple[str, ...]) -> None:
    main, unbound = files(servers, dane=True)
    assert "\nsmtp_tls_security_level = dane\n" in main and "\nsmtp_dns_support_level = dnssec\n" in main
    assert 'module-config: "validator iterator"' in unbound and f"trust-anchor-file: {ROOT_KEYS}" in unbound
    assert 'module-config: "iterator"' not in unbound and 'domain-insecure: "example.com"' in unbound
    for off in ({}, {"dane": True, "enabled": True, "server": "relay.example", "always_tls": False}):
        main, unbound = files(servers, **off)
        assert "\nsmtp_tls_security_level = may\n" in main and "dnssec" not in main
        assert "validator" not in unbound and "trust-anchor" not in unbound


def test_names_of_the_office_are_not_validated(tmp_path: Path) -> None:
    """The public root denies them, or knows them otherwise."""
    file = tmp_path / "resolv.conf"
    file.write_text('search AD.office.example. corp "evil"\ndomain x;y\nnameserver 192.0.2.1\nsearch\n')
    assert host.dns_search(file) == ("ad.office.example", "corp") and host.dns_search(tmp_path / "none") == ()
    settings = defaults()
    settings["mail_delivery.delivery"]["sender_relays"] = [{"server": "relay.inside.example"}, {"server": "192.0.2.7"}]
    named = own_names(Facts(settings, HostFacts(dns_search=("ad.office.example", "corp"))))
    assert {"local", "fritz.box", "ad.office.example", "relay.inside.example"} <= set(named)
    assert "192.0.2.7" not in named and named.count("corp") == 1


def test_policies_are_asked_for_only_without_a_relay_and_know_of_dane() -> None:
    table = "\nsmtp_tls_policy_maps = socketmap:unix:/run/filter/tls-policy.sock:"
    assert f"{table}alone\n" in files(mta_sts=True)[0]
    assert f"{table}after-dane\n" in files(mta_sts=True, dane=True)[0]
    for off in ({"dane": True}, {"mta_sts": True, "dane": True, "enabled": True, "server": "relay.example"}):
        assert "smtp_tls_policy_maps" not in files(**off)[0]


class Policies:
    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    async def answer(self, domain: str, after_dane: bool) -> str:
        self.asked.append((domain, after_dane))
        return "secure" if domain == "a.example" else ""


def test_only_domains_are_asked_about() -> None:
    known = Policies()
    keys = (
        "a.example",
        "A.Example",
        ".example",
        "[192.0.2.1]",
        "192.0.2.1",
        "relay.example:587",
        "com",
        "",
        "a b.example",
    )
    told = [asyncio.run(answer("alone", key, known)) for key in keys]
    assert told == ["OK secure"] * 2 + ["NOTFOUND "] * 7 and known.asked == [("a.example", False)] * 2
    assert asyncio.run(answer("after-dane", "b.example", known)) == "NOTFOUND " and known.asked[-1] == (
        "b.example",
        True,
    )
