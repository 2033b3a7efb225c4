"""Trying a relay: a real server that demands each thing, on loopback (rows RL01-RL04)."""

from __future__ import annotations

import ast
import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mailroom.core import secrets
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues, clean, defaults
from mailroom.flows import relay as flow
from mailroom.flows.relay_words import ADVICE, ENDED
from mailroom.monitor import relay as wire
from relay_server import ACCOUNT, PASSWORD, RelayServer, certificate

PAGE = flow.PAGE


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that vouches for itself."""
    return certificate(tmp_path_factory.mktemp("trusted"), "relay.test")


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trusted: Path) -> Iterator[None]:
    """Names lead to loopback, and the certificate above is known."""
    real = socket.getaddrinfo

    def looked_up(host: str, *more: Any, **most: Any) -> Any:
        return real("127.0.0.1" if host.endswith(".test") else host, *more, **most)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(flow, "talk", lambda relay, name: wire.talk(relay, name, str(trusted)))
    monkeypatch.setattr(wire, "STEP_LIMIT_S", 5.0)
    # The relay of these tests is on this machine, where no relay may be.
    monkeypatch.setattr(wire.net, "is_ours", lambda address: False)
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")
    yield


def listening() -> socket.socket:
    link = socket.socket()
    link.bind(("127.0.0.1", 0))
    return link


def tried(server_link: socket.socket, before: AllValues | None = None, to: str = "", **changes: Any) -> dict[str, Any]:
    wanted = {"server": "relay.test", "port": server_link.getsockname()[1], "always_tls": False, **changes}
    return flow.try_out(before or defaults(), wanted, to)


def states(found: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["state"] for one in found["steps"]}


def failure(found: dict[str, Any]) -> tuple[str, str]:
    """(which step failed, everything that was said of it)."""
    assert not found["ok"] and found["next"]
    (step,) = [one for one in found["steps"] if one["state"] == "failed"]
    after = found["steps"][found["steps"].index(step) + 1 :]
    assert {one["state"] for one in after} <= {"not_tried"}
    return step["id"], f"{step['text']} {step['words']}"


SIGNED_IN = {"authentication": True, "account": ACCOUNT, "password": PASSWORD}


def test_a_plain_relay_takes_the_recipient_and_gets_no_mail() -> None:
    with RelayServer(link := listening()) as server:
        found = tried(link, to="somebody@elsewhere.example")
        assert found["ok"] and list(states(found)) == ["name", "connect", "tls", "recipient"]
        assert "220" in found["steps"][1]["words"] and server.messages == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_with_encryption_a_trusted_certificate_and_a_sign_in(trusted: Path, tls: str) -> None:
    with RelayServer(link := listening(), trusted, tls=tls, auth=True) as server:
        found = tried(link, always_tls=True, implicit_tls=tls == "implicit", **SIGNED_IN)
        assert found["ok"] and server.signed_in == ["PLAIN"]
        assert "TLSv1" in found["steps"][2]["words"]


def test_a_wrong_certificate_is_told_unless_nobody_looks(tmp_path: Path) -> None:
    with RelayServer(link := listening(), certificate(tmp_path, "other.example"), tls="starttls") as server:
        id, words = failure(tried(link, always_tls=True))
        assert id == "tls" and "certificate" in words
        assert tried(link, always_tls=True, verify=False)["ok"] and server.messages == []


def test_no_encryption_where_it_is_demanded() -> None:
    with RelayServer(link := listening()):
        assert failure(tried(link, always_tls=True))[0] == "tls"


def test_the_wrong_kind_of_tls(trusted: Path) -> None:
    with RelayServer(link := listening(), trusted, tls="starttls"):
        assert failure(tried(link, always_tls=True, implicit_tls=True))[0] == "tls"


def test_a_wrong_password_in_the_servers_words(trusted: Path) -> None:
    with RelayServer(link := listening(), trusted, tls="starttls", auth=True):
        id, words = failure(tried(link, always_tls=True, **{**SIGNED_IN, "password": "wrong"}))
        assert id == "sign_in" and "535" in words and "wrong" not in words


def test_the_password_is_never_shown_without_encryption() -> None:
    """The server would take PLAIN; it is not even asked."""
    with RelayServer(link := listening(), auth=True) as server:
        assert failure(tried(link, **SIGNED_IN))[0] == "sign_in" and server.signed_in == []


def test_no_sign_in_where_one_is_demanded(trusted: Path) -> None:
    with RelayServer(link := listening(), trusted, tls="starttls", auth=True):
        id, words = failure(tried(link, always_tls=True))
        assert id == "recipient" and "530" in words


def test_a_relay_that_does_not_take_mail_for_others() -> None:
    with RelayServer(link := listening(), refuses="554 5.7.1 Not for you"):
        assert failure(tried(link)) == (
            "recipient",
            "The server does not take mail for others. 554 5.7.1 Not for you",
        )


def test_nothing_listens_and_no_such_name() -> None:
    link = listening()
    assert failure(tried(link))[0] == "connect"
    assert failure(tried(link, server="no-such-name.invalid"))[0] == "name"
    link.close()


def test_what_leads_to_this_machine_is_no_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire.net, "is_ours", lambda address: address == "127.0.0.1")
    with RelayServer(link := listening()) as server:
        step, words = failure(tried(link))
        assert step == "name" and "127.0.0.1" in words and server.messages == []


def test_words_of_what_is_no_mail_server_are_not_told() -> None:
    """A relay test is no way to look into other services of the network."""
    with listening() as link, ThreadPoolExecutor(1) as pool:
        link.listen()

        def banner() -> None:
            with link.accept()[0] as other:
                other.sendall(b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n")
                other.recv(100)

        told = pool.submit(banner)
        step, words = failure(tried(link))
        told.result(10)
    assert step == "connect" and "Dovecot" not in words


@pytest.mark.parametrize("farewell", [b"", b"500 what\r\n"])
def test_who_takes_the_recipient_and_goes_has_taken_it(farewell: bytes) -> None:
    replies = [b"220 hi\r\n", b"250 a\r\n", b"250 ok\r\n", b"250 taken\r\n", farewell]
    with listening() as link, ThreadPoolExecutor(1) as pool:
        link.listen()

        def serve() -> None:
            with link.accept()[0] as other:
                for reply in replies:
                    other.sendall(reply)
                    other.recv(1_000)

        served = pool.submit(serve)
        found = tried(link)
        served.result(10)
    assert found["ok"] and found["steps"][-1]["words"] == "250 taken"


def test_a_greeting_without_an_end_is_left() -> None:
    sent = 0
    with listening() as link, ThreadPoolExecutor(1) as pool:
        link.listen()

        def flood() -> int:
            sent = 0
            with link.accept()[0] as other, contextlib.suppress(OSError):
                for _ in range(2_000):
                    other.sendall(b"220-" + b"a" * 4_000 + b"\r\n")
                    sent += 4_006
                other.sendall(b"220 welcome\r\n")
                other.recv(100)
            return sent

        served = pool.submit(flood)
        step, _ = failure(tried(link))
        sent = served.result(20)
    # What the kernel holds for both sides comes on top.
    assert step == "connect" and sent < 8_000_000


def test_a_kept_password_goes_nowhere_else(trusted: Path) -> None:
    """Who may try a relay could else have the password sent to a server of his own."""
    with RelayServer(link := listening(), trusted, tls="starttls", auth=True) as server:
        port = link.getsockname()[1]
        kept = {"enabled": True, "server": "relay.test", "port": port, **SIGNED_IN}
        before = defaults()
        before[PAGE] = clean(PAGE, {**before[PAGE], **kept})
        same = flow.try_out(before, {"password": {"set": True}})
        assert same["ok"] and server.signed_in == ["PLAIN"]
        for change in ({"server": "evil.test"}, {"account": "eve"}):
            with pytest.raises(Invalid) as refused:
                flow.try_out(before, {**change, "password": {"set": True}})
            assert refused.value.field == "password"
        assert flow.try_out(before, {"server": "relay.test", "password": PASSWORD})["ok"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"server": ""}, "server"),
        ({"server": "127.0.0.1"}, "server"),
        ({"server": "a b"}, "server"),
        ({"server": "192.0.2.1", "always_tls": True}, "server"),
        ({"port": 0}, "port"),
        ({"account": "a:b"}, "account"),
        ({"odd": 1}, "odd"),
    ],
)
def test_what_cannot_be_tried_names_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        flow.try_out(defaults(), {"server": "relay.test", **changes})
    assert refused.value.field == field


def test_without_encryption_the_advice_is_to_encrypt() -> None:
    """Not to correct a password that was never sent."""
    with RelayServer(link := listening(), auth=True) as server:
        found = tried(link, **SIGNED_IN)
    assert failure(found)[0] == "sign_in" and "Always use a secure connection" in found["next"]
    assert "password made for" not in found["next"] and server.messages == []


def test_each_finding_has_an_advice_of_its_own() -> None:
    """Every sentence with which a step can fail."""
    tree = ast.parse(Path(wire.__file__).read_text())
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call)]
    named = [(getattr(one.func, "id", "") or getattr(one.func, "attr", ""), one.args) for one in calls]
    places = {"StepFailed": 0, "_said": 2, "_greeting": 0}
    texts = {
        place.value
        for name, args in named
        if name in places and len(args) > places[name] and isinstance(place := args[places[name]], ast.Constant)
    }
    assert len(texts) > 12 and texts | {ENDED} == set(ADVICE)
