"""A user's own Sieve rules, brought by a ManageSieve client (RFC 5804) and obeyed at delivery (PR06)."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterator

import pytest

from changing import changed
from manage_sieve import ManageSieve, Refused
from office import DOMAIN, Office, trusting, until

PAGE, PORT = "service.protocol", 4190
CONFIG = "/data/conf/current/postfix"
FILE = 'require ["fileinto","mailbox","envelope","relational","comparator-i;ascii-numeric"]; '
# {behaviour: (script, header of a message, where it goes, flag)}
RULES = {
    "fileinto": (FILE + 'if header "X-Kind" "f" {fileinto :create "Sorted";}', "f", "Sorted", ""),
    "envelope": (FILE + 'if envelope "from" "friend@world.example" {fileinto :create "Sorted";}', "e", "Sorted", ""),
    "imap4flags": ('require "imap4flags"; if header "X-Kind" "i" {addflag "\\\\Flagged";}', "i", "INBOX", "Flagged"),
    "relational": (
        FILE + 'if header :value "gt" :comparator "i;ascii-numeric" "X-Kind" "5" {fileinto :create "Sorted";}',
        "12", "Sorted", "",
    ),
}  # fmt: skip
NOT_OFFERED = {"editheader", "regex", "enotify", "include", "vnd.dovecot.execute", "vnd.dovecot.pipe"}


@pytest.fixture(scope="module")
def enabled(server: Office) -> Iterator[None]:
    with changed(server, PAGE, managesieve_enabled=True):
        yield


@pytest.fixture
def client(server: Office, enabled: None) -> Iterator[ManageSieve]:
    """Chloe, signed in; in the end she has no scripts."""
    made = ManageSieve(server.connect(PORT))
    made.starttls(trusting())
    made.login("chloe", server.passwords["chloe"])
    yield made
    made.activate("")
    for name in made.scripts():
        made.delete(name)
    made.close()
    with server.imap("chloe") as imap:
        imap.delete("Sorted")


def send(server: Office, kind: str) -> str:
    """Deliver a message of this kind to Chloe; its subject."""
    made = server.mail(f"sieve {secrets.token_hex(4)}", to=f"chloe@{DOMAIN}")
    made["X-Kind"] = kind
    with server.smtp() as smtp:
        smtp.send_message(made)
    return str(made["Subject"])


def test_off_until_it_is_enabled(server: Office) -> None:
    with pytest.raises(ConnectionRefusedError):
        server.connect(PORT)


def test_no_password_before_encryption(server: Office, enabled: None) -> None:
    plain = ManageSieve(server.connect(PORT))
    assert plain.capabilities["SASL"] == "" and "STARTTLS" in plain.capabilities
    with pytest.raises(Refused):
        plain.login("chloe", server.passwords["chloe"])
    plain.starttls(trusting())
    assert "PLAIN" in plain.capabilities["SASL"].split()
    with pytest.raises(Refused):
        plain.login("chloe", "wrong")
    plain.close()
    server.forgive("chloe")


def test_what_is_offered_is_stated(client: ManageSieve) -> None:
    """The behaviours that users can rely on, and none that runs for ages or sends mail by the back door."""
    offered = set(client.capabilities["SIEVE"].split())
    assert {"fileinto", "vacation", "envelope", "imap4flags", "relational", "copy", "variables", "body"} <= offered
    assert not offered & NOT_OFFERED


@pytest.mark.parametrize("name", RULES)
def test_mail_is_sorted_by_the_active_script(server: Office, client: ManageSieve, name: str) -> None:
    script, kind, folder, flag = RULES[name]
    client.put(name, script)
    client.activate(name)
    assert client.scripts() == {name: True} and "require" in client.get(name)
    subject = send(server, kind)
    server.arrived("chloe", subject, folder)
    if flag:
        with server.imap("chloe") as imap:
            imap.select("INBOX", readonly=True)
            assert imap.search(None, "FLAGGED", "SUBJECT", f'"{subject}"')[1] != [b""]


def test_vacation_answers_once(server: Office, client: ManageSieve) -> None:
    text = f"away {secrets.token_hex(4)}"
    client.put("away", f'require "vacation"; vacation :days 1 :subject "{text}" "Back on Monday.";')
    client.activate("away")
    for _ in range(2):
        server.arrived("chloe", send(server, "v"))
    assert "Back on Monday." in server.sent_out(text)["content"]
    assert sum(f"Subject: {text}" in one["content"] for one in server.machine.world_mail()) == 1


def test_a_broken_script_is_refused_with_its_line_and_changes_nothing(client: ManageSieve) -> None:
    client.put("rules", "keep;")
    client.activate("rules")
    with pytest.raises(Refused, match=r"line 2"):
        client.put("rules", "keep;\nkeeep;\n")
    with pytest.raises(Refused, match="editheader"):
        client.put("other", 'require "editheader"; addheader "X" "y";')
    assert client.get("rules").strip() == "keep;" and client.scripts() == {"rules": True}


def test_scripts_have_a_size_and_a_number(client: ManageSieve) -> None:
    with pytest.raises(Refused, match="QUOTA"):
        client.put("big", "#" * 300_000)
    for number in range(32):
        client.put(f"script{number}", "keep;")
    with pytest.raises(Refused, match="QUOTA"):
        client.put("one more", "keep;")


def test_a_script_that_burns_processor_time_is_ended_and_its_mail_is_not_lost(
    server: Office, client: ManageSieve
) -> None:
    """sieve_max_cpu_time. The mail waits until the script is another one, then comes once; others are not held up."""
    words = ",".join(f'"z{number:05}"' for number in range(150))
    client.put("burns", 'require "body";' + f"if body :contains [{words}] {{keep;}}\n" * 100)
    client.activate("burns")
    made = server.mail(f"burns {secrets.token_hex(4)}", to=f"chloe@{DOMAIN}", text=("y" * 70 + "\n") * 20_000)
    with server.smtp() as smtp:
        smtp.send_message(made)
    log = "/mail/mailboxes/chloe/.dovecot.sieve.log"
    until(lambda: "CPU time limit" in server.inside("cat", log), 120)
    server.deliver("beside it", to=f"ben@{DOMAIN}")
    server.arrived("ben", "beside it")
    client.activate("")
    until(lambda: str(made["To"]) in server.inside("postqueue", "-c", CONFIG, "-p"), 60)
    server.inside("postqueue", "-c", CONFIG, "-f")
    server.arrived("chloe", str(made["Subject"]))
    assert len([one for one in server.folder_of("chloe") if f"Subject: {made['Subject']}".encode() in one]) == 1


def test_its_certificate_can_be_looked_at(server: Office, enabled: None) -> None:
    """As that of the other services: by the deliverability check, and after each change of the certificate."""
    look = """
from mailroom.tls.served import served
print(*(served("127.0.0.1", port, speaks, 9).fingerprint for port, speaks in ((4190, "sieve"), (993, "imaps"))))
"""
    path = "PYTHONPATH=/opt/mailroom/app:/opt/mailroom/lib"
    shown = server.inside("env", path, "python3.11", "-c", look)
    assert len(set(shown.split())) == 1
    told = server.ctl("certificate", "show")["services"]
    assert {"service": "ManageSieve", "port": PORT} in told


def test_the_delivery_script_is_not_a_user_s(server: Office, client: ManageSieve) -> None:
    """Ours is not listed, and no name of a script leads to it; what it does happens whatever the user's script says."""
    assert client.scripts() == {}
    for name in ("before", "../before", "/data/conf/current/dovecot/before.sieve"):
        with pytest.raises(Refused):
            client.get(name)
    client.put("all", "keep; stop;")
    client.activate("all")
    script = server.inside("cat", "/data/conf/current/dovecot/before.sieve")
    assert "X-Spam-Flag" in script and "Junk" in script


def test_a_redirect_obeys_the_ban_on_forwarding(server: Office, client: ManageSieve) -> None:
    """DL12: with forwarding off the script does not run, and its mail stays in the inbox."""
    client.put("away", 'redirect "somebody@world.example";')
    client.activate("away")
    with changed(server, "mail_delivery.general", disable_auto_forwarding=True):
        subject = send(server, "r")
        server.arrived("chloe", subject)


def test_compression_reads_the_same_mail(server: Office) -> None:
    """COMPRESS=DEFLATE (RFC 4978), offered once the password was given (decision 0036)."""
    subject = f"compressed {secrets.token_hex(4)}"
    server.deliver(subject, to=f"chloe@{DOMAIN}", text="word " * 2000 + "\n")
    server.arrived("chloe", subject)
    imap = server.imap("chloe")
    assert "COMPRESS=DEFLATE" in imap.capability()[1][0].decode().split()
    imap.send(b"c1 COMPRESS DEFLATE\r\n")
    while not (line := imap.readline()).startswith(b"c1 "):
        pass
    assert line.startswith(b"c1 OK")
    pack, unpack = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
    command = b"c2 SELECT INBOX\r\nc3 FETCH * BODY.PEEK[]\r\n"
    imap.send(pack.compress(command) + pack.flush(zlib.Z_SYNC_FLUSH))
    link, heard, raw = imap.sock, b"", 0
    while b"\r\nc3 OK" not in heard:
        more = link.recv(65536)
        assert more
        raw += len(more)
        heard += unpack.decompress(more)
    assert subject.encode() in heard and raw < len(heard) / 4
    imap.shutdown()
