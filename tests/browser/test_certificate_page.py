"""Service > Certificate: an own one is brought, what is wrong is told at its field, and it is put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FilePayload, FrameLocator, expect

from authority import Authority
from office import HOSTNAME, Office

Window = Callable[..., FrameLocator]
CA = Authority()


@pytest.fixture
def page_of_certificates(window: Window, server: Office) -> Iterator[FrameLocator]:
    first = server.ctl("certificate", "show")["current"]["id"]
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Service", exact=True).click()
    inside.get_by_role("tab", name="Certificate").click()
    yield inside
    if server.ctl("certificate", "show")["current"]["id"] != first:
        server.ctl("certificate", "use", first)


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_an_own_certificate_is_brought_and_the_former_one_used_again(
    page_of_certificates: FrameLocator, server: Office
) -> None:
    inside, made = page_of_certificates, CA.give(HOSTNAME)
    current = inside.get_by_role("region", name="Certificate of the mail services")
    expect(current).to_contain_text("Self-signed")
    expect(current).to_contain_text("SMTP (25)")
    inside.get_by_role("button", name="Upload").click()
    dialog = inside.get_by_role("dialog", name="Upload a certificate")
    put = dialog.get_by_role("button", name="Use This Certificate")
    expect(put).to_be_disabled()
    dialog.get_by_label("Certificate", exact=True).set_input_files(file("mail.crt", made.pem))
    key = dialog.get_by_label("Private key", exact=True)
    expect(key).to_have_attribute("aria-invalid", "true")
    expect(dialog).to_contain_text("Choose the file of the private key")
    key.set_input_files(file("mail.key", made.key_pem("geheim")))
    expect(dialog.get_by_label("Password", exact=True)).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Password", exact=True).fill("geheim")
    dialog.get_by_label("Password", exact=True).blur()
    expect(dialog).to_contain_text("“Test Intermediate” is missing")
    expect(put).to_be_disabled()
    dialog.get_by_label("Intermediate certificates").set_input_files(file("ca.pem", CA.root.pem + CA.middle.pem))
    expect(dialog).to_contain_text("Its issuer is not among those that mail programs know")
    put.click()
    expect(dialog).to_be_hidden(timeout=60_000)
    expect(current).to_contain_text("Valid until")
    expect(current).to_contain_text("Test Intermediate")
    inside.get_by_role("button", name=f"Use again: {HOSTNAME}").click()
    asks = inside.get_by_role("dialog", name="Use this certificate again?")
    asks.get_by_role("button", name="Use Again").click()
    expect(asks).to_be_hidden(timeout=60_000)
    expect(current).to_contain_text("Self-signed")
    assert server.ctl("certificate", "show")["current"]["source"] == "self_signed"


def test_a_certificate_put_in_force_in_the_shell_is_seen_here(
    page_of_certificates: FrameLocator, server: Office
) -> None:
    inside, made = page_of_certificates, CA.give("mail.other.example")
    current = inside.get_by_role("region", name="Certificate of the mail services")
    expect(current).to_contain_text("Self-signed")
    content = (made.pem + CA.middle.pem + CA.root.pem + made.key_pem()).decode()
    server.machine.run("sh", "-c", f"cat >/tmp/other.pem <<'END'\n{content}END")
    server.ctl("certificate", "upload", "/tmp/other.pem")
    expect(current).to_contain_text("Other name")
    expect(current).to_contain_text("mail.other.example")
