"""Tests that share a machine stay on one worker of pytest-xdist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
FILES = ("test_dns_address.py", "test_dns_wire.py")


def test_a_group_runs_on_one_worker() -> None:
    """On two workers each of two files is run wholly by one of them."""
    argv = (sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup", "-vvv")
    files = [str(TESTS / "unit" / "dns" / name) for name in FILES]
    known = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run((*argv, *files), cwd=TESTS.parent, env=known, capture_output=True, text=True, check=True)
    ran = set(re.findall(r"\[(gw\d)\].*?(\w+\.py)::", done.stdout))
    assert {name for _, name in ran} == set(FILES)
    assert len(ran) == len(FILES)
