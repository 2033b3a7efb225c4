"""The overview: what the machine does, what each service takes, and restarting one (row SL01)."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from desktop import RELAY, Desktop, Refusal
from mailroom.daemons.states import UP
from office import Office, until


def test_the_overview_tells_processor_memory_and_network(server: Office) -> None:
    desktop = Desktop(server)
    desktop.get("api/overview")
    before = server.ctl("status")["today"]["received"]
    server.deliver("something to count")
    server.arrived("ben", "something to count")
    told = desktop.get("api/overview")
    assert 0 < told["cpu_percent"] <= 100 and 0 < told["memory"]["used_mb"] < told["memory"]["total_mb"]
    assert told["health"]["state"] != "healthy" and told["problems"][0]["next"]
    (volume,) = told["volumes"]
    assert volume["holds"] == ["mail", "data"] and 0 < volume["free_mb"] < volume["total_mb"]
    # It is counted every few seconds.
    until(lambda: desktop.get("api/overview")["today"]["received"] > before, 15, "it is counted")
    running = {one["id"]: one for one in told["daemons"] if one["state"] in UP}
    assert {"postfix", "dovecot", "filter", "clamd", "spamd", "signin", "job", "serve", "resolver"} <= set(running)
    assert all(one["pid"] and one["program"] for one in running.values())
    until(lambda: all(one["cost"] for one in desktop.get("api/overview")["daemons"] if one["pid"]), 30, "all measured")
    costs = {one["id"]: one["cost"] for one in desktop.get("api/overview")["daemons"] if one["pid"]}
    assert all(0 < cost["memory_mb"] <= cost["highest_mb"] for cost in costs.values())
    assert next(one["state"] for one in told["daemons"] if one["id"] == "rspamd") == "disabled"


def test_a_restart_from_the_window_is_written_down(server: Office) -> None:
    pid = server.daemon("resolver")["pid"]
    assert Desktop(server).post("api/daemons/resolver/restart") == {"restarted": "resolver"}
    now = server.daemon("resolver")
    assert now["state"] == "running" and now["pid"] != pid
    newest = server.ctl("events", "--kind", "daemon", "--limit", "1")[0]
    assert newest["who"] == "admin" and "resolver" in newest["text"] and newest["where"] == server.address(8)


def test_the_last_hour_is_kept_and_new_samples_come_by_the_stream(server: Office) -> None:
    desktop = Desktop(server)
    until(lambda: len(desktop.get("api/machine/history")["fine"]["rows"]) >= 2, 30, "two samples")
    told = desktop.get("api/machine/history")
    rows = [dict(zip(told["columns"], row, strict=True)) for row in told["fine"]["rows"]]
    gaps = [later["time"] - sooner["time"] for sooner, later in pairwise(rows)]
    assert all(gap >= 1.5 for gap in gaps) and 0 <= rows[-1]["cpu_percent"] <= 100
    assert 0 < rows[-1]["memory_used_mb"] < told["memory_total_mb"] and rows[-1]["disk_total_mb"] > 0
    samples = streamed(desktop, "api/events", "sample", 2)
    assert samples[0]["time"] >= rows[-1]["time"] and samples[1]["time"] > samples[0]["time"]
    assert set(samples[0]) == set(told["columns"])
    before = samples[-1]["rx_bytes_s"]
    assert before >= 0 and server.ctl("load")["columns"] == told["columns"]


def test_a_log_is_told_and_what_comes_after_it(server: Office) -> None:
    desktop = Desktop(server)
    lines = desktop.get("api/daemons/postfix/log?lines=5")["lines"]
    assert 0 < len(lines) <= 5 and all(line["time"] and line["text"] for line in lines)
    assert server.ctl("log", "postfix", "--lines", "2")
    with pytest.raises(Refusal) as refused:
        desktop.get("api/daemons/nobody/log")
    assert refused.value.status == 404
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(streamed, desktop, "api/daemons/postfix/log/events", "lines", 1)
        until(lambda: greeted(server) and heard.done(), 60, "the greeting is in the log, and told")
    (told,) = heard.result()
    assert all(line["time"] > lines[-1]["time"] for line in told["lines"])


def greeted(server: Office) -> bool:
    """Leave a line in Postfix's log."""
    with server.smtp() as client:
        return client.ehlo()[0] == 250


def test_the_filter_is_on_also_for_the_antivirus_engine_alone(server: Office) -> None:
    def note() -> str:
        return next(one["note"] for one in Desktop(server).get("api/overview")["daemons"] if one["id"] == "filter")

    assert note() == ""
    server.apply("security.spam", enabled=False)
    try:
        assert "antivirus engine needs it" in note() and server.daemon("filter")["state"] == "running"
        assert server.daemon("spamd")["state"] == "disabled"
    finally:
        server.apply("security.spam", enabled=True)
        server.ready()


def streamed(desktop: Desktop, path: str, name: str, count: int) -> list[dict[str, Any]]:
    """So many events of this name from a stream through the relay."""
    asked = urllib.request.Request(
        f"{desktop.nas.web}{RELAY}/{path}", headers={"Cookie": desktop.cookie, "X-SYNO-TOKEN": desktop.token}
    )
    found: list[dict[str, Any]] = []
    event = ""
    with urllib.request.urlopen(asked, timeout=60) as stream:
        for line in stream:
            kind, _, value = line.decode().rstrip("\n").partition(": ")
            event = value if kind == "event" else event
            if kind == "data" and event == name:
                found.append(json.loads(value))
                if len(found) == count:
                    break
    return found
