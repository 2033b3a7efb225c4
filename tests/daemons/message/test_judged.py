"""Mail that is judged: spam, viruses, limits, recipients. Rows DL05-DL07, DL10, SA01, SA05, SA06, AV01, AV08."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mail_chain import DECENT, Chain
from mailroom.flows.message import explain
from own_room import LAN_CLIENT, SERVER

SAMPLES = Path(__file__).parents[2] / "samples"
GENERAL, SPAM, ANTIVIRUS = "mail_delivery.general", "security.spam", "security.antivirus"
SETTINGS = {
    GENERAL: {"max_message_mb": 1, "max_recipients": 20, "max_hops": 5},
    SPAM: {"tag_subject": True, "subject_prefix": "[Spam 100%]"},
}


@pytest.fixture(scope="module")
def chain(start: Any) -> Chain:
    found: Chain = start("clamd", "spamd", "filter", "postfix", settings=SETTINGS)
    return found


def mail(name: str, *headers: str) -> bytes:
    lines = [f"Message-ID: <{name}@out.example>", f"Subject: {name}", *headers]
    return (DECENT + "\r\n".join([*lines, "", f"The body of {name}.", ""])).encode()


def checks(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {check["check"]: check for check in record["checks"]}


def test_clean_mail_is_delivered_and_its_record_holds_every_check(chain: Chain) -> None:
    """Rows SA01, AV01."""
    assert chain.send(mail("clean"), sender="clean@out.example")[0] == 250
    taken = chain.sink.holding(b"The body of clean.")
    record = chain.record("clean@out.example")
    assert taken.recipients == ["alice@example.com"]
    assert f"X-Mailroom-ID: {record['id']}".encode() in taken.content
    assert b"X-Spam-Flag" not in taken.content and b"Subject: clean\r\n" in taken.content
    assert (record["verdict"], record["client"], record["helo"]) == ("deliver", "198.51.100.7", "client.example.net")
    assert record["queue_id"] and record["message_id"] == "<clean@out.example>"
    found = checks(record)
    assert list(found) == ["size_limit", "hop_limit", "clamav", "spamassassin"]
    assert all(check["result"] == "pass" and check["ms"] > 0 for check in found.values())
    assert isinstance(found["spamassassin"]["score"], float)
    assert found["spamassassin"]["setting"] == "security.spam.threshold"


def test_spam_is_flagged_for_junk_and_its_subject_tagged(chain: Chain) -> None:
    """Rows SA01, SA05, SA06."""
    assert chain.send((SAMPLES / "gtube.eml").read_bytes(), sender="gtube@out.example")[0] == 250
    content = chain.sink.holding(b"GTUBE-STANDARD").content
    assert b"X-Spam-Flag: YES\r\n" in content and b"Subject: [Spam 100%] GTUBE\r\n" in content
    record = chain.record("gtube@out.example")
    assert record["verdict"] == "spam" and checks(record)["spamassassin"]["score"] > 900
    told = " ".join(explain(record))
    assert "Spam > Mark as spam if score is higher than" in told and "GTUBE" in told and "filed into Junk" in told


def test_a_virus_is_found_by_our_own_signature_and_kept_in_quarantine(chain: Chain) -> None:
    """Rows AV01, AV08: found before the first update of the definitions."""
    content = (SAMPLES / "eicar.eml").read_bytes()
    assert chain.send(content, sender="virus@out.example")[0] == 250
    record = chain.record("virus@out.example")
    assert record["verdict"] == "quarantine" and "Eicar-Test-Signature" in checks(record)["clamav"]["detail"]
    assert "Antivirus > Anti-virus action" in " ".join(explain(record))
    kept = chain.execute("sh", "-c", f"cat /data/quarantine/*/{record['id']}.eml")
    assert kept.encode().replace(b"\n", b"\r\n") == content
    about = json.loads(chain.execute("sh", "-c", f"cat /data/quarantine/*/{record['id']}.json"))
    assert about["recipients"] == ["alice@example.com"] and "GTUBE" not in str(about)
    assert chain.execute("sh", "-c", "stat -c %a /data/quarantine /data/quarantine/*/*").split() == [
        "700",
        "600",
        "600",
    ]
    assert not any(b"EICAR" in one.content for one in chain.sink.taken)


def test_mail_that_is_nested_too_deep_to_be_looked_at_whole_is_marked(chain: Chain) -> None:
    """Row AV01: what was not looked at is never silently taken as clean."""
    hidden = (SAMPLES / "eicar.eml").read_bytes()
    for depth, verdicts in ((3, {"quarantine"}), (60, {"deliver", "spam"})):
        content = hidden
        for number in range(depth):
            head = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x%d"\r\n\r\n' % number
            part = b"--x%d\r\nContent-Type: message/rfc822\r\n\r\n%b\r\n--x%d--\r\n" % (number, content, number)
            content = head + part
        assert chain.send(content, sender=f"deep{depth}@out.example")[0] == 250
        assert chain.record(f"deep{depth}@")["verdict"] in verdicts
    marked = chain.sink.wait(lambda taken: any(one.sender.startswith("deep60") for one in taken))[-1]
    assert b"X-Mailroom-Unscanned: clamav\r\n" in marked.content
    assert "nested too deep" in " ".join(explain(chain.record("deep60@")))


@pytest.mark.parametrize(
    ("to", "reply", "setting", "words"),
    [
        ("nobody@example.com", (550, "5.1.1"), "account.user", "User unknown"),
        ("gone@example.com", (450, "4.2.1"), "account.user", "try again later"),
        ("someone@elsewhere.example", (554, "5.7.1"), "mail_delivery.general.smtp_auth", "Relay access denied"),
    ],
)
def test_a_refused_recipient_is_recorded_with_the_setting_behind_it(
    chain: Chain, to: str, reply: tuple[int, str], setting: str, words: str
) -> None:
    code, text = chain.send(mail("refused"), to, sender=f"to-{to}")
    assert (code, text[:5]) == reply
    record = chain.record(f"to-{to}")
    assert record["verdict"] == ("tempfail" if code < 500 else "reject")
    assert checks(record)["recipient"]["setting"] == setting
    assert record["reply"].startswith(f"{code} {reply[1]}") and words in " ".join(explain(record))


def test_mail_goes_to_the_good_recipients_and_the_record_tells_of_the_bad_one(chain: Chain) -> None:
    with chain.smtp() as client:
        refused = client.sendmail("mixed@out.example", ["alice@example.com", "nobody@example.com"], mail("mixed"))
    assert list(refused) == ["nobody@example.com"]
    assert chain.sink.holding(b"The body of mixed.").recipients == ["alice@example.com"]
    record = chain.record("mixed@out.example")
    assert record["verdict"] == "deliver" and "nobody@example.com was refused: 550 5.1.1" in " ".join(explain(record))


@pytest.mark.parametrize("client", ["127.0.0.1", SERVER, LAN_CLIENT])
def test_nobody_may_relay_by_address_alone(chain: Chain, client: str) -> None:
    """Row DL10, switched off: not from loopback, not from the server's own addresses, not from the local network."""
    server = "127.0.0.1" if client == "127.0.0.1" else SERVER
    reply = chain.send(mail("relay"), "x@elsewhere.example", client=client, server=server)
    assert reply[0] == 554
    for trick in ("alice%elsewhere.example@example.com", "@example.com:x@elsewhere.example", "x@[192.0.2.1]", "x"):
        assert chain.send(mail("relay"), trick, client=client, server=server)[0] >= 500, trick


def test_a_message_over_the_size_limit_is_refused_at_once_or_at_its_end(chain: Chain) -> None:
    """Row DL07: announced (RFC 1870) or not."""
    large = mail("large") + b"x" * 70 * 16000
    assert chain.send(large) == (552, "5.3.4 Message size exceeds fixed limit")
    with chain.smtp() as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(1024 * 1024)
        client.mail("large@out.example")
        client.rcpt("alice@example.com")
        assert client.data(large)[0] == 552
    record = chain.record("large@out.example")
    assert record["verdict"] == "dropped" and "too large" in " ".join(explain(record))
    assert checks(record)["size_limit"]["setting"] == "mail_delivery.general.max_message_mb"


def test_recipients_over_the_limit_come_in_another_message_and_the_record_says_so(chain: Chain) -> None:
    """Row DL05."""
    with chain.smtp() as client:
        client.ehlo()
        client.mail("many@out.example")
        codes = [client.rcpt("alice@example.com")[0] for _ in range(25)]
        assert codes == [250] * 20 + [452] * 5
        assert client.data(mail("many"))[0] == 250
    record = chain.record("many@out.example")
    assert checks(record)["recipient_limit"]["setting"] == "mail_delivery.general.max_recipients"
    assert "General > Max recipients per message" in " ".join(explain(record))


def test_a_message_in_circles_is_refused(chain: Chain) -> None:
    """Row DL06."""
    hop = "Received: from a.example by b.example; Mon, 23 Nov 2026 10:00:00 +0000"
    assert chain.send(mail("five", *[hop] * 5))[0] == 250
    assert chain.send(mail("six", *[hop] * 6), sender="six@out.example") == (554, "5.4.6 Too many hops")
    record = chain.record("six@out.example")
    assert record["verdict"] == "reject" and "6 hops, 5 are allowed" in " ".join(explain(record))
    assert "Max message hops" in " ".join(explain(record))
    # Far beyond the limit too, where Postfix would refuse without telling why.
    assert chain.send(mail("fifty", *[hop] * 50), sender="fifty@out.example") == (554, "5.4.6 Too many hops")


def test_headers_that_only_we_may_write_are_taken_out(chain: Chain) -> None:
    forged = (
        "X-Spam-Flag: YES",
        "x-SPAM-flag : yes",
        "X-Spam-Status\t: No",
        "X-Mailroom-ID:\r\n 01FORGED",
        "X-Mailroom-Unscanned: forged",
        "Authentication-Results: mail.example.com; spf=pass forged1",
        "AUTHENTICATION-results : MAIL.Example.Com 1; dkim=pass forged2",
        "Authentication-Results:\r\n\t(a (nested;) \\) comment) mail.example.com; spf=pass forged3",
        'Authentication-Results: "mail.\\example.com"; spf=pass forged4',
        "Authentication-Results: mail.example.com.(;); spf=pass forged5",
        "Authentication-Results: other.example; spf=pass honest",
        "X-Kept: yes",
    )
    assert chain.send(mail("forged", *forged), sender="forged@out.example")[0] == 250
    content = chain.sink.holding(b"The body of forged.").content.lower()
    record = chain.record("forged@out.example")
    head = content.partition(b"\r\n\r\n")[0]
    assert b"forged1" not in head and b"forged2" not in head and b"forged3" not in head
    assert b"forged4" not in head and b"forged5" not in head and b"01forged" not in head
    assert b"spf=pass honest" in head and b"x-kept: yes" in head
    assert b"x-spam-flag" not in head and b"unscanned" not in head
    assert head.count(b"x-spam-status") == 1 and b"required=" in head
    assert head.count(b"x-mailroom-id") == 1 and record["id"].lower().encode() in head


def test_a_client_that_leaves_is_recorded(chain: Chain) -> None:
    with chain.smtp() as client:
        client.ehlo()
        client.mail("early@out.example")
        client.rcpt("alice@example.com")
    assert chain.record("early@out.example")["verdict"] == "dropped"
    with chain.connect() as link:
        for line in (b"EHLO x", b"MAIL FROM:<middle@out.example>", b"RCPT TO:<alice@example.com>", b"DATA"):
            link.recv(4096)
            link.sendall(line + b"\r\n")
        link.recv(4096)
        link.sendall(b"Subject: half\r\n\r\nhalf a mes")
    record = chain.record("middle@out.example")
    assert record["verdict"] == "dropped" and "Nothing was taken" in " ".join(explain(record))


def test_rspamd_judges_instead_and_a_virus_is_deleted(chain: Chain) -> None:
    """Rows SA01 (second engine), AV08 (delete)."""
    chain.render({SPAM: {"engine": "rspamd"}, ANTIVIRUS: {"action": "delete"}})
    chain.run_all("rspamd")
    chain.restart("filter")
    try:
        assert chain.send((SAMPLES / "gtube.eml").read_bytes(), sender="rgtube@out.example")[0] == 250
        record = chain.record("rgtube@out.example")
        assert record["verdict"] == "spam" and "GTUBE" in checks(record)["rspamd"]["detail"]
        assert "spamassassin" not in checks(record)
        assert chain.send((SAMPLES / "eicar.eml").read_bytes(), sender="rvirus@out.example")[0] == 250
        record = chain.record("rvirus@out.example")
        assert record["verdict"] == "delete" and "deleted" in " ".join(explain(record))
        assert not chain.execute("sh", "-c", f"ls /data/quarantine/* | grep {record['id']} || true")
    finally:
        chain.restart("filter", {SPAM: {"engine": "spamassassin"}, ANTIVIRUS: {"action": "quarantine"}})


def test_a_local_network_may_relay_when_the_admin_chose_so_and_no_other_may(chain: Chain) -> None:
    """Row DL10, switched on for one network."""
    chain.render({GENERAL: {"skip_auth_on_lan": True, "lan_networks": ["192.0.2.8/29"]}})
    chain.execute("postfix", "-c", "/data/conf/current/postfix", "reload")
    try:
        chain.until(lambda: chain.send(mail("lan"), "x@elsewhere.example", client=LAN_CLIENT)[0] == 250)
        for client, server in (("198.51.100.7", SERVER), (SERVER, SERVER), ("127.0.0.1", "127.0.0.1")):
            assert chain.send(mail("lan"), "x@elsewhere.example", client=client, server=server)[0] == 554
    finally:
        chain.render({GENERAL: {"skip_auth_on_lan": False, "lan_networks": []}})
        chain.execute("postfix", "-c", "/data/conf/current/postfix", "reload")


def test_before_the_accounts_were_read_nobody_is_told_that_a_mailbox_does_not_exist(chain: Chain) -> None:
    chain.render(accounts="never")
    chain.execute("postfix", "-c", "/data/conf/current/postfix", "reload")
    try:
        chain.until(lambda: chain.send(mail("sync"), "nobody@example.com", sender="sync@out.example")[0] == 451)
        assert chain.send(mail("sync"))[0] == 451
        assert chain.record("sync@out.example")["verdict"] in ("tempfail", "reject")
    finally:
        chain.render()
        chain.execute("postfix", "-c", "/data/conf/current/postfix", "reload")
