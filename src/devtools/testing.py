"""Running the tests and the quick checks."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devtools.places import CHECKOUT
from devtools.say import say, step
from devtools.venv import python

STRICT = ("src/mailroom/core", "src/mailroom/flows", "src/mailroom/filtering")


def test(arguments: list[str]) -> int:
    """pytest over everything, or what `arguments` choose; its closing line is printed last."""
    chosen = arguments or ["tests"]
    done = subprocess.run((python(), "-m", "pytest", "-p", "no:cacheprovider", *chosen), cwd=CHECKOUT, check=False)
    return done.returncode


def check() -> int:
    """All quick checks side by side; what failed is shown whole."""
    run_python = python()
    checks: dict[str, tuple[str | Path, ...]] = {
        "style": (run_python, "-m", "ruff", "check", "dev", "src", "tests", "build_spk.py"),
        "format": (run_python, "-m", "ruff", "format", "--check", "src", "tests"),
        "types": (run_python, "-m", "mypy", "--strict", *STRICT),
        "layers": (run_python, "-c", "from importlinter.cli import lint_imports_command as c; c()"),
        "unit tests": (run_python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit"),
    }
    with step("checks"), ThreadPoolExecutor(2) as pool:
        results = dict(zip(checks, pool.map(_quietly, checks.values()), strict=True))
    for name, done in results.items():
        say(f"  {name}: {'ok' if done.returncode == 0 else 'FAILED'}")
        if done.returncode:
            sys.stderr.write(done.stdout)
    return int(any(done.returncode for done in results.values()))


def _quietly(argv: tuple[str | Path, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, cwd=CHECKOUT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        env={"PYTHONPATH": "src", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
    )  # fmt: skip
