"""What the machine did in the last hour (row SL01)."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.route import WINDOW, Call, route

AREA = "server"
COLUMNS = [
    "time",
    "cpu_percent",
    "memory_used_mb",
    "rx_bytes_s",
    "tx_bytes_s",
    "disk_used_mb",
    "disk_total_mb",
    "disk_read_bytes_s",
    "disk_write_bytes_s",
    "queue",
]
ROW = [1790000000.0, 3.1, 900, 1200, 800, 20000, 250000, 0, 4096, 0]


@route(
    WINDOW,
    "GET",
    "api/machine/history",
    summary="Processor, memory, network, disks and queue over the last hour",
    answer="Five minutes by two seconds and an hour by half minutes, each row in the order of `columns`. "
    "What the system does not tell is null. All are of the whole machine; the disk's room is of the volume with the "
    "mail. Empty after a restart. New samples come as events named `sample` on `api/events`.",
    example={
        "columns": COLUMNS,
        "fine": {"every_s": 2.0, "rows": [ROW]},
        "coarse": {"every_s": 30, "rows": [ROW]},
        "memory_total_mb": 4096,
    },
    errors=(503,),
)
def history(call: Call) -> Any:
    return asking.job("machine.history")
