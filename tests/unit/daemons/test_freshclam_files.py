"""What freshclam and clamd are told, by where definitions come from and how much memory there is (rows AV02, AV05)."""

from __future__ import annotations

import pytest

from mailroom.core import settings
from mailroom.daemons.clamd.daemon import DAEMON
from mailroom.daemons.clamd.freshclam import Source, text
from mailroom.daemons.shape import Facts, HostFacts


def test_without_a_mirror_clamavs_own_servers_are_asked() -> None:
    said = text(Source(), 8_000)
    assert "DatabaseMirror database.clamav.net\nDNSDatabaseInfo current.cvd.clamav.net\n" in said
    assert "PrivateMirror" not in said and "HTTPProxy" not in said


def test_a_mirror_of_ones_own_is_the_only_one() -> None:
    said = text(Source("https://mirror.example.com/clamav"), 8_000)
    assert "PrivateMirror https://mirror.example.com/clamav\n" in said
    assert "DatabaseMirror" not in said and "DNSDatabaseInfo" not in said


def test_a_proxy_with_and_without_an_account() -> None:
    assert "HTTPProxyServer a.example\nHTTPProxyPort 3128\n" in text(Source("", "a.example", 3128), 8_000)
    assert "HTTPProxyUsername" not in text(Source("", "a.example", 3128), 8_000)
    said = text(Source("", "a.example", 3128, "anna", "geheim"), 8_000)
    assert "HTTPProxyUsername anna\nHTTPProxyPassword geheim\n" in said


@pytest.mark.parametrize(
    ("memory_mb", "tested", "beside"), [(1_800, "no", "no"), (3_900, "no", "no"), (7_800, "yes", "yes")]
)
def test_a_second_set_is_loaded_only_where_there_is_memory_for_it(memory_mb: int, tested: str, beside: str) -> None:
    assert f"TestDatabases {tested}\n" in text(Source(), memory_mb)
    facts = Facts(settings.defaults(), HostFacts(memory_mb=memory_mb))
    assert f"ConcurrentDatabaseReload {beside}\n" in DAEMON.files(facts)["clamd.conf"]
