"""Return addresses of forwarded mail (X06-04)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_rules import RULES
from mailroom.filtering import return_addresses, socketmap
from mailroom.filtering.return_addresses import VOID, answer, comes_from_postfix
from mailroom.filtering.rules import Rules
from mailroom.filtering.srs import DAY_S, DAYS, EXPIRES_DAYS, Srs, Void

DOMAIN, OURS = "example.com", frozenset({"example.com", "branch.example"})
NOW = 20_000 * DAY_S


class Clock:
    def __init__(self) -> None:
        self.time_s = float(NOW)

    def __call__(self) -> float:
        return self.time_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def srs(clock: Clock) -> Srs:
    return Srs(b"a key of this server alone", clock)


@pytest.mark.parametrize(
    "sender",
    [
        "friend@world.example",
        "Friend.Of=Ours+news@World.Example",
        '"a b\\"c"@world.example',
        "bounce-12=ben=example.com@lists.example",
        f"{'x' * 64}@{'y' * 60}.example",
        "SRS=odd@world.example",
        "friend@[192.0.2.9]",
    ],
)
def test_there_and_back(srs: Srs, sender: str) -> None:
    made = srs.forward(sender, DOMAIN, OURS)
    assert made.rpartition("@")[2] == DOMAIN and made.lstrip('"').startswith("SRS0=")
    assert srs.original(made) == sender
    # Some servers do not keep upper and lower case.
    assert srs.original(made.lower()).lower() == sender.lower()
    assert srs.original(made.replace("SRS0=", "SRS0+", 1)) == sender


def test_our_own_senders_and_none_stay(srs: Srs) -> None:
    for sender in ("ben@example.com", "ben@Branch.Example", "", "ben", "@world.example", "MAILER-DAEMON"):
        assert srs.forward(sender, DOMAIN, OURS) == ""


def test_what_another_forwarder_has_rewritten(srs: Srs) -> None:
    """SRS1: a failure goes to the first forwarder straight away, who alone knows what it wrote."""
    first = "SRS0=XyZ9=TT=world.example=Friend@first.example"
    made = srs.forward(first, DOMAIN, OURS)
    assert made.startswith("SRS1=") and made.endswith("=first.example==XyZ9=TT=world.example=Friend@example.com")
    assert srs.original(made) == first
    second = "SRS1=abcd=first.example==XyZ9=TT=world.example=Friend@second.example"
    made = srs.forward(second, DOMAIN, OURS)
    assert "second.example" not in made and srs.original(made) == first


def test_what_was_changed_is_void(srs: Srs) -> None:
    made = srs.forward("friend@world.example", DOMAIN, OURS)
    hash, day = made.split("=")[1:3]
    for wrong in (
        made.replace("friend@", "fiend@"),
        made.replace("world.example", "else.example"),
        made.replace(hash, "A" * len(hash)),
        made.replace(f"={day}=", "=AA="),
        made.replace(hash, hash[:-1]),
        "SRS0=friend@example.com",
        "SRS1=AAAAAAAA=x.example==abcd=AA=y.example=z@example.com",
        "friend@example.com",
        "@example.com",
        "",
    ):
        with pytest.raises(Void):
            srs.original(wrong)
    with pytest.raises(Void):
        Srs(b"another key", lambda: NOW).original(made)


def test_it_expires(srs: Srs, clock: Clock) -> None:
    made = srs.forward("friend@world.example", DOMAIN, OURS)
    clock.time_s = NOW + EXPIRES_DAYS * DAY_S
    assert srs.original(made) == "friend@world.example"
    clock.time_s += DAY_S
    with pytest.raises(Void):
        srs.original(made)
    # The count of days comes round; an address of then is the same as one of now, once in three years.
    clock.time_s = NOW + (DAYS - 1) * DAY_S
    with pytest.raises(Void):
        srs.original(made)


@given(local=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64))
def test_any_name_comes_back(local: str) -> None:
    srs = Srs(b"key", lambda: NOW)
    quoted = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
    made = srs.forward(f"{quoted}@world.example", DOMAIN, OURS)
    back = srs.original(made)
    assert srs.forward(back, DOMAIN, OURS) == made and back.endswith("@world.example")


def rules() -> Rules:
    from dataclasses import replace

    return replace(RULES, general=replace(RULES.general, domain=DOMAIN), domains=OURS)


def test_what_postfix_is_answered(srs: Srs) -> None:
    told: dict[str, Any] = {"srs": srs, "rules": rules()}
    made = answer("forward", "friend@world.example", **told).removeprefix("OK ")
    assert answer("original", made, **told) == "OK friend@world.example"
    assert answer("check", made, **told) == "OK DUNNO"
    assert answer("check", f"x{made}", **told) == f"OK {VOID}" and answer("original", f"x{made}", **told) == "NOTFOUND "
    # What would be rewritten again and again would never leave.
    assert answer("forward", made, **told) == "NOTFOUND "


def test_netstrings(srs: Srs) -> None:
    """socketmap_table(5); nonsense ends the connection and nothing else."""

    class Writer:
        def __init__(self) -> None:
            self.said, self.closed = b"", False

        def write(self, text: bytes) -> None:
            self.said += text

        async def drain(self) -> None:
            return None

        def close(self) -> None:
            self.closed = True

    async def answered(table: str, address: str) -> str:
        return await return_addresses.looked_up(table, address, srs, rules())

    async def talk(text: bytes) -> Writer:
        reader, writer = asyncio.StreamReader(), Writer()
        reader.feed_data(text)
        reader.feed_eof()
        await socketmap.serve(reader, writer, answered)  # type: ignore[arg-type]
        assert writer.closed
        return writer

    assert (
        asyncio.run(talk(b"23:forward ben@example.com,23:forward ben@example.com,")).said == b"9:NOTFOUND ,9:NOTFOUND ,"
    )
    assert asyncio.run(talk(b"12:forward a\xff@b,")).said.partition(b":")[2].startswith(b'OK "SRS0=')
    for nonsense in (b"x:y,", b"0:,", b"-1:a,", b"99999999:", b"", b"5:ab", b"7:forward,"):
        assert asyncio.run(talk(nonsense)).said == b""


def test_only_postfix_itself_may_come_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the kernel's own word on whose a connection is."""
    row = "   1: 0100007F:{port} 0100007F:15D5 01 00000000:00000000 00:00000000 00000000 {uid:5}        0 4711 1\n"
    file = tmp_path / "tcp"
    file.write_text("  sl  local_address rem_address   st\n".replace("st", "st tx_queue tr tm->when retrnsmt   uid")
                    + row.format(port="C350", uid=1000) + row.format(port="C351", uid=77))  # fmt: skip
    monkeypatch.setattr(return_addresses, "getpwnam", lambda name: type("User", (), {"pw_uid": 77}))
    assert comes_from_postfix("127.0.0.1", str(0xC351), file)
    assert not comes_from_postfix("127.0.0.1", str(0xC350), file)
    assert not comes_from_postfix("127.0.0.1", str(0xC352), file)
    assert not comes_from_postfix("192.0.2.1", str(0xC351), file)
