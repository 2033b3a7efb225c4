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

from mailroom.core.problems import Problem
from mailroom.ctl import commands


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
        print(json.dumps(facts, indent=2, ensure_ascii=False) if options.json else options.tell(facts))
        sys.stdout.flush()
    except BrokenPipeError:
        # `mailroomctl ... | head` has read enough; without this, Python complains once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _complain(problem: Problem, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": problem.as_dict()}, indent=2, ensure_ascii=False))
        return
    lines = [problem.message]
    lines += [f"  {name}: {sentence}" for name, sentence in problem.more.get("fields", {}).items()]
    lines += [
        f"  {change['who']} set {change['page']}.{change['key']} to {json.dumps(change['theirs'])}"
        for change in problem.more.get("changes", [])
    ]
    lines += [f"Line {problem.more['line']} of the file"] if "line" in problem.more else []
    lines += [f"Setting at fault: {problem.setting}"] if problem.setting else []
    lines += [problem.next] if problem.next else []
    print("\n".join(lines), file=sys.stderr)
