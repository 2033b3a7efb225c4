"""Changing and sending mail at /mail, with real Dovecot and real Postfix."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any

import portal_samples as samples
from portal_house import Answer, Browser, House, Window, until


def uid_of(browser: Browser, subject: str, folder: str = "INBOX") -> int:
    """The UID of the newest message with this subject, waiting for it."""
    return int(
        until(
            lambda: next((row["uid"] for row in browser.messages(folder, "?limit=200") if row["subject"] == subject), 0)
        )
    )


def subjects(browser: Browser, folder: str) -> list[str]:
    return [row["subject"] for row in browser.messages(folder, "?limit=500")]


def message(subject: str, id: str, **more: Any) -> dict[str, Any]:
    """A request to send."""
    return {
        "to": ["ben@example.com"],
        "subject": subject,
        "text": "Hello Ben.\n.\n.dotted\n",
        "html": "<p>Hello Ben.</p>",
        "message_id": f"<{id}@example.com>",
        **more,
    }


def signed_in(house: House, user: str, address: str = "192.0.2.30") -> Browser:
    browser = Browser(house, address)
    assert browser.sign_in(user).status == 200
    return browser


def test_flags_move_and_delete(house: House, anna: Browser) -> None:
    house.deliver("anna", samples.plain("to change"))
    uid = uid_of(anna, "to change")
    anna.post("api/folders/INBOX/flags", uids=[uid], add=["flagged", "seen"])
    row = next(row for row in anna.messages() if row["uid"] == uid)
    assert (row["flagged"], row["seen"], row["answered"]) == (True, True, False)
    anna.post("api/folders/INBOX/flags", uids=[uid], remove=["seen"])
    assert not next(row for row in anna.messages() if row["uid"] == uid)["seen"]
    assert anna.ask("POST", "api/folders/INBOX/move", {"uids": [uid], "to": "Nowhere"}).status == 404
    anna.post("api/folders/INBOX/move", uids=[uid], to="Archive")
    assert "to change" not in subjects(anna, "INBOX")
    anna.post("api/folders/Archive/delete", uids=[uid_of(anna, "to change", "Archive")])
    assert "to change" not in subjects(anna, "Archive")
    anna.post("api/folders/Trash/delete", uids=[uid_of(anna, "to change", "Trash")])
    assert "to change" not in subjects(anna, "Trash")


def test_a_change_needs_the_csrf_token_and_json(house: House, anna: Browser) -> None:
    house.deliver("anna", samples.plain("guarded"))
    change = {"uids": [uid_of(anna, "guarded")]}
    good, anna.csrf = anna.csrf, "0" * 64
    assert anna.ask("POST", "api/folders/INBOX/delete", change).status == 403
    anna.csrf = good
    assert anna.ask("POST", "api/folders/INBOX/delete", change, Content_Type="text/plain").status == 415
    assert anna.ask("POST", "api/folders/INBOX/delete", change, Sec_Fetch_Site="cross-site").status == 403
    assert anna.ask("POST", "api/folders/INBOX/delete", {**change, "more": 1}).status == 422
    assert "guarded" in subjects(anna, "INBOX")


def test_nobody_reaches_another_mailbox(house: House, anna: Browser) -> None:
    ben = signed_in(house, "ben")
    anna_token = anna.cookie.partition(":")[2]
    thief = Browser(house)
    thief.cookie = f"mailroom=ben:{anna_token}"
    assert thief.ask("GET", "api/folders").status == 401
    uploaded = anna.ask("POST", "api/uploads?name=a.txt", raw=b"anna's")
    stolen = ben.ask("POST", "api/send", message("stolen", "stolen", attachments=[uploaded.facts["id"]]))
    assert stolen.status == 404


def test_forged_headers_from_the_portal_mean_nothing(house: House) -> None:
    nobody = Browser(house)
    forged = {"X_Mailroom_User": "anna", "X_Mailroom_Side": "window", "X_SYNO_TOKEN": "x"}
    assert nobody.ask("GET", "api/settings", **forged).status == 404
    assert nobody.ask("GET", "../api/settings", **forged).status == 404
    assert nobody.ask("GET", "api/folders", **forged).status == 401


def test_sending_is_once_with_attachment_and_without_bcc(house: House, anna: Browser) -> None:
    ben, dora = signed_in(house, "ben"), signed_in(house, "dora")
    content = b"%PDF" + bytes(range(256)) * 2_000
    uploaded = anna.ask("POST", "api/uploads?name=r%C3%A4t.pdf&type=application/pdf", raw=content)
    assert uploaded.status == 200 and uploaded.facts["size"] == len(content)
    wanted = message("Grüße", "once", bcc=["Dora D <dora@example.com>"], attachments=[uploaded.facts["id"]])
    for _ in range(3):
        assert anna.post("api/send", **wanted) == {"sent": True, "message_id": "<once@example.com>"}
    uid = uid_of(ben, "Grüße")
    assert subjects(ben, "INBOX").count("Grüße") == 1 and subjects(anna, "Sent").count("Grüße") == 1
    got = ben.get(f"api/folders/INBOX/messages/{uid}")
    assert got["text"].replace("\r\n", "\n") == "Hello Ben.\n.\n.dotted\n" and got["message_id"] == "<once@example.com>"
    assert got["attachments"][0]["name"] == "rät.pdf"
    part = got["attachments"][0]["part"]
    assert ben.ask("GET", f"api/folders/INBOX/messages/{uid}/parts/{part}").body == content
    at_dora = dora.get(f"api/folders/INBOX/messages/{uid_of(dora, 'Grüße')}")
    assert [one["address"] for one in at_dora["to"]] == ["ben@example.com"] and at_dora["cc"] == []
    raw = house.bundle(
        "doveadm", "-c", "/data/conf/current/dovecot/dovecot.conf", "fetch", "-u", "ben", "hdr",
        "mailbox", "INBOX", "uid", str(uid),
    )  # fmt: skip
    assert "bcc" not in raw.lower() and "dora" not in raw.lower()
    other = anna.ask("POST", "api/send", {**wanted, "subject": "Other words"})
    assert (other.status, other.facts["code"]) == (409, "already_sent")


def test_ten_identical_requests_at_once_send_once(house: House, anna: Browser) -> None:
    ben = signed_in(house, "ben")
    answers: list[Answer] = []
    wanted = message("at once", "at-once")
    threads = [threading.Thread(target=lambda: answers.append(anna.ask("POST", "api/send", wanted))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 5, [answer.body for answer in answers]
    uid_of(ben, "at once")
    assert subjects(ben, "INBOX").count("at once") == 1 and subjects(anna, "Sent").count("at once") == 1


def test_a_restart_between_sending_and_storing_doubles_nothing(house: House, anna: Browser) -> None:
    ben = signed_in(house, "ben")
    wanted = message("restarted", "restarted")
    anna.post("api/send", **wanted)
    uid_of(ben, "restarted")
    # As a power cut after the handing over would have left it: not in Sent, and the note says that it has left.
    anna.post("api/folders/Sent/move", uids=[uid_of(anna, "restarted", "Sent")], to="Archive")
    house.bundle("sh", "-c", "sed -i s/stored/left/ /data/uploads/*/*.sent")
    house.end_softly("serve")
    house.run("serve", "http", "127.0.0.1:5280")
    assert anna.ask("POST", "api/send", wanted).status == 200
    assert subjects(anna, "Sent").count("restarted") == 1 and subjects(ben, "INBOX").count("restarted") == 1


def test_an_answer_names_what_it_answers(house: House, anna: Browser) -> None:
    house.deliver("anna", samples.plain("question", Message_ID="<q2@example.net>", References="<q1@example.net>"))
    uid = uid_of(anna, "question")
    anna.post("api/send", **message("Re: question", "answer", reply_to={"folder": "INBOX", "uid": uid}))
    assert next(row for row in anna.messages() if row["uid"] == uid)["answered"]
    raw = house.bundle(
        "doveadm", "-c", "/data/conf/current/dovecot/dovecot.conf", "fetch", "-u", "anna", "hdr",
        "mailbox", "Sent", "header", "message-id", "<answer@example.com>",
    )  # fmt: skip
    assert "In-Reply-To: <q2@example.net>" in raw and "References: <q1@example.net> <q2@example.net>" in raw


def test_no_header_can_be_smuggled_in(house: House, anna: Browser) -> None:
    ben = signed_in(house, "ben")
    wanted = message("clean\r\nX-Evil: 1\r\n\r\nbody", "smuggled", to=["Ben\u2028 <ben@example.com>"])
    assert anna.ask("POST", "api/send", wanted).status == 200
    uid = uid_of(ben, "clean X-Evil: 1 body")
    raw = house.bundle(
        "doveadm", "-c", "/data/conf/current/dovecot/dovecot.conf", "fetch", "-u", "ben", "hdr",
        "mailbox", "INBOX", "uid", str(uid),
    )  # fmt: skip
    assert not [line for line in raw.splitlines() if line.lower().startswith("x-evil")]
    for field, value in (
        ("to", ["a@b.example\r\nRCPT TO:<x@y.example>"]),
        ("to", ["<a@b.example> <c@d.example>"]),
        ("message_id", "<a@b>\r\nX: y"),
        ("to", ["not an address"]),
    ):
        refused = anna.ask("POST", "api/send", {**message("x", "x"), field: value})
        assert refused.status == 422 and field in refused.facts["fields"], value


def test_a_refused_recipient_is_named_and_nobody_gets_anything(house: House, anna: Browser) -> None:
    ben = signed_in(house, "ben")
    wanted = message("refused", "refused", to=["ben@example.com", "nobody.here@example.com"])
    got = anna.ask("POST", "api/send", wanted)
    assert (got.status, got.facts["code"]) == (422, "recipient_refused")
    assert (
        list(got.facts["fields"]) == ["nobody.here@example.com"]
        and got.facts["message"] == "There is no mailbox nobody.here@example.com."
    )
    # Corrected, the same draft is sent.
    assert anna.ask("POST", "api/send", {**wanted, "to": ["ben@example.com"]}).status == 200
    uid_of(ben, "refused")
    assert subjects(ben, "INBOX").count("refused") == 1


def test_what_is_too_large_is_refused_before_it_is_read(house: House, anna: Browser) -> None:
    limit = house.job("settings.read", page="mail_delivery.general")["values"]["max_message_mb"] * 1024**2
    link = http.client.HTTPConnection("127.0.0.1", 5280)
    link.sock = house.connect(5280)
    link.putrequest("POST", "/mail/api/uploads?name=large.bin", skip_host=True)
    for name, value in {**anna.headers(), "X-CSRF-Token": anna.csrf, "Content-Length": str(limit + 1)}.items():
        link.putheader(name, value)
    link.endheaders()
    # Nothing of the body was sent, and the answer is there.
    got = link.getresponse()
    assert got.status == 413 and json.loads(got.read())["code"] == "too_large"
    link.close()


def test_signed_out_from_elsewhere_ends_everywhere(house: House) -> None:
    dora = signed_in(house, "dora", "192.0.2.31")
    window = Window(house)
    window.ask("POST", "api/accounts/apply", {"changes": {"dora": "deactivate"}})
    try:
        assert until(lambda: dora.ask("GET", "api/folders").status == 401, 90)
        assert dora.sign_in("dora").status == 403
    finally:
        window.ask("POST", "api/accounts/apply", {"changes": {"dora": "activate"}})
