"""How near the web process is to the memory that it may have (daemons/serve/daemon.py, MEMORY_MB).

At the limit a request fails and the next one goes on. What was needed once is not always given back; so the process
ends before it stays near the limit, and the supervisor starts it afresh within a second.
"""

from __future__ import annotations

import resource
from pathlib import Path

STATUS = Path("/proc/self/status")
FULL = 0.75


def is_nearly_full(status: Path = STATUS, limit_bytes: int | None = None) -> bool:
    """Whether data of its own (proc(5), VmData) takes three quarters of what RLIMIT_DATA allows; no without a limit."""
    allowed = resource.getrlimit(resource.RLIMIT_DATA)[0] if limit_bytes is None else limit_bytes
    if allowed == resource.RLIM_INFINITY:
        return False
    sizes_kb = [int(line.split()[1]) for line in status.read_text().split("\n") if line.startswith("VmData:")]
    return any(size * 1024 > FULL * allowed for size in sizes_kb)
