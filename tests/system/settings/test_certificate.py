"""An own certificate on a running server: shown by all services in real handshakes, refused, put back."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from authority import Authority, Made, certificate
from desktop import Desktop, Refusal
from office import HOSTNAME, PACKAGE, Office, until

CA = Authority()
PORTS = (25, 465, 587, 993)
DATA = f"{PACKAGE}/var/data"


@pytest.fixture(autouse=True)
def put_back(server: Office) -> Iterator[None]:
    """The certificate of the first day, and every protocol, afterwards as before."""
    first = server.ctl("certificate", "show")["current"]["id"]
    server.apply("service.protocol", smtps_enabled="yes", submission_enabled="yes", imaps_enabled="yes")
    yield
    if server.ctl("certificate", "show")["current"]["id"] != first:
        server.ctl("certificate", "use", first)


def trusting() -> ssl.SSLContext:
    """Trusts the test's root alone and checks the name, as mail programs do."""
    return ssl.create_default_context(cadata=CA.root.pem.decode())


def shaken(server: Office, port: int, context: ssl.SSLContext) -> bytes:
    """The certificate that this port shows, in the way in which it speaks. Raises ssl.SSLError."""
    if port in (465, 993):
        with context.wrap_socket(server.connect(port), server_hostname=HOSTNAME) as link:
            found = link.getpeercert(True)
    else:
        with server.smtp(port) as client:
            client._host = HOSTNAME  # type: ignore[attr-defined]
            client.starttls(context=context)
            assert isinstance(client.sock, ssl.SSLSocket)
            found = client.sock.getpeercert(True)
    assert found
    return found


def files(made: Made) -> dict[str, str]:
    brought = {"certificate": made.pem, "key": made.key_pem(), "chain": CA.root.pem + CA.middle.pem}
    return {name: base64.b64encode(content).decode() for name, content in brought.items()}


def test_an_upload_is_shown_by_every_service_and_undone(server: Office, tmp_path: Path) -> None:
    """Trusted by a client that knows the root alone: the intermediate certificate comes along."""
    for port in PORTS:
        with pytest.raises(ssl.SSLCertVerificationError):
            shaken(server, port, trusting())
    made, desktop = CA.give(HOSTNAME), Desktop(server)
    known = desktop.post("api/certificate", **files(made))
    assert known["current"]["state"] == "valid" and known["current"]["names"] == [HOSTNAME]
    der = ssl.PEM_cert_to_DER_cert(made.pem.decode())
    assert {port: shaken(server, port, trusting()) == der for port in PORTS} == dict.fromkeys(PORTS, True)
    with server.imap("ben") as client:
        assert client.noop()[0] == "OK"
    server.deliver("over the new certificate")
    server.arrived("ben", "over the new certificate")
    words = [one["text"] for one in server.ctl("events", "--limit", "10") if one["kind"] == "certificate"]
    assert "Test Intermediate" in words[0]
    desktop.post(f"api/certificate/{known['earlier'][0]['id']}/use")
    for port in PORTS:
        with pytest.raises(ssl.SSLCertVerificationError):
            shaken(server, port, trusting())


def test_the_shell_brings_a_pkcs12_file_of_the_host(server: Office) -> None:
    made = CA.give(HOSTNAME)
    file = base64.b64encode(CA.pkcs12(made, "", root=True)).decode()
    server.machine.run("sh", "-c", f"echo {file} | base64 -d >/tmp/mail.p12")
    judged = server.ctl("certificate", "upload", "/tmp/mail.p12", "--check")
    assert [one["name"] for one in judged["chain"]] == [HOSTNAME, "Test Intermediate", "Test Root"]
    assert server.ctl("certificate", "show")["current"]["source"] == "self_signed"
    server.ctl("certificate", "upload", "/tmp/mail.p12")
    assert shaken(server, 465, trusting()) == ssl.PEM_cert_to_DER_cert(made.pem.decode())
    words = server.machine.run("/usr/local/bin/mailroomctl", "certificate", "show").stdout
    assert "Test Intermediate" in words and "SMTP 465" in words


def test_the_key_is_for_root_alone_and_nowhere_else(server: Office) -> None:
    made, desktop = CA.give(HOSTNAME), Desktop(server)
    line = made.key_pem().decode().splitlines()[1]
    told = [desktop.post("api/certificate", **files(made)), desktop.get("api/certificate"), server.ctl("events")]
    assert line not in json.dumps(told)
    held = server.machine.run("grep", "-rlF", line, DATA, check=False).stdout.split()
    assert len(held) == 1 and held[0].endswith("/key.pem")
    assert server.machine.run("stat", "-c", "%a %u", held[0]).stdout.strip() == "600 0"


REFUSED: dict[str, tuple[str, Callable[[], dict[str, str]]]] = {
    "of another key": ("key", lambda: {**files(CA.give(HOSTNAME)), "key": files(CA.give(HOSTNAME))["key"]}),
    "incomplete": ("chain", lambda: {**files(CA.give(HOSTNAME)), "chain": ""}),
    "ended": ("certificate", lambda: files(CA.give(HOSTNAME, begins_days=-9, days=-1))),
    "no certificate": ("certificate", lambda: {**files(CA.give(HOSTNAME)), "certificate": "aGVsbG8="}),
}


@pytest.mark.parametrize("which", REFUSED)
def test_what_cannot_be_used_is_told_at_its_field_and_changes_nothing(server: Office, which: str) -> None:
    field, bad = REFUSED[which]
    desktop = Desktop(server)
    before = desktop.get("api/certificate")
    for path in ("api/certificate/check", "api/certificate"):
        with pytest.raises(Refusal) as refused:
            desktop.post(path, **bad())
        assert refused.value.status == 422 and refused.value.problem["field"] == field
    assert desktop.get("api/certificate") == before


def test_one_that_no_service_shows_is_taken_back(server: Office) -> None:
    """A Dovecot that does not listen to anybody: the former certificate is in force again everywhere."""
    before, desktop = server.ctl("certificate", "show")["current"]["id"], Desktop(server)
    shown = {port: shaken(server, port, anybody()) for port in PORTS}
    process = server.daemon("dovecot")["pid"]
    server.inside("kill", "-STOP", str(process))
    try:
        with pytest.raises(Refusal) as refused:
            desktop.post("api/certificate", **files(CA.give(HOSTNAME)))
        assert refused.value.status == 424 and refused.value.problem["daemon"] == "dovecot"
    finally:
        server.inside("kill", "-CONT", str(process))
    assert server.ctl("certificate", "show")["current"]["id"] == before
    until(lambda: {port: shaken(server, port, anybody()) for port in PORTS} == shown, 60, "all is as before")


def anybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_one_that_ends_soon_is_a_problem_in_the_server_list(server: Office) -> None:
    made = certificate(HOSTNAME, begins_days=-80, days=5)
    Desktop(server).post("api/certificate", **files(made))

    def shown() -> bool:
        found = [one for one in Desktop(server).get("api/overview")["problems"] if one["id"] == "condition-certificate"]
        return bool(found) and found[0]["severity"] == "problem" and found[0]["go"] == "service/certificate"

    until(shown, 60, "the problem is shown")
    server.ctl("certificate", "use", server.ctl("certificate", "show")["earlier"][0]["id"])
    until(
        lambda: "condition-certificate" not in json.dumps(Desktop(server).get("api/overview")["problems"]),
        60,
        "the problem is gone",
    )
