"""Reading mail at /mail: the real web process, Dovecot and sign-in service, over HTTP."""

from __future__ import annotations

import os
from urllib.parse import quote

import portal_samples as samples
from portal_house import Browser, House, until


def delivered(browser: Browser, subject: str, folder: str = "INBOX") -> int:
    """The UID of the message with this subject."""
    found = [row["uid"] for row in browser.messages(folder, "?limit=500") if row["subject"] == subject]
    assert len(found) == 1, subject
    return int(found[0])


def test_signing_in_and_out(house: House) -> None:
    nobody = Browser(house, "192.0.2.10")
    assert nobody.ask("GET", "api/folders").status == 401
    refused = nobody.sign_in("anna", "wrong")
    assert (refused.status, refused.facts["code"]) == (403, "bad")
    refused = nobody.sign_in("clara")
    assert (refused.status, refused.facts["code"]) == (403, "not_active")
    got = nobody.sign_in("anna")
    assert got.facts["address"] == "anna@example.com"
    assert (
        "HttpOnly; SameSite=Strict; Secure" in got.headers["set-cookie"] and "Path=/mail;" in got.headers["set-cookie"]
    )
    assert nobody.get("api/session")["csrf"] == nobody.csrf
    assert nobody.ask("DELETE", "api/session").facts == {"signed_out": "anna"}
    gone = nobody.ask("GET", "api/folders")
    assert (gone.status, gone.facts["code"]) == (401, "signed_out")


def test_too_many_wrong_passwords_have_to_wait(house: House) -> None:
    guesser = Browser(house, "192.0.2.11")
    answers = [guesser.sign_in(f"nobody{turn}", "guess") for turn in range(7)]
    assert [got.status for got in answers[:5]] == [403] * 5
    last = answers[-1]
    assert last.status == 429 and last.facts["retry_after_s"] >= 1 and last.headers["retry-after"]
    assert Browser(house, "192.0.2.12").sign_in("anna").status == 200


def test_folders_with_foreign_names(house: House, anna: Browser) -> None:
    names = ("Büro & Co", "Projekte/2026 請求", "50% %2F plain")
    for name in names:
        house.bundle(
            "doveadm", "-c", "/data/conf/current/dovecot/dovecot.conf", "mailbox", "create", "-u", "anna", name
        )
    folders = {one["id"]: one for one in anna.get("api/folders")["folders"]}
    assert next(iter(folders)) == "INBOX" and folders["Sent"]["use"] == "sent"
    assert folders["Projekte/2026 請求"]["name"] == "2026 請求" and folders["Projekte/2026 請求"]["depth"] == 1
    for name in names:
        assert anna.get(f"api/folders/{quote(name, safe='')}/messages")["total"] == 0
    assert anna.ask("GET", "api/folders/Nowhere/messages").status == 404


def test_the_list_is_newest_first_and_comes_in_pages(house: House, anna: Browser) -> None:
    for turn in range(3):
        house.deliver("anna", samples.plain(f"page {turn}", "The first words of it.\r\n"))
    whole = anna.get("api/folders/INBOX/messages")
    assert [row["subject"] for row in whole["messages"][:3]] == ["page 2", "page 1", "page 0"]
    assert whole["messages"][0]["preview"] == "The first words of it."
    assert whole["messages"][0]["from"] == {"name": "Sender", "address": "sender@example.net"}
    page = anna.get("api/folders/INBOX/messages?offset=1&limit=1")
    assert [row["subject"] for row in page["messages"]] == ["page 1"] and page["total"] == whole["total"]
    assert anna.get("api/folders/INBOX/messages?offset=100000")["messages"] == []
    uid = whole["messages"][0]["uid"]
    anna.post("api/folders/INBOX/flags", uids=[uid], add=["flagged"])
    assert anna.get("api/folders/INBOX/messages")["state"] != whole["state"]


def test_what_sorts_a_list_is_cached_before_anybody_has_looked(house: House) -> None:
    house.deliver("dora", samples.plain("For Dora"))
    folder = "/mail/mailboxes/dora/sdbox/mailboxes/INBOX/dbox-Mails"
    configured = "/data/conf/current/dovecot/dovecot.conf"
    records = house.bundle("doveadm", "-c", configured, "dump", "-t", "index", folder).partition("-- RECORDS")[2]
    for field in ("date.received", "size.virtual"):
        assert records.count(f"- {field}: ") == records.count("RECORD: ") > 0, records


def test_hostile_html_is_harmless(house: House, anna: Browser) -> None:
    house.deliver("anna", samples.hostile("hostile"))
    uid = delivered(anna, "hostile")
    facts = anna.get(f"api/folders/INBOX/messages/{uid}")
    assert facts["remote_images"] is True and facts["seen"] is True and "kept words" in facts["text"]
    assert facts["attachments"] == []
    shown = anna.ask("GET", f"api/folders/INBOX/messages/{uid}/body")
    text = shown.body.decode()
    for word in ("script", "onerror", "onload", "evil.example", "javascript:", "<form", "<iframe", "<base", "position"):
        assert word not in text, word
    assert 'src="parts/2"' in text and "https://good.example/page" in text and "color:red" in text
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-same-origin") and "allow-scripts" not in policy
    assert "default-src 'none'" in policy and "img-src data: 'self';" in policy
    shown = anna.ask("GET", f"api/folders/INBOX/messages/{uid}/body?images=1&theme=dark")
    assert b'src="http://evil.example/pixel.gif"' in shown.body and b"invert" in shown.body
    assert (
        b"script" not in shown.body and "img-src data: 'self' https: http:" in shown.headers["content-security-policy"]
    )
    picture = anna.ask("GET", f"api/folders/INBOX/messages/{uid}/parts/2")
    assert (picture.headers["content-type"], picture.body) == ("image/gif", samples.PIXEL)


def test_broken_messages_are_shown_as_well_as_they_can(house: House, anna: Browser) -> None:
    known = {row["uid"] for row in anna.messages(query="?limit=500")}
    for message in samples.BROKEN.values():
        house.deliver("anna", message)
    house.deliver("anna", samples.nested("nested", 200))
    rows = [row for row in anna.messages(query="?limit=500") if row["uid"] not in known]
    assert len(rows) == len(samples.BROKEN) + 1
    texts = {}
    for row in rows:
        facts = anna.get(f"api/folders/INBOX/messages/{row['uid']}")
        texts[facts["subject"]] = facts["text"]
        assert anna.ask("GET", f"api/folders/INBOX/messages/{row['uid']}/body").status == 200
    assert texts["unknown charset"].strip() == "café" and texts["codec that is none"].strip() == "plain"
    assert texts["bad base64"] == "foo" and len(texts["long line"].strip()) == 200_000


def test_attachments_are_saved_whole_and_never_shown(house: House, anna: Browser) -> None:
    large = os.urandom(1_700_000)
    house.deliver(
        "anna",
        samples.multipart(
            "attached",
            "mixed",
            samples.part(b"see below", "text/plain"),
            samples.part(large, "application/pdf", "Content-Disposition: attachment; filename*=UTF-8''r%C3%A4t%22.pdf"),
            samples.part(b"<svg onload=x>", "image/svg+xml", 'Content-Disposition: attachment; filename="../../a.svg"'),
            samples.part(b"<p>", "text/html", 'Content-Disposition: attachment; filename="a.html"'),
        ),
    )
    uid = delivered(anna, "attached")
    facts = anna.get(f"api/folders/INBOX/messages/{uid}?peek=1")
    assert [one["name"] for one in facts["attachments"]] == ['rät".pdf', "../../a.svg", "a.html"]
    assert abs(facts["attachments"][0]["size"] - len(large)) < 10 and facts["text"] == "see below"
    saved = anna.ask("GET", f"api/folders/INBOX/messages/{uid}/parts/2")
    assert saved.body == large
    for number, name in (("2", "r%C3%A4t%22.pdf"), ("3", "a.svg"), ("4", "a.html")):
        saved = anna.ask("GET", f"api/folders/INBOX/messages/{uid}/parts/{number}")
        assert saved.headers["content-type"] == "application/octet-stream"
        assert saved.headers["content-disposition"].startswith("attachment;")
        assert saved.headers["content-disposition"].endswith(f"filename*=UTF-8''{name}")
        assert saved.headers["x-content-type-options"] == "nosniff"
        assert saved.headers["content-security-policy"].startswith("sandbox;")
    assert anna.ask("GET", f"api/folders/INBOX/messages/{uid}/parts/9").status == 404
    assert anna.messages(query="?limit=1")[0]["attachments"] is True


def test_quoted_printable_attachment_is_whole_at_every_cut(house: House, anna: Browser) -> None:
    content = b"".join(b"line %d \xff=\r\n" % turn for turn in range(60_000))
    import quopri

    encoded = quopri.encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    head = b"Content-Type: application/x-thing\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    head += b"Content-Disposition: attachment; filename=t\r\n\r\n"
    house.deliver("anna", samples.multipart("quoted", "mixed", samples.part(b"x", "text/plain"), head + encoded))
    saved = anna.ask("GET", f"api/folders/INBOX/messages/{delivered(anna, 'quoted')}/parts/2")
    assert saved.body.replace(b"\r\n", b"\n").rstrip() == content.replace(b"\r\n", b"\n").rstrip()


def test_search_finds_words_and_single_characters(house: House, anna: Browser) -> None:
    house.deliver("anna", samples.plain("dinner", "We cook 鯖 with 味噌 tonight, needleword.\r\n"))
    house.deliver("anna", samples.plain("=?utf-8?b?6K+35rGC?= form", "Nothing else.\r\n"))

    def found(words: str) -> list[str]:
        return [row["subject"] for row in anna.messages(query=f"?search={quote(words)}")]

    until(lambda: found("needleword") == ["dinner"])
    assert found("鯖") == ["dinner"] and found("味噌") == ["dinner"] and found("请") == ["请求 form"]
    assert found("鯖 needleword") == ["dinner"] and found("鯖 form") == [] and found("xqzzy") == []
    assert found('") ALL (') == []


def test_mail_appears_without_asking(house: House, anna: Browser) -> None:
    link, events = anna.events()
    try:
        # The watch begins after the stream's head: deliver until it tells of it.
        seen: list[str] = []

        def told(user: str = "anna") -> bool:
            house.deliver(user, samples.plain("live"))
            seen.append(next(events)["folder"])
            return seen[-1] == "INBOX"

        assert told()
        anna.post("api/folders/INBOX/move", uids=[anna.messages()[0]["uid"]], to="Archive")
        until(lambda: next(events)["folder"] == "Archive")
    finally:
        link.close()


def test_an_event_stream_needs_a_session(house: House) -> None:
    assert Browser(house).ask("GET", "api/events").status == 401


def test_search_finds_a_domain_in_letters_where_headers_have_it_in_ascii(house: House, anna: Browser) -> None:
    for address in ("eva@xn--bcher-kva.example", "uwe@buecher.example"):
        house.deliver("anna", f"From: {address}\r\nTo: anna@example.com\r\nSubject: of {address}\r\n\r\nx\r\n".encode())
        delivered(anna, f"of {address}")
    for words in ("bücher.example", "BÜCHER.example", "eva@bücher.example", "eva@bu\u0308cher"):
        found = anna.get(f"api/folders/INBOX/messages?search={quote(words)}")["messages"]
        assert [one["subject"] for one in found] == ["of eva@xn--bcher-kva.example"], words
