"""Virus definitions on the whole server: the real freshclam and a mirror outside (rows AV02, AV05, AV06)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from changing import newest_revision
from definitions_mirror import WAIT_S, Mirror, definitions_mirror
from desktop import Desktop, Refusal
from office import Office, until

PAGE = "security.antivirus"
FOLDER = "/data/clamav"
NO_RIGHTS = "0000000000000000"


@pytest.fixture(scope="module")
def mirror(server: Office) -> Iterator[Mirror]:
    """The server asks it; at the end the server is as one that has never had definitions."""
    with definitions_mirror(server) as made:
        server.apply(PAGE, mirror=made.address)
        yield made
        server.apply(PAGE, mirror="")
        server.inside("sh", "-c", f"rm -rf {FOLDER}/*.cvd {FOLDER}/freshclam.dat /data/db/definitions.json")
        server.ctl("restart", "clamd")


def updated(server: Office) -> dict[str, Any]:
    """Update by the button of the window, and wait for the end."""
    desktop = Desktop(server)
    desktop.post("api/definitions/update")
    return dict(until(lambda: (now := desktop.get("api/definitions"))["updating"] == 0 and now, 90, "it has ended"))


def has(server: Office, mirror: Mirror, daily: int) -> None:
    """Have exactly this version in force."""
    mirror.daily, mirror.mood = daily, "good"
    server.inside("sh", "-c", f"rm -rf {FOLDER}/*.cvd {FOLDER}/freshclam.dat")
    found = updated(server)
    assert found["ok"] and found["version"] == str(daily), found


def freshclam(server: Office) -> dict[str, str]:
    """The process as /proc tells of it, {} while there is none."""
    look = "for f in /proc/[0-9]*/status; do grep -q '^Name:.freshclam$' $f && cat $f; done; true"
    lines = server.inside("sh", "-c", look).splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_before_the_first_download_the_engine_is_limited_everywhere(server: Office) -> None:
    """AV02."""
    desktop = Desktop(server)
    assert server.daemon("clamd")["state"] == "limited" and server.ctl("antivirus", "show")["limited"]
    told = desktop.get("api/overview")
    assert next(one["state"] for one in told["daemons"] if one["id"] == "clamd") == "limited"
    problem = next(one for one in told["problems"] if one["id"] == "definitions")
    assert problem["next"] and problem["action"] in ("definitions.update", "")
    assert desktop.get("api/definitions")["files"] == []


def test_the_button_brings_them_and_the_engine_uses_them(server: Office, mirror: Mirror) -> None:
    """AV06, AV02."""
    found = updated(server)
    assert found["ok"] and not found["limited"]
    assert {one["name"]: one["version"] for one in found["files"]} == {"daily": "4", "main": "3", "bytecode": "3"}
    assert found["engine"]["definitions"] == "4" and found["engine"]["version"].startswith("1.")
    # They are of 2021, whenever they were downloaded.
    daily = found["files"][0]
    assert found["state"] == "old" and time.gmtime(daily["built"]).tm_year == 2021
    assert abs(daily["downloaded"] - time.time()) < 300
    assert server.daemon("clamd")["state"] == "running"
    problem = next(one for one in Desktop(server).get("api/overview")["problems"] if one["id"] == "definitions")
    assert problem["title"] == "Virus definitions are old"
    newest = server.ctl("events", "--kind", "definitions", "--limit", "1")[0]
    assert newest["who"] == "admin" and "version 4" in newest["text"]
    mirror.daily = 5
    assert server.ctl("antivirus", "update")["engine"]["definitions"] == "5"


@pytest.mark.parametrize(("mood", "words"), [("damaged", "does not have ClamAV's signature"), ("cut", "was cut off")])
def test_a_bad_download_is_kept_out(server: Office, mirror: Mirror, mood: str, words: str) -> None:
    """AV05: and the definitions in force stay."""
    has(server, mirror, 4)
    mirror.daily, mirror.mood = 5, mood
    found = updated(server)
    assert not found["ok"] and words in found["text"]
    assert found["version"] == "4" and found["engine"]["definitions"] == "4"
    assert words in server.ctl("events", "--kind", "definitions", "--limit", "1")[0]["text"]
    mirror.mood = "good"
    assert updated(server)["engine"]["definitions"] == "5"


def test_a_mirror_that_is_busy_is_left_alone_until_it_wants(server: Office, mirror: Mirror) -> None:
    """AV05."""
    has(server, mirror, 4)
    mirror.mood = "busy"
    found = updated(server)
    assert "The mirror asks to wait until 20" in found["text"] and found["version"] == "4"
    assert found["due"] - found["tried"] == pytest.approx(WAIT_S, abs=60)
    asked = len(mirror.asked)
    assert not updated(server)["ok"] and len(mirror.asked) == asked


def test_freshclam_killed_in_the_middle_leaves_what_was_there(server: Office, mirror: Mirror) -> None:
    """AV05: it runs as clamav, with no capability and no way to get one."""
    has(server, mirror, 4)
    mirror.daily, mirror.mood = 5, "held"
    Desktop(server).post("api/definitions/update")
    until(lambda: server.inside("sh", "-c", f"ls {FOLDER}/tmp.* 2>/dev/null || true"), 30, "it downloads")
    process = freshclam(server)
    assert process["Uid"].split()[0] == server.inside("id", "-u", "clamav").strip()
    assert {process[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {NO_RIGHTS} and process["NoNewPrivs"] == "1"
    server.inside("kill", "-KILL", process["Pid"])
    found = until(lambda: (now := server.ctl("antivirus", "show"))["updating"] == 0 and now, 30, "it has ended")
    assert "ended from outside" in found["text"] and found["version"] == "4" and server.daemon("clamd")["pid"]
    # It ends with the job process as well.
    Desktop(server).post("api/definitions/update")
    until(lambda: freshclam(server), 30, "it downloads")
    before = server.daemon("job")["pid"]
    server.ctl("restart", "job")
    until(lambda: not freshclam(server), 30, "it has ended")
    until(
        lambda: server.daemon("job")["pid"] not in (None, before) and not server.late(), 60, "the job process is back"
    )
    mirror.let_go.set()
    mirror.mood = "good"
    assert updated(server)["version"] == "5"
    assert "tmp." not in server.inside("ls", FOLDER)


def test_through_a_proxy_that_asks_who_it_is(server: Office, mirror: Mirror) -> None:
    """AV05."""
    has(server, mirror, 4)
    mirror.daily, host, port = 5, server.address(9), int(mirror.address.rpartition(":")[2])
    server.apply(PAGE, proxy="yes", proxy_server=host, proxy_port=port, proxy_account="anna", proxy_password="wrong")
    found = updated(server)
    assert "proxy" in found["text"] and found["version"] == "4"
    server.apply(PAGE, proxy_password="geheim")
    assert updated(server)["version"] == "5" and mirror.tunnelled
    left = server.inside("sh", "-c", "ls /run/freshclam; grep -rl geheim /data/conf /data/db /data/log || true")
    assert left == ""
    server.apply(PAGE, proxy="no", proxy_server="", proxy_account="", proxy_password="")


def test_what_is_no_mirror_is_refused_at_its_field(server: Office) -> None:
    base = newest_revision(server)
    for field, value in (("mirror", "http://127.0.0.1/"), ("mirror", "here\nthere"), ("update_hour", 24)):
        with pytest.raises(Refusal) as refused:
            Desktop(server).post("api/settings/apply", revision=base, page=PAGE, changes={field: value})
        assert refused.value.status == 422 and field in refused.value.problem["fields"]
