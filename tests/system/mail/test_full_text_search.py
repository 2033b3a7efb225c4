"""Full-text search by real clients: what is found with and without an index, how it is made, removed (PR10, PR11)."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from email.header import Header
from typing import Any
from urllib.parse import quote

import pytest

from changing import changed
from desktop import Desktop, Portal, Refusal
from office import DOMAIN, Office, until
from processes import pid_of, processes

PAGE = "service.search"
SWITCHES = {
    "character": {"enabled": True, "character_search": True},
    "words": {"enabled": True, "character_search": False},
    "off": {"enabled": False},
}
# name: (From, To, Subject, text, transfer encoding)
LETTERS = {
    "japanese": (
        "山田太郎 <yamada@world.example>", "経理部 <chloe@example.com>", "請求書の件",
        "本日はお忙しいところ誠にありがとうございました鯖の味噌煮を食べましたので図書館へ行きます", "base64",
    ),
    "chinese": (
        "李小龙 <li@world.example>", "王明 <chloe@example.com>", "发票已经寄出",
        "我们今天去北京大学参观了博物馆并且吃了很多鱼然后才回到宾馆休息", "quoted-printable",
    ),
    "korean": (
        "김철수 <kim@world.example>", "이영희 <chloe@example.com>", "안녕하세요 여러분",
        "오늘은날씨가아주좋아서강남구청역에서만나기로했습니다 꽃을샀어요", "base64",
    ),
    "latin": (
        "Jörg Müller <joerg@world.example>", "Chloe <chloe@example.com>", "Needlework größer",
        "Der Zahnarzttermin ist verschoben; ring foo.bar@shop.example about it.", "quoted-printable",
    ),
}  # fmt: skip
# {what is looked for: who has it}, in the text or in any head
FOUND = {
    "japanese": ("鯖", "味噌", "味噌煮", "図書館", "ありがとう", "請", "請求", "山田", "経"),
    "chinese": ("鱼", "北京", "博物馆", "宾馆休息", "票", "龙", "王明"),
    "korean": ("꽃", "강남", "구청역", "날씨가아주", "안녕", "철", "영희"),
    "latin": ("needlework", "eedlewor", "Zahnarzt", "narzt", "rg", "müller", "größer", "bar@shop"),
    "": ("鮪", "大阪", "needleworks", "강북"),
}
WORDS = {word: name for name, words in FOUND.items() for word in words}
# Where the letters lie, as people see it, and as IMAP writes it (RFC 3501 5.1.3).
FOLDER, ENCODED = "Suche & 検索", '"Suche &- &aRx9Ig-"'
# Somebody's folder below one that is none itself.
LONELY = "Nowhere/Search"
HEADS = {
    ("SUBJECT", "請"): "japanese", ("SUBJECT", "发票"): "chinese", ("SUBJECT", "안녕"): "korean",
    ("SUBJECT", "needle"): "latin",
    ("FROM", "山田太郎"): "japanese", ("FROM", "李"): "chinese", ("FROM", "김"): "korean", ("FROM", "müller"): "latin",
    ("TO", "経理"): "japanese", ("TO", "王明"): "chinese", ("TO", "이영"): "korean",
    ("BODY", "鯖"): "japanese", ("BODY", "馆"): "chinese", ("BODY", "역"): "korean", ("BODY", "termin"): "latin",
    ("BODY", "請"): "", ("SUBJECT", "termin"): "", ("FROM", "chloe"): "", ("TO", "joerg"): "",
}  # fmt: skip


@pytest.fixture(scope="module")
def letters(server: Office) -> Iterator[dict[str, str]]:
    """{uid: name} of the letters in a folder of Chloe's own."""
    with server.imap("chloe") as client:
        client.create(ENCODED)
        client.create(LONELY)
        for sender, to, subject, text, encoding in LETTERS.values():
            made = server.mail("", text + "\n")
            for name, value in {"From": sender, "To": to, "Subject": subject}.items():
                del made[name]
                made[name] = value
            made.set_content(text + "\n", cte=encoding)
            assert client.append(ENCODED, "", "", made.as_bytes())[0] == "OK"
    yield dict(zip("1234", LETTERS, strict=True))
    with server.imap("chloe") as client:
        client.delete(ENCODED)
        client.delete(LONELY)


def asked(server: Office, letters: dict[str, str], *questions: tuple[str, str]) -> list[str]:
    """Who is found by each question over IMAP; names joined by a comma."""
    answers = []
    with server.imap("chloe") as client:
        client.select(ENCODED, readonly=True)
        for key, words in questions:
            client.literal = words.encode()
            found = client.uid("SEARCH", "CHARSET", "UTF-8", key)[1][0] or b""
            answers.append(",".join(letters[uid] for uid in found.decode().split()))
    return answers


def index(server: Office) -> dict[str, Any]:
    """How far the index is."""
    return dict(server.ctl("search", "show"))


def files(server: Office) -> list[str]:
    """The files of every user's index."""
    return server.inside("find", "/mail/mailboxes", "-name", "dovecot.index.search*", "-size", "+0").split()


def ready(server: Office) -> dict[str, Any]:
    """Wait until all is indexed."""
    until(lambda: index(server)["state"] == "ready", 60, "the index is ready")
    return index(server)


@pytest.mark.parametrize("switch", SWITCHES)
def test_what_is_found(server: Office, letters: dict[str, str], switch: str) -> None:
    """PR10, PR11: the same messages with and without the index, of which there is one or not."""
    with changed(server, PAGE, **SWITCHES[switch]):
        if switch == "off":
            until(lambda: index(server)["state"] == "off", 30, "the index is removed")
        else:
            assert ready(server)["failed"] == []
        assert bool(files(server)) is (switch != "off")
        for words, found in zip(WORDS, asked(server, letters, *(("TEXT", words) for words in WORDS)), strict=True):
            assert found == WORDS[words], words
        for question, found in zip(HEADS, asked(server, letters, *HEADS), strict=True):
            assert found == HEADS[question], question
        portal = Portal(server)
        portal.sign_in("chloe")
        for words in ("鯖", "味噌", "鱼", "北京", "꽃", "강남", "eedlewor", "müller", "鯖 図書館", "鯖 北京", "大阪"):
            shown = portal.ask("GET", f"api/folders/{quote(FOLDER)}/messages?search={quote(words)}")["messages"]
            name = {"鯖 図書館": "japanese", "鯖 北京": ""}.get(words) if " " in words else WORDS[words]
            assert [letters[str(one["uid"])] for one in shown] == ([name] if name else []), words


def test_character_search_keeps_longer_pieces(server: Office, letters: dict[str, str]) -> None:
    """PR11: with it Dovecot's configuration asks for longer pieces, and the index is made anew and is larger."""
    with changed(server, PAGE, **SWITCHES["words"]):
        small = ready(server)["bytes"]
        assert "fts_squat = partial=2 full=2" in server.inside(
            "doveconf", "-c", "/data/conf/current/dovecot/dovecot.conf"
        )
        with changed(server, PAGE, **SWITCHES["character"]):
            assert ready(server)["bytes"] > small
            told = server.inside("doveconf", "-c", "/data/conf/current/dovecot/dovecot.conf")
            assert "fts_squat = partial=3 full=3" in told


def test_mail_that_came_since_is_found_at_once(server: Office) -> None:
    """PR10: nothing is indexed at delivery, and the search that comes next finds it nevertheless."""
    ready(server)
    subject = f"fresh {secrets.token_hex(4)}"
    server.deliver(subject, text="蛸が好き\n")
    server.arrived("ben", subject)
    with server.imap("ben") as client:
        client.select("INBOX", readonly=True)
        client.literal = "蛸".encode()
        assert client.search("UTF-8", "BODY")[1] != [b""]


def test_switching_off_is_explained_removes_the_index_and_can_be_undone(
    server: Office, letters: dict[str, str]
) -> None:
    """PR10: preview, event, files; put back, it is made again."""
    ready(server)
    desktop = Desktop(server)
    page = desktop.get(f"api/settings/{PAGE}")
    wanted = {"page": PAGE, "revision": page["revision"], "changes": {"enabled": False}}
    seen = desktop.post("api/settings/preview", **wanted)
    (warning,) = seen["warnings"]
    assert warning["field"] == "enabled" and "will be removed" in warning["text"]
    assert any("mail_plugins" in str(one) for one in seen["files"])
    assert files(server)
    with changed(server, PAGE, enabled=False):
        until(lambda: not files(server), 30, "no file of an index is left")
        told = until(lambda: index(server)["state"] == "off" and index(server), 30, "it is off")
        assert (told["messages"], told["bytes"], told["current"]) == (0, 0, None)
        texts = [one["text"] for one in server.ctl("events", "--kind", "search", "--limit", "3")]
        assert texts[0].startswith("The search index of all users is removed")
    assert ready(server)["users_done"] == index(server)["users_total"] == 3
    assert files(server)


def stuff(server: Office, user: str, messages: int) -> None:
    """Fill a folder so that indexing takes a while."""
    text = "".join(f"{secrets.token_hex(20)} " for _ in range(700))
    head = Header("filler", "utf-8").encode()
    content = f"From: a@world.example\r\nTo: {user}@{DOMAIN}\r\nSubject: {head}\r\n\r\n{text}\r\n".encode()
    with server.imap(user) as client:
        client.create("Full")
        for at in range(0, messages, 100):
            # MULTIAPPEND with literals that nobody waits for (RFC 3502, RFC 7888).
            client.send(b"m%d APPEND Full" % at)
            client.send(b"".join(b" {%d+}\r\n%s" % (len(content), content) for _ in range(100)) + b"\r\n")
            while not (line := client.readline()).startswith(b"m%d " % at):
                pass
            assert b" OK " in line


@pytest.fixture
def full(server: Office) -> Iterator[None]:
    """Ben has a folder that takes some seconds to index."""
    server.ctl("search", "pause")
    stuff(server, "ben", 1_500)
    yield
    server.ctl("search", "resume")
    with server.imap("ben") as client:
        client.delete("Full")


@pytest.fixture
def anew(server: Office, full: None) -> Iterator[None]:
    """The index has just begun to be made, and rests."""
    with changed(server, PAGE, character_search=True):
        until(lambda: index(server)["state"] == "paused" and not files(server), 30, "the former index is gone")
        yield


def at_ben(server: Office) -> bool:
    """Whether the full folder is being indexed."""
    current = index(server)["current"]
    return bool(current) and (current["user"], current["folder"]) == ("ben", "Full")


def test_mail_is_delivered_while_it_is_indexed_behind_everything_else(server: Office, anew: None) -> None:
    """PR10: mail that comes to the very folder's owner meanwhile is there before the indexing ends."""
    server.ctl("search", "resume")
    until(lambda: at_ben(server), 60, "the full folder is being indexed")
    (worker,) = [pid for pid, line in processes(server).items() if "indexer-worker" in line][:1]
    assert os.getpriority(os.PRIO_PROCESS, worker) == 19
    subject = f"meanwhile {secrets.token_hex(4)}"
    server.deliver(subject)
    server.arrived("ben", subject, limit_s=20)
    assert at_ben(server), "it was too quick to show anything"
    ready(server)


def test_paused_and_resumed_also_over_a_restart(server: Office, anew: None) -> None:
    """PR10: what is paused stays so when the job process is killed; nothing is missing in the end."""
    assert index(server)["users_done"] < 3
    desktop = Desktop(server)
    assert desktop.post("api/search-index", paused=False)["state"] != "paused"
    until(lambda: at_ben(server), 60, "the full folder is being indexed")
    assert desktop.post("api/search-index", paused=True)["state"] == "paused"
    until(lambda: not at_ben(server), 30, "it rests")
    done = index(server)["users_done"]
    killed(server, "job")
    assert index(server)["state"] == "paused" and index(server)["users_done"] == done < 3
    server.ctl("search", "resume")
    ended_well(server)


def test_taken_up_again_when_the_job_process_was_killed_in_the_middle(server: Office, anew: None) -> None:
    """PR10: the successor goes on with the user whose turn it was."""
    server.ctl("search", "resume")
    until(lambda: at_ben(server), 60, "the full folder is being indexed")
    done = index(server)["users_done"]
    killed(server, "job")
    assert index(server)["users_done"] >= done
    ended_well(server)


def test_taken_up_again_after_a_power_cut_in_the_middle(server: Office, anew: None) -> None:
    """PR10: what was half made is made again, and everything is found."""
    server.ctl("search", "resume")
    until(lambda: at_ben(server), 60, "the full folder is being indexed")
    server.machine.power_cut()
    server.machine.boot()
    server.ready()
    ended_well(server)


def ended_well(server: Office) -> None:
    """Everybody is indexed in the end, and all of the full folder is found."""
    told = ready(server)
    assert told["users_done"] == told["users_total"] and told["failed"] == []
    with server.imap("ben") as client:
        client.select("Full", readonly=True)
        assert len(client.search(None, "TEXT", "filler")[1][0].split()) == 1_500


def test_an_indexer_that_is_killed_in_the_middle_starts_again(server: Office, anew: None) -> None:
    """PR10: a half-made index is never taken for a whole one."""
    server.ctl("search", "resume")
    until(lambda: at_ben(server), 60, "the full folder is being indexed")
    for pid in [pid for pid, line in processes(server).items() if "indexer-worker" in line]:
        os.kill(pid, signal.SIGKILL)
    with server.imap("ben") as client:
        client.select("Full", readonly=True)
        assert len(client.search(None, "TEXT", "filler")[1][0].split()) == 1_500
    until(lambda: index(server)["state"] == "ready", 60, "everybody had a turn")
    server.ctl("search", "pause")
    server.ctl("search", "resume")
    until(
        lambda: index(server)["failed"] == [] and index(server)["state"] == "ready", 60, "whose turn failed had another"
    )


def killed(server: Office, name: str) -> None:
    """Kill a daemon and wait until its successor answers."""
    former = pid_of(server, name)
    os.kill(former, signal.SIGKILL)
    until(lambda: pid_of(server, name) != former and not server.late(), 60, f"{name} is back")


def test_only_an_administrator_pauses(server: Office) -> None:
    with pytest.raises(Refusal) as refusal:
        Desktop(server, "ben").post("api/search-index", paused=True)
    assert refusal.value.status == 403
    assert index(server)["state"] != "paused"
