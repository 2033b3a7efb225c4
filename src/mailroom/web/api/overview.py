"""The page Server List (rows SL01 to SL03)."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking, waiting
from mailroom.web.api import definitions
from mailroom.web.route import WINDOW, Call, route

AREA = "server"


@route(
    WINDOW,
    "GET",
    "api/overview",
    summary="Is all well, and what runs",
    answer="What is not well, worst first; the state of each daemon, what it costs, how it ended if nobody asked; the "
    "machine. `severity` is problem, attention or note; `go` says where the window helps; `action` is "
    "definitions.update where that helps at once. `antivirus`: as `api/definitions`. A daemon is running, starting, "
    "abnormal, disabled, or limited: an antivirus engine without definitions.",
    example={
        "health": {"state": "healthy", "title": "Healthy", "text": "All services run.", "next": ""},
        "daemons": [
            {
                "id": "postfix",
                "title": "SMTP",
                "program": "Postfix",
                "state": "running",
                "pid": 512,
                "memory_mb": 12.5,
                "since": 1790000000.0,
                "why": "",
                "next": "",
                "note": "",
                "ended": {"time": 1789999990.0, "exit_code": None, "signal": "SIGKILL"},
                "ends": 1,
                "log_line": "",
                "cost": {"memory_mb": 12.5, "highest_mb": 14.0, "measured": 1790000010.0},
            }
        ],
        "problems": [
            {
                "id": "queue",
                "severity": "note",
                "title": "3 messages wait in the queue",
                "text": "Delivery was tried and is tried again by itself, or somebody holds it.",
                "next": "The queue tells the reason of each.",
                "go": "queue",
                "since": None,
                "action": "",
            }
        ],
        "cpu_percent": 3.1,
        "memory": {"used_mb": 900, "total_mb": 4096},
        "network": {"rx_bytes_s": 1200, "tx_bytes_s": 800},
        "disk": {"read_bytes_s": 0, "write_bytes_s": 4096},
        "volumes": [{"holds": ["mail", "data"], "used_mb": 20000, "free_mb": 230000, "total_mb": 250000}],
        "today": {"received": 12, "sent": 4, "blocked": 1},
        "queue": 0,
        "antivirus": definitions.STATE,
        "conditions": [],
    },
    errors=(503,),
)
def overview(call: Call) -> Any:
    return waiting.overview() if waiting.is_waiting() else asking.job("overview")
