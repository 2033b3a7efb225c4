"""What an idle NAS's memory holds of Mailroom: PSS of each family of processes, two minutes after everything answered.

Median of SAMPLES within a minute: what runs once a minute for seconds alone is not taken for what stays.

Ours are the web process, the jobs, the filter, the sign-in service, the supervisor with its loggers, and the keepers.
Budget (design): at most 150 MB for all of ours; the daemons that others wrote are shown beside them.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from statistics import median
from typing import Any

import measuring
from measuring import Budget
from office import Office, office
from own_room import bundle
from processes import innermost, processes

OURS = ("serve", "job", "filter", "signin", "supervisor", "keepers")
BUDGET_MB = 150.0
IDLE_S = 120.0
SAMPLES, APART_S = 5, 13.0
NUMBER = 41


def families(nas: Office) -> dict[str, list[int]]:
    """{daemon, "supervisor" or "keepers": pids on this host}. What is not of the package is left out."""
    lines = processes(nas)
    (first,) = [pid for pid, line in lines.items() if "s6-svscan " in line and innermost(pid) == 1]
    space = os.readlink(f"/proc/{first}/ns/pid")
    inside = {innermost(pid): pid for pid in lines if os.readlink(f"/proc/{pid}/ns/pid") == space}
    heads = {inside[one["pid"]]: one["id"] for one in nas.ctl("status")["daemons"] if one["pid"]}
    found: dict[str, list[int]] = {}
    for pid in inside.values():
        found.setdefault(_family(pid, heads), []).append(pid)
    keepers = [pid for pid, line in lines.items() if "/bin/keeper" in line or "/bin/guard" in line]
    found["keepers"] = keepers + [pid for pid, line in lines.items() if "/bin/instance" in line and pid != first]
    return found


def _family(pid: int, heads: dict[int, str]) -> str:
    """The daemon of whose tree this process is; else it belongs to what supervises them."""
    while pid and pid not in heads:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return heads.get(pid, "supervisor")


def pss_mb(pid: int) -> float | None:
    """The process's proportional set size (proc(5), smaps_rollup), in MB; None when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


def sample(nas: Office) -> dict[str, tuple[int, float]]:
    """{family: (processes, PSS in MB)} at this moment. A process that ends while it is read counts nothing."""
    found: dict[str, tuple[int, float]] = {}
    for name, group in families(nas).items():
        sizes = [size for pid in group if (size := pss_mb(pid)) is not None]
        found[name] = len(sizes), sum(sizes)
    return found


def main() -> dict[str, Any]:
    """{"mb": {family: PSS}, "ours_mb", "kept"}."""
    measuring.needs(bundle())
    with office(NUMBER) as nas:
        time.sleep(IDLE_S)
        samples = [sample(nas)]
        while len(samples) < SAMPLES:
            time.sleep(APART_S)
            samples.append(sample(nas))
    nothing = (0, 0.0)
    pids, found = {}, {}
    for name in {name for one in samples for name in one}:
        pids[name] = round(median(one.get(name, nothing)[0] for one in samples))
        found[name] = round(median(one.get(name, nothing)[1] for one in samples), 1)
    ours = round(sum(found.get(name, 0.0) for name in OURS), 1)
    budget = Budget("idle memory of all of ours", ours, BUDGET_MB, "MB")
    order = sorted(found, key=lambda name: (name not in OURS, -found[name]))
    rows = [(name, "ours" if name in OURS else "", pids[name], f"{found[name]:.1f}") for name in order]
    rows.append(("all", "", sum(pids.values()), f"{sum(found.values()):.1f}"))
    measuring.report("Idle memory", ("family", "", "processes", "PSS MB"), rows, [budget])
    return {"mb": found, "ours_mb": ours, "kept": budget.kept}


if __name__ == "__main__":
    print(json.dumps({"idle_memory": main()}, indent=1))
