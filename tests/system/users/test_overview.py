"""The overview: what the machine does, what each service takes, and restarting one (row SL01)."""

from __future__ import annotations

from desktop import Desktop
from office import Office


def test_the_overview_tells_processor_memory_and_network(server: Office) -> None:
    desktop = Desktop(server)
    desktop.get("api/overview")
    before = server.ctl("status")["today"]["received"]
    server.deliver("something to count")
    server.arrived("ben", "something to count")
    told = desktop.get("api/overview")
    assert 0 < told["cpu_percent"] <= 100 and 0 < told["memory"]["used_mb"] < told["memory"]["total_mb"]
    assert told["network"]["rx_bytes_s"] > 0 and told["network"]["tx_bytes_s"] > 0
    assert told["today"]["received"] == before + 1
    running = {one["id"]: one for one in told["daemons"] if one["state"] == "running"}
    assert {"postfix", "dovecot", "filter", "clamd", "spamd", "signin", "job", "serve", "resolver"} <= set(running)
    assert all(one["pid"] and one["memory_mb"] > 0 for one in running.values())
    assert next(one["state"] for one in told["daemons"] if one["id"] == "rspamd") == "disabled"


def test_a_restart_from_the_window_is_written_down(server: Office) -> None:
    pid = server.daemon("resolver")["pid"]
    assert Desktop(server).post("api/daemons/resolver/restart") == {"restarted": "resolver"}
    now = server.daemon("resolver")
    assert now["state"] == "running" and now["pid"] != pid
    newest = server.ctl("events", "--kind", "daemon", "--limit", "1")[0]
    assert newest["who"] == "admin" and "resolver" in newest["text"] and newest["where"] == server.address(8)
