"""The index of the full-text search: made behind everything else, paused, killed, removed, put back (PR10)."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from email.header import Header

import pytest

from changing import changed
from desktop import Desktop, Refusal
from full_text import PAGE, files, index, ready
from office import DOMAIN, Office, until
from processes import pid_of, processes


def test_switching_off_is_explained_removes_the_index_and_can_be_undone(server: Office) -> None:
    """PR10: preview, event, files; put back, it is made again."""
    subject = f"indexed {secrets.token_hex(4)}"
    server.deliver(subject)
    server.arrived("ben", subject)
    # What has come since everybody's last turn is looked for when it is told to go on.
    server.ctl("search", "pause")
    server.ctl("search", "resume")
    until(lambda: files(server), 60, "there is an index")
    ready(server)
    desktop = Desktop(server)
    page = desktop.get(f"api/settings/{PAGE}")
    wanted = {"page": PAGE, "revision": page["revision"], "changes": {"enabled": False}}
    seen = desktop.post("api/settings/preview", **wanted)
    (warning,) = seen["warnings"]
    assert warning["field"] == "enabled" and "will be removed" in warning["text"]
    assert any("fts = squat" in str(one) for one in seen["files"])
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
