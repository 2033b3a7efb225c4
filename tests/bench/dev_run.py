"""How long `./dev run` takes from nothing to a delivered mail: cold cache, warm cache, and when all is there already.

It runs a copy of the checkout with a cache, a stand-in machine and ports of its own; the developer's are left alone.
Budgets (design): at most 10 minutes cold, 60 s warm; a second run changes nothing and takes at most 60 s.
MAILROOM_BENCH_CACHE names a built cache to start from: then the cold run is left out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import measuring
from devtools.places import CHECKOUT
from devtools.standin import PORTS
from measuring import Budget
from office import free_port

COLD_S, WARM_S, AGAIN_S = 600.0, 60.0, 60.0
STEP = re.compile(r"^  (.+): (\d+\.\d) s$", re.MULTILINE)
SHOWN = ("package", "machine", "installation", "mail services", "seats", "first mail")


@dataclass
class Place:
    """A copy of the project with everything that belongs to it in one folder."""

    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in PORTS})

    def copy(self) -> None:
        """The files of the checkout as they lie there now."""
        listed = subprocess.run(
            ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
            cwd=CHECKOUT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            source, target = CHECKOUT / name, self.folder / "checkout" / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target, follow_symlinks=False)

    def dev(self, *words: str) -> tuple[float, str]:
        """Run ./dev there: seconds, and what it told. Raises RuntimeError with its last words."""
        surroundings = {
            **os.environ,
            "MAILROOM_CACHE": os.environ.get("MAILROOM_BENCH_CACHE") or str(self.folder / "cache"),
            "MAILROOM_STAND_IN": str(self.folder / "stand-in"),
        }
        started = time.perf_counter()
        done = subprocess.run(
            ("./dev", *words), cwd=self.folder / "checkout", env=surroundings, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - started
        if done.returncode:
            raise RuntimeError(f"./dev {' '.join(words)}: {done.returncode}\n{done.stdout[-3000:]}")
        return seconds, done.stdout

    def run(self) -> tuple[float, str]:
        """./dev run with ports of our own."""
        return self.dev("run", *(word for name, port in self.ports.items() for word in ("--port", f"{name}={port}")))

    def daemons(self) -> dict[str, int]:
        """{daemon: pid} of what runs."""
        return {one["id"]: one["pid"] for one in json.loads(self.dev("status", "--json")[1])["daemons"]}


def main() -> dict[str, Any]:
    """{"cold_s", "warm_s", "again_s", "steps": {run: {step: seconds}}, "kept"}."""
    warmed = "MAILROOM_BENCH_CACHE" in os.environ
    place = Place(Path(tempfile.mkdtemp(prefix="dev-run-", dir="/var/tmp")))
    runs: dict[str, tuple[float, str]] = {}
    try:
        place.copy()
        if not warmed:
            runs["cold"] = place.run()
            place.dev("clean", "--machine")
        runs["warm"] = place.run()
        before = place.daemons()
        runs["again"] = place.run()
        if place.daemons() != before:
            raise RuntimeError("the second run has restarted something")
    finally:
        leave_nothing(place)
    budgets = {
        "cold": Budget("cold cache to the first delivered mail", 0, COLD_S, "s"),
        "warm": Budget("warm cache to the first delivered mail", 0, WARM_S, "s"),
        "again": Budget("a second run that changes nothing", 0, AGAIN_S, "s"),
    }
    known = [
        Budget(budget.name, round(runs[name][0], 1), budget.limit, budget.unit)
        for name, budget in budgets.items()
        if name in runs
    ]
    steps = {name: {step: float(took) for step, took in STEP.findall(said)} for name, (_, said) in runs.items()}
    rows = [(name, *(steps[name][step] for step in SHOWN), f"{runs[name][0]:.1f}") for name in runs]
    measuring.report("./dev run (seconds)", ("run", *SHOWN, "all"), rows, known)
    return {
        **{f"{name}_s": round(seconds, 1) for name, (seconds, _) in runs.items()},
        "steps": steps,
        "kept": all(budget.kept for budget in known),
    }


def leave_nothing(place: Place) -> None:
    """Machine off and gone, then everything else."""
    try:
        place.dev("clean", "--machine")
    finally:
        shutil.rmtree(place.folder)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("needs root")
    print(json.dumps({"dev_run": main()}, indent=1))
