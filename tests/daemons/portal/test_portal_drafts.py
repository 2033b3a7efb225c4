"""Drafts at /mail: saved, opened and sent, with real Dovecot and real Postfix."""

from __future__ import annotations

import itertools
import time
from email.message import EmailMessage
from typing import Any

import portal_samples as samples
import pytest
from portal_house import Browser, House, until

TOKENS = (f"token-{number:06d}" for number in itertools.count())
DOVEADM = ("doveadm", "-c", "/data/conf/current/dovecot/dovecot.conf")


@pytest.fixture
def drafts(anna: Browser) -> Browser:
    """anna, with nothing in Drafts."""
    if uids := [row["uid"] for row in anna.messages("Drafts")]:
        anna.post("api/folders/Drafts/delete", uids=uids)
    return anna


def content(subject: str, **more: Any) -> dict[str, Any]:
    """What is written."""
    name = subject.replace(" ", "-")
    return {"to": ["ben@example.com"], "subject": subject, "text": "So far.", "html": "<p>So far.</p>",
            "message_id": f"<{name}@example.com>", "token": next(TOKENS), **more}  # fmt: skip


def subjects(browser: Browser, folder: str) -> list[str]:
    return [row["subject"] for row in browser.messages(folder, "?limit=500")]


def opened(browser: Browser, uid: int) -> Any:
    return browser.post(f"api/drafts/{uid}/open")


def test_a_draft_is_written_again_in_its_own_place(drafts: Browser) -> None:
    files = [drafts.ask("POST", f"api/uploads?name={name}", raw=name.encode() * 1000).facts["id"] for name in "ab"]
    wanted = content("begun", to=["Ben Bär <ben@example.com>", "ann"], bcc=["dora@example.com"], attachments=files)
    first = drafts.post("api/drafts", **wanted)
    assert not first["is_second"] and first["message_id"] == "<begun@example.com>"
    more = {**wanted, "text": "Further.", "html": "<p>Further.</p>", "token": next(TOKENS)}
    second = drafts.post("api/drafts", **more, replaces=first["version"])
    assert subjects(drafts, "Drafts") == ["begun"] and not second["is_second"]
    found = opened(drafts, second["version"]["uid"])
    assert found["to"] == ["Ben Bär <ben@example.com>", "ann"] and found["bcc"] == ["dora@example.com"]
    assert "Further." in found["html"] and found["version"] == second["version"]
    assert [one["id"] for one in found["attachments"]] == files
    # Its files are in the draft: they come back when they are here no longer.
    for id in files:
        assert drafts.ask("DELETE", f"api/uploads/{id}").status == 200
    third = drafts.post("api/drafts", **{**more, "token": next(TOKENS)}, replaces=second["version"])
    got = drafts.get(f"api/folders/Drafts/messages/{third['version']['uid']}")
    assert [(one["name"], one["part"]) for one in got["attachments"]] == [("a", "2"), ("b", "3")]
    path = f"api/folders/Drafts/messages/{third['version']['uid']}/parts/3"
    assert drafts.ask("GET", path).body == b"b" * 1000 and subjects(drafts, "Drafts") == ["begun"]


def test_two_pages_never_overwrite_each_other(drafts: Browser) -> None:
    wanted = content("shared")
    first = drafts.post("api/drafts", **wanted)
    one = {**wanted, "html": "<p>From one.</p>", "token": next(TOKENS)}
    other = {**wanted, "html": "<p>From the other.</p>", "token": next(TOKENS)}
    assert not drafts.post("api/drafts", **one, replaces=first["version"])["is_second"]
    late = drafts.post("api/drafts", **other, replaces=first["version"])
    assert late["is_second"] and late["message_id"] != wanted["message_id"]
    # The same save once more, as after an answer that got lost, makes no third one.
    again = drafts.post("api/drafts", **other, replaces=first["version"])
    assert again["message_id"] == late["message_id"]
    texts = [opened(drafts, row["uid"])["html"].strip() for row in drafts.messages("Drafts")]
    assert sorted(texts) == ["<p>From one.</p>", "<p>From the other.</p>"]
    # From then on each has its own.
    later = {**other, "message_id": late["message_id"], "html": "<p>Later.</p>", "token": next(TOKENS)}
    assert not drafts.post("api/drafts", **later, replaces=again["version"])["is_second"]
    assert len(drafts.messages("Drafts")) == 2


def test_an_answer_that_got_lost_makes_no_second_draft(drafts: Browser) -> None:
    wanted = content("lost answer")
    first = drafts.post("api/drafts", **wanted)
    lost = {**wanted, "html": "<p>Lost.</p>", "token": next(TOKENS)}
    drafts.post("api/drafts", **lost, replaces=first["version"])
    wanted = {**wanted, "html": "<p>Next.</p>", "token": next(TOKENS), "attempts": [lost["token"]]}
    saved = drafts.post("api/drafts", **wanted, replaces=first["version"])
    assert not saved["is_second"]
    assert [opened(drafts, row["uid"])["html"].strip() for row in drafts.messages("Drafts")] == ["<p>Next.</p>"]
    # Nor does a first save whose answer got lost.
    fresh = content("lost at once")
    drafts.post("api/drafts", **fresh)
    drafts.post("api/drafts", **{**fresh, "token": next(TOKENS), "attempts": [fresh["token"]]})
    assert subjects(drafts, "Drafts").count("lost at once") == 1


def test_a_draft_of_another_program_is_written_on(house: House, drafts: Browser) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Bcc"] = "anna@example.com", '"Bär, Ben" <ben@example.com>', "dora@example.com"
    mail["Subject"], mail["In-Reply-To"], mail["References"] = "Fremd", "<q2@example.net>", "<q1@example.net>"
    mail.set_content("Plain words.\n")
    mail.add_alternative("<p>Kind <b>words</b></p>", subtype="html")
    mail.add_attachment(b"%PDF" * 500, maintype="application", subtype="pdf", filename="Angebot €.pdf")
    house.bundle(*DOVEADM, "save", "-u", "anna", "-m", "Drafts", given=mail.as_string())
    uid = until(lambda: next((row["uid"] for row in drafts.messages("Drafts") if row["subject"] == "Fremd"), 0))
    found = opened(drafts, uid)
    assert found["to"] == ['"Bär, Ben" <ben@example.com>'] and found["bcc"] == ["dora@example.com"]
    assert "<b>words</b>" in found["html"] and found["references"] == ["<q1@example.net>", "<q2@example.net>"]
    assert [one["name"] for one in found["attachments"]] == ["Angebot €.pdf"] and found["message_id"] == ""
    assert opened(drafts, uid)["attachments"] == found["attachments"]
    wanted = content("Fremd", to=found["to"], attachments=[found["attachments"][0]["id"]])
    drafts.post("api/drafts", **wanted, references=found["references"], replaces=found["version"])
    assert subjects(drafts, "Drafts") == ["Fremd"]
    saved = opened(drafts, drafts.messages("Drafts")[0]["uid"])
    assert saved["references"] == found["references"] and saved["attachments"] == found["attachments"]


def test_sent_after_its_time_and_gone_from_drafts(house: House, drafts: Browser) -> None:
    saved = drafts.post("api/drafts", **content("waits"))
    wanted = content("waits", undo_s=2, replaces=saved["version"], bcc=["dora@example.com"])
    held = drafts.post("api/send", **wanted)
    assert held["state"] == "held" and 0 < held["undo_s"] <= 2 and subjects(drafts, "Drafts") == ["waits"]
    assert drafts.post("api/send", **wanted)["state"] == "held"
    assert "waits" not in subjects(drafts, "Sent")
    until(lambda: "waits" in subjects(drafts, "Sent") and not subjects(drafts, "Drafts"))
    ben = Browser(house, "192.0.2.31")
    assert ben.sign_in("ben").status == 200
    until(lambda: subjects(ben, "INBOX").count("waits") == 1)
    header = house.bundle(*DOVEADM, "fetch", "-u", "ben", "hdr", "mailbox", "INBOX", "header", "subject", "waits")
    assert "x-mailroom" not in header.lower() and "bcc" not in header.lower()
    assert [one["state"] for one in drafts.get("api/outgoing")["messages"] if one["subject"] == "waits"] == ["sent"]


def test_taken_back_it_is_a_draft_and_never_sent(drafts: Browser) -> None:
    held = drafts.post("api/send", **content("taken back", undo_s=2))
    back = drafts.post("api/outgoing/undo", message_id=held["message_id"])
    assert back["state"] == "draft" and opened(drafts, back["draft"]["uid"])["to"] == ["ben@example.com"]
    time.sleep(3)
    assert "taken back" not in subjects(drafts, "Sent") and subjects(drafts, "Drafts") == ["taken back"]
    assert drafts.ask("POST", "api/outgoing/undo", {"message_id": held["message_id"]}).status == 404


def test_signing_out_sends_what_waits(house: House, drafts: Browser) -> None:
    drafts.post("api/send", **content("signed out meanwhile", undo_s=30))
    assert drafts.ask("DELETE", "api/session").status == 200
    again = Browser(house)
    assert again.sign_in("anna").status == 200
    assert "signed out meanwhile" in subjects(again, "Sent") and not subjects(again, "Drafts")


def test_a_restart_while_it_waits_leaves_a_draft_and_says_so(house: House, drafts: Browser) -> None:
    held = drafts.post("api/send", **content("interrupted", undo_s=30))
    house.stop("serve")
    house.run("serve", "http", "127.0.0.1:5280")
    (found,) = [one for one in drafts.get("api/outgoing")["messages"] if one["subject"] == "interrupted"]
    assert found["state"] == "interrupted" and not found["may_have_left"] and found["draft"] == held["draft"]
    assert subjects(drafts, "Drafts") == ["interrupted"] and "interrupted" not in subjects(drafts, "Sent")
    drafts.post("api/outgoing/dismiss", message_id=held["message_id"])
    assert [one for one in drafts.get("api/outgoing")["messages"] if one["subject"] == "interrupted"] == []


def test_what_cannot_be_sent_is_refused_at_once_in_plain_words(drafts: Browser) -> None:
    got = drafts.ask("POST", "api/send", content("refused", to=["nobody.here@example.com"], undo_s=5))
    assert (got.status, got.facts["message"]) == (422, "There is no mailbox nobody.here@example.com.")
    assert drafts.get("api/outgoing")["messages"] == [] or "refused" not in str(drafts.get("api/outgoing"))


def test_a_move_says_where_the_messages_are_now(house: House, anna: Browser) -> None:
    for subject in ("undo one", "undo two"):
        house.deliver("anna", samples.plain(subject))
    rows = until(lambda: [row for row in anna.messages() if row["subject"].startswith("undo ")][1:] and anna.messages())
    uids = [row["uid"] for row in rows if row["subject"].startswith("undo ")]
    moved = anna.post("api/folders/INBOX/delete", uids=uids)["moved"]
    assert moved["folder"] == "Trash" and len(moved["uids"]) == 2
    back = anna.post(f"api/folders/{moved['folder']}/move", uids=moved["uids"], to="INBOX")
    assert len(back["moved"]["uids"]) == 2
    assert {"undo one", "undo two"} <= set(subjects(anna, "INBOX"))
    gone = anna.post("api/folders/INBOX/delete", uids=back["moved"]["uids"])["moved"]
    assert anna.post("api/folders/Trash/delete", uids=gone["uids"]) == {"changed": 2, "moved": None}


def test_completion_knows_who_was_written_to_colleagues_and_aliases(house: House, drafts: Browser) -> None:
    def completed(text: str) -> list[tuple[str, str]]:
        found = drafts.get(f"api/recipients?search={text}")["recipients"]
        return [(one["address"], one["kind"]) for one in found]

    assert ("ben@example.com", "account") in completed("be")
    # Nobody who may not use mail is offered.
    assert completed("clara") == []
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Date"] = (
        "anna@example.com",
        "Zoë Zarté <zoe@example.net>",
        "Mon, 2 Nov 2026 09:00:00 +0000",
    )
    mail.set_content("x")
    house.bundle(*DOVEADM, "save", "-u", "anna", "-m", "Sent", given=mail.as_string())
    assert until(lambda: completed("zar"), 40) == [("zoe@example.net", "sent")]
    assert completed("zoe") == completed("ZARTE") == [("zoe@example.net", "sent")]
    nobody = Browser(house)
    assert nobody.ask("GET", "api/recipients?search=be").status == 401
