"""The window's API over its socket, with the real job process and sign-in service behind it."""

from __future__ import annotations

import ctypes
import json
import os
import socket
from pathlib import Path

from portal_house import Browser, House, Window, until


def test_who_may_see_what(house: House) -> None:
    anna, clara, nobody = Window(house), Window(house, "clara"), Window(house, "")
    session = anna.get("api/session")
    assert (session["user"], session["admin"], session["domain"]) == ("anna", True, "example.com")
    assert clara.get("api/session")["admin"] is False
    assert clara.ask("GET", "api/overview").status == 403
    assert clara.ask("POST", "api/sync/now").status == 403
    assert nobody.ask("GET", "api/session").status == 401
    assert Window(house, "no such user").ask("GET", "api/settings").status == 403


def test_a_setting_is_read_previewed_applied_and_put_back(house: House) -> None:
    anna = Window(house)
    page = anna.get("api/settings/mail_delivery.general")
    change = {"revision": page["revision"], "page": "mail_delivery.general", "changes": {"max_message_mb": 33}}
    seen = anna.ask("POST", "api/settings/preview", change).facts
    assert [one["key"] for one in seen["settings"]] == ["max_message_mb"] and seen["files"]
    wrong = anna.ask("POST", "api/settings/apply", {**change, "changes": {"max_message_mb": "many"}})
    assert wrong.status == 422 and "max_message_mb" in wrong.facts["fields"]
    applied = anna.ask("POST", "api/settings/apply", change)
    assert applied.status == 200 and applied.facts["revision"] > page["revision"]
    stale = anna.ask("POST", "api/settings/apply", change)
    assert stale.status == 409 and stale.facts["changes"][0]["who"] == "anna"
    newest = anna.get("api/settings/history?limit=1")["revisions"][0]
    assert (newest["who"], newest["where"]) == ("anna", "192.0.2.9")
    back = anna.ask("POST", "api/settings/put-back", {"revision": applied.facts["revision"], "to": page["revision"]})
    assert back.status == 200
    compared = anna.get(f"api/settings/compare?from={applied.facts['revision']}&to={back.facts['revision']}")
    assert [one["key"] for one in compared["settings"]] == ["max_message_mb"]


def test_a_ban_is_lifted_and_the_event_says_by_whom(house: House) -> None:
    guesser = Browser(house, "192.0.2.77")
    for turn in range(7):
        guesser.sign_in(f"guess{turn}", "guess")
    anna = Window(house)
    assert "192.0.2.77" in [ban["value"] for ban in anna.get("api/bans")["bans"]]
    lifted = anna.ask("POST", "api/bans/unban", {"kind": "address", "value": "192.0.2.77"})
    assert lifted.facts == {"unbanned": "192.0.2.77"}
    event = house.job("events.newest", limit=1, kind="signin")[0]
    assert (event["who"], event["where"], event["text"]) == ("anna", "192.0.2.9", "Let address 192.0.2.77 in again.")
    assert anna.ask("POST", "api/bans/unban", {"kind": "address", "value": "192.0.2.77"}).status == 404
    assert anna.get("api/ways")["way"]


def test_accounts_licences_sync_messages_and_the_document(house: House) -> None:
    anna = Window(house)
    assert anna.get("api/accounts?search=ben")["users"][0]["address"] == "ben@example.com"
    assert anna.get("api/licences")["total"] == 5
    assert anna.ask("POST", "api/sync/now").facts["state"] == "ok"
    assert anna.get("api/messages")["messages"] == [] and anna.ask("GET", "api/messages/none").status == 404
    assert anna.get("api/overview")["health"]["state"]
    assert anna.get("api/openapi.json")["openapi"] == "3.1.0"
    assert anna.ask("GET", "api/accounts?sort=shoe").status == 422
    for path in ("accounts?offset=", "messages?offset=", "settings/history?offset=", "settings/compare?from=0&to="):
        assert anna.ask("GET", f"api/{path}{2**63}").status == 422


# What the filter writes, in a process of its own as there.
WRITES_A_RECORD = """
import time
from mailroom.store.journal import JournalStore
JournalStore().add({"id": "ONE", "time": time.time(), "client": "192.0.2.1", "login": "", "sender": "x@example.net",
    "recipients": [], "size": 10, "queue_id": "Q1", "verdict": "deliver", "checks": []})
"""


def test_changes_are_told_live(house: House) -> None:
    anna = Window(house)
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(30)
    link.connect(str(house.window_socket))
    link.sendall(b"GET /api/events?SynoToken=t HTTP/1.1\r\nX-Mailroom-User: anna\r\n\r\n")
    lines = link.makefile("rb")
    assert lines.readline().split()[1] == b"200"
    while lines.readline() != b"retry: 2000\n":
        pass

    def told() -> str:
        while not (line := lines.readline()).startswith(b"data:"):
            pass
        return str(json.loads(line[5:])["kind"])

    def told_of_a_sync() -> bool:
        anna.ask("POST", "api/sync/now")
        return told() == "sync"

    until(told_of_a_sync)
    house.bundle("setpriv", "--reuid=880", "--regid=880", "--clear-groups", "python3.11", "-c", WRITES_A_RECORD)
    try:
        until(lambda: told() == "message")
    finally:
        house.bundle("sh", "-c", "rm /data/records/journal-*")
    link.close()


def test_only_known_users_may_speak_on_the_socket(house: House) -> None:
    for uid, heard in ((0, True), (882, True), (880, False), (4711, True), (4712, False), (65534, False)):
        assert _asks_as(uid, house.window_socket) is heard, uid


def _asks_as(uid: int, path: Path) -> bool:
    """Whether a process of this user gets an answer."""
    child = os.fork()
    if child == 0:
        try:
            link = socket.socket(socket.AF_UNIX)
            # Another user cannot look through /proc/PID/root: open the folder first, then go by the open folder.
            os.chdir(path.parent)
            ctypes.CDLL(None).setgroups(0, None)
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            link.connect(path.name)
            link.sendall(b"GET /api/session HTTP/1.1\r\nX-Mailroom-User: anna\r\n\r\n")
            os._exit(0 if link.recv(12) == b"HTTP/1.1 200" else 1)
        except BaseException:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_logs_hold_no_secrets_and_no_words_of_mail(house: House) -> None:
    assert Browser(house).sign_in("anna").status == 200
    log = (house.folder / "serve.log").read_text()
    assert "POST api/session" in log
    for word in ("secret", "mrs1.", "Hello Ben", "Grüße", "needleword", "INBOX"):
        assert word not in log, word
    assert "Traceback" not in log and "failed:" not in log
