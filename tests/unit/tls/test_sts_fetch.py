"""Policies are got from the right website alone, whole, in time, and no other way (X06-07, RFC 8461 3.3)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from authority import Authority
from mailroom.core.sts_policy import Policy
from mailroom.tls import sts_fetch
from mailroom.tls.sts_fetch import NoPolicy, Web, fetch

TEXT = b"version: STSv1\nmode: enforce\nmx: mx.a.example\nmax_age: 86400\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(TEXT) + TEXT
WANTED = Policy("enforce", 86_400, ("mx.a.example",))


class Site:
    """A web server that sends these bytes, in pieces with pauses if it is slow. asked: what it was sent."""

    def __init__(self, folder: Path, says: bytes, name: str = "mta-sts.a.example", slow: bool = False) -> None:
        authority = Authority("Web")
        made = authority.give(name)
        (folder / "roots.pem").write_bytes(authority.root.pem)
        (folder / "site.pem").write_bytes(made.key_pem() + made.pem + authority.middle.pem)
        self.folder, self.says, self.slow, self.asked = folder, says, slow, b""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            self.asked = await reader.readuntil(b"\r\n\r\n")
            for at in range(0, len(self.says), 1 if self.slow else 4096):
                writer.write(self.says[at : at + (1 if self.slow else 4096)])
                await writer.drain()
                await asyncio.sleep(0.05 if self.slow else 0)
        writer.close()

    @contextlib.asynccontextmanager
    async def open(self, limit_s: float = 10.0, trusted: str = "roots.pem") -> AsyncIterator[Web]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "site.pem")
        async with await asyncio.start_server(self.talk, "127.0.0.1", 0, ssl=context) as server:

            async def addresses(host: str, port: int) -> list[str]:
                return ["127.0.0.1"] if host == "mta-sts.a.example" else []

            yield Web(addresses, str(self.folder / trusted), server.sockets[0].getsockname()[1], limit_s)

    def fetch(self, domain: str = "a.example", **how: object) -> Policy:
        async def run() -> Policy:
            async with self.open(**how) as web:  # type: ignore[arg-type]
                return await fetch(domain, web)

        return asyncio.run(run())


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(TEXT) + TEXT + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize("says", [WHOLE, CHUNKED, HEAD + b"\r\n" + TEXT, WHOLE.replace(b"1.1", b"1.0")])
def test_a_policy_however_it_is_sent(tmp_path: Path, says: bytes) -> None:
    site = Site(tmp_path, says)
    assert site.fetch() == WANTED
    assert site.asked.startswith(b"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.a.example\r\n")


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (WHOLE.replace(b"200 OK", b"302 Found\r\nLocation: https://other.example/"), "HTTP 302"),
        (WHOLE.replace(b"200 OK", b"404 Not Found"), "HTTP 404"),
        (WHOLE.replace(b"text/plain", b"text/html"), "text/html"),
        (WHOLE.replace(b"Content-Type: text/plain; charset=utf-8\r\n", b""), "the content"),
        (HEAD + b"\r\n" + TEXT + b"x: y\n" * 20_000, "too long"),
        (HEAD + b"\r\n" + TEXT + b"x: y\n" * 13_200, "too long"),
        (HEAD + b"Content-Length: 999999999\r\n\r\n" + TEXT, "cut off"),
        (CHUNKED[:-20], None),
        (HEAD + b"x: y\r\n" * 100_000, "too long"),
        (HEAD + b"\r\n" + b"\xff\xfe" + TEXT, None),
        (HEAD + b"\r\n<html>", "a line is no key"),
        (b"220 mail.a.example ESMTP\r\n", None),
        (b"", None),
    ],
)
def test_what_is_none(tmp_path: Path, says: bytes, why: str | None) -> None:
    with pytest.raises(NoPolicy, match=why):
        Site(tmp_path, says).fetch()


def test_a_certificate_of_another_name_or_nobodys(tmp_path: Path) -> None:
    site = Site(tmp_path, WHOLE, "a.example")
    with pytest.raises(NoPolicy, match="certificate"):
        site.fetch()
    (tmp_path / "others.pem").write_bytes(Authority("Other").root.pem)
    other = Site(tmp_path, WHOLE)
    with pytest.raises(NoPolicy, match="certificate"):
        other.fetch(trusted="others.pem")
    assert not site.asked and not other.asked


def test_who_talks_slowly_is_not_listened_to_for_long(tmp_path: Path) -> None:
    """A byte now and then does not keep us."""
    with pytest.raises(NoPolicy):
        Site(tmp_path, WHOLE, slow=True).fetch(limit_s=0.5)


def test_no_website(tmp_path: Path) -> None:
    with pytest.raises(NoPolicy, match="no address"):
        Site(tmp_path, WHOLE).fetch("b.example")


@pytest.mark.parametrize(
    ("address", "asked"),
    [("192.0.2.1", True), ("10.0.0.1", True), ("2001:db8::1", True), ("127.0.0.1", False), ("::1", False),
     ("::ffff:127.0.0.1", False), ("0.0.0.0", False), ("169.254.1.1", False), ("fe80::1%eth0", False),
     ("224.0.0.1", False)],
)  # fmt: skip
def test_no_domain_sends_us_to_ourselves(address: str, asked: bool) -> None:
    assert sts_fetch.is_ours(address) is not asked
