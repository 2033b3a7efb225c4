"""What a command is: options in, facts out, and words for the facts."""

from __future__ import annotations

import argparse
import base64
import os
import pwd
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from mailroom.core import paths
from mailroom.core.line_socket import ask
from mailroom.core.problems import Invalid

Options = argparse.Namespace
Parsers = Any  # argparse has no public name for what add_subparsers returns
JOB_LIMIT_S = 180.0
OUTSIDE = paths.RUN / "outside" / "root"


def command(
    parsers: Parsers,
    name: str,
    help: str,
    do: Callable[[Options], Any],
    tell: Callable[[Any], str],
    long: tuple[str, ...] = (),
) -> argparse.ArgumentParser:
    """Add a command. do: runs it and returns JSON-able facts; tell: those facts in words.

    long: names of facts whose texts have lines of their own; in all others a line end is shown as \\n.
    """
    made: argparse.ArgumentParser = parsers.add_parser(name, help=help, description=help)
    made.add_argument("--json", action="store_true", help="print the facts as JSON")
    made.set_defaults(do=do, tell=tell, long=long)
    return made


def noun(parsers: Parsers, name: str, help: str) -> Parsers:
    """Add a noun, whose verbs are commands."""
    return parsers.add_parser(name, help=help, description=help).add_subparsers(metavar="VERB", required=True)


def job(operation: str, **arguments: Any) -> Any:
    """Ask the job process. Raises Problem."""
    asker = {"who": who(), "where": "mailroomctl"}
    return ask(paths.JOB_SOCKET, {"op": operation, **asker, **arguments}, timeout_s=JOB_LIMIT_S)


def who() -> str:
    """The person at the shell: with sudo, the one who called it."""
    return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows under a head, in columns."""
    shown = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[column]) for row in shown) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown
    )


def moment(seconds: float) -> str:
    """A time as the reader's clock shows it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def host_file(name: str) -> Path:
    """A file as somebody on the host names it, as we see it from inside of our own root."""
    return OUTSIDE / os.path.normpath(os.path.join(os.environ.get("MAILROOM_HOST_FOLDER", "/"), name)).lstrip("/")


def content_of(name: str) -> str:
    """A file as the job process takes it. Raises Invalid when it cannot be read."""
    try:
        found = sys.stdin.buffer.read() if name == "-" else host_file(name).read_bytes()
    except OSError as reason:
        raise Invalid(f"{name} cannot be read ({reason.strerror}).", field="file") from None
    return base64.b64encode(found).decode()
