"""The verbs of ./dev."""

from __future__ import annotations

import argparse
import os

from devtools import need
from devtools.say import Stop, say


def lock(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Renew the lock files."""
    need.root()
    need.need(need.BUILD, need.ARMV8)
    from devtools import locks

    locks.renew()
    return 0


def test(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Run all tests, or those that pytest's arguments choose."""
    need.root()
    need.need(need.BUILD, need.TESTS)
    from devtools import testing

    return testing.test(rest)


def check(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Style, types, layers and unit tests: at most a minute."""
    need.need(need.BUILD)
    from devtools import testing

    return testing.check()


def build(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Build the bundle's root, or find it in the cache, and print where it is."""
    need.root()
    need.need(need.BUILD)
    from devtools import bundle

    print(bundle.root())
    return 0


VERBS = {verb.__name__: verb for verb in (test, check, build, lock)}


def main(argv: list[str]) -> int:
    """Run the verb that the command line names; 2 when it cannot go on."""
    parser = argparse.ArgumentParser(prog="./dev", description="The one door for developers.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, verb in VERBS.items():
        verbs.add_parser(name, help=verb.__doc__, add_help=name != "test")
    arguments, rest = parser.parse_known_args(argv)
    os.umask(0o022)
    try:
        return VERBS[arguments.verb](arguments, rest)
    except Stop as reason:
        say(f"./dev {arguments.verb}: {reason}")
        return 2
