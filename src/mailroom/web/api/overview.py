"""The page Overview (row SL01)."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking, waiting
from mailroom.web.route import WINDOW, Call, route

AREA = "server"


@route(
    WINDOW,
    "GET",
    "api/overview",
    summary="Is all well, and what runs",
    answer="The state of the server, of each daemon and of the machine, and what lasts.",
    example={
        "health": {"state": "healthy", "title": "Healthy", "text": "All services run."},
        "daemons": [
            {
                "id": "postfix",
                "title": "SMTP",
                "state": "running",
                "pid": 512,
                "memory_mb": 12.5,
                "since": 1790000000.0,
                "why": "",
            }
        ],
        "cpu_percent": 3.1,
        "memory": {"used_mb": 900, "total_mb": 4096},
        "network": {"rx_bytes_s": 1200, "tx_bytes_s": 800},
        "today": {"received": 12, "sent": 4, "blocked": 1},
        "queue": 0,
        "antivirus": {"state": "current", "version": "27600", "definitions_date": 1790000000},
        "conditions": [],
    },
    errors=(503,),
)
def overview(call: Call) -> Any:
    return waiting.overview() if waiting.is_waiting() else asking.job("overview")
