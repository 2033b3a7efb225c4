"""`mailroomctl`: reads the command line, runs the command, prints words or, with --json, the facts.

It is called often, by people and by machines: each command loads what it needs when it runs, not before.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Collection
from typing import Any

from mailroom.core.problems import Problem
from mailroom.ctl import commands, printer


def parser() -> argparse.ArgumentParser:
    """The command line with every command that `commands/` holds."""
    made = argparse.ArgumentParser(prog="mailroomctl", description="Look after Mailroom from the shell.")
    nouns = made.add_subparsers(metavar="COMMAND", required=True)
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}").add(nouns)
    return made


def main(arguments: list[str]) -> int:
    """Run one command. Exit status: 0 done, 1 refused or failed, 2 not understood (argparse)."""
    options = parser().parse_args(arguments)
    try:
        facts = options.do(options)
    except Problem as problem:
        _complain(problem, options.json)
        return 1
    try:
        printer.put(printer.as_json(facts) if options.json else options.tell(_told_safely(facts, options.long)))
        sys.stdout.flush()
    except BrokenPipeError:
        # `mailroomctl ... | head` has read enough; without this, Python complains once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _told_safely(facts: Any, long: Collection[str]) -> Any:
    """The facts for a command's words. A text alone is a setting's value, which may have lines."""
    return printer.printable(facts, "\t\n") if isinstance(facts, str) else printer.safe(facts, long)


def _complain(problem: Problem, as_json: bool) -> None:
    if as_json:
        printer.put(printer.as_json({"error": problem.as_dict()}))
        return
    more = printer.safe(problem.more)
    lines = [problem.message]
    lines += [f"  {name}: {sentence}" for name, sentence in more.get("fields", {}).items()]
    lines += [
        f"  {change['who']} set {change['page']}.{change['key']} to {json.dumps(change['theirs'])}"
        for change in more.get("changes", [])
    ]
    lines += [f"Line {problem.more['line']} of the file"] if "line" in problem.more else []
    lines += [f"Setting at fault: {problem.setting}"] if problem.setting else []
    lines += [problem.next] if problem.next else []
    printer.put("\n".join(lines), sys.stderr)
