"""Running the tests, the quick checks and the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devtools import bundle, frontend
from devtools.places import CHECKOUT
from devtools.say import say, step
from devtools.venv import python

STRICT = ("src/mailroom/core", "src/mailroom/flows", "src/mailroom/filtering", "src/mailroom/policy")
# The tests that take pictures, and hold new ones against those that are kept.
PICTURES = ("tests/browser/test_kit.py", "tests/browser/test_window_pictures.py")
Check = tuple[tuple[str | Path, ...], Path]


def test(arguments: list[str], pictures: bool = False) -> int:
    """pytest over everything, or what `arguments` choose; its closing line is printed last. pictures: draw them anew.

    Everything together runs on two workers: much of it waits for daemons. Tests that share a machine stay on one worker
    (tests/conftest.py).
    """
    everything = PICTURES if pictures else ("-n", "2", "--dist", "loadgroup", "tests")
    chosen = arguments or everything
    environment = {**os.environ, **({"MAILROOM_PICTURES": str(CHECKOUT / "docs" / "pictures")} if pictures else {})}
    # Built before the first test, or those that need it would be skipped on a new machine.
    environment["MAILROOM_BUNDLE"] = str(bundle.root())
    argv = (python(), "-B", "-m", "pytest", "-p", "no:cacheprovider", *chosen)
    return subprocess.run(argv, cwd=CHECKOUT, env=environment, check=False).returncode


def check() -> int:
    """All quick checks side by side; what failed is shown whole."""
    run_python = python()
    ours: dict[str, tuple[str | Path, ...]] = {
        "style": (run_python, "-m", "ruff", "check", "dev", "src", "tests", "build_spk.py"),
        "format": (run_python, "-m", "ruff", "format", "--check", "src", "tests", "build_spk.py"),
        "types": (run_python, "-m", "mypy", "--strict", *STRICT),
        "layers": (run_python, "-c", "from importlinter.cli import lint_imports_command as c; c()"),
        "unit tests": (run_python, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit"),
    }
    checks: dict[str, Check] = {name: (argv, CHECKOUT) for name, argv in ours.items()}
    checks.update(frontend.checks())
    with step("checks"), ThreadPoolExecutor(2) as pool:
        results = dict(zip(checks, pool.map(_quietly, checks.values()), strict=True))
    for name, done in results.items():
        say(f"  {name}: {'ok' if done.returncode == 0 else 'FAILED'}")
        if done.returncode:
            sys.stderr.write(done.stdout)
    return int(any(done.returncode for done in results.values()))


def _quietly(check: Check) -> subprocess.CompletedProcess[str]:
    argv, folder = check
    environment = {
        "PYTHONPATH": "src",
        "PATH": f"{Path(argv[0]).parent}:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": os.environ.get("HOME", "/"),
    }
    return subprocess.run(
        argv, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )


def bench(names: list[str]) -> int:
    """Run tests/bench/NAME.py, or all of them, one after the other; each prints what it measured."""
    folder = CHECKOUT / "tests" / "bench"
    chosen = [folder / f"{name}.py" for name in names] or sorted(folder.glob("[a-z]*.py"))
    environment = {**os.environ, "PYTHONPATH": f"{CHECKOUT / 'src'}:{CHECKOUT / 'tests'}"}
    failed = [
        file.stem
        for file in chosen
        if subprocess.run((python(), "-B", file), cwd=CHECKOUT, env=environment, check=False).returncode
    ]
    return int(bool(failed))
