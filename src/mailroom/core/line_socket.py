"""One JSON line asked, one JSON line answered, over a unix socket: how our processes talk to each other."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from mailroom.core.problems import Unavailable, from_dict

LINE_BYTES_MAX = 16 * 1024 * 1024


def ask(path: Path, request: dict[str, Any], timeout_s: float = 30.0) -> Any:
    """Send `request`, return the answer's `result`.

    Raises Unavailable when nobody answers in time, or the Problem that the other side reports as
    {"error": {...}, "status": int}.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(timeout_s)
            link.connect(str(path))
            link.sendall(json.dumps(request).encode() + b"\n")
            with link.makefile("rb") as lines:
                line = lines.readline(LINE_BYTES_MAX)
    except OSError as reason:
        raise Unavailable(f"{path.stem} does not answer ({reason}).", next="Try again in a few seconds.") from reason
    if not line.endswith(b"\n"):
        raise Unavailable(f"{path.stem} closed the connection early.", next="Try again in a few seconds.")
    answer = json.loads(line)
    if "error" in answer:
        raise from_dict(answer["error"], int(answer.get("status", 500)))
    return answer.get("result")
