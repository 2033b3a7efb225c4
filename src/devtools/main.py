"""The verbs of ./dev. Those that touch a machine run in the developer's own Python environment."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from devtools import need
from devtools.places import CACHE, CHECKOUT
from devtools.say import Stop, say


def in_environment() -> None:
    """Go on in the developer's environment: the same command, run by its interpreter."""
    from devtools.venv import python

    interpreter = str(python())
    if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(interpreter))):
        os.execv(interpreter, [interpreter, "-B", str(CHECKOUT / "dev"), *sys.argv[1:]])


def run(options: argparse.Namespace, rest: list[str]) -> int:
    """Build, install and start Mailroom on a stand-in NAS, with three users and a first mail."""
    need.root()
    need.need(need.BUILD)
    in_environment()
    from devtools import running

    return running.run(options.dsm, options.listen, options.port)


def stop(options: argparse.Namespace, rest: list[str]) -> int:
    """Switch the stand-in NAS off."""
    need.root()
    in_environment()
    from devtools import running

    return running.stop()


def status(options: argparse.Namespace, rest: list[str]) -> int:
    """What runs on the stand-in NAS, its addresses and users."""
    need.root()
    in_environment()
    from devtools import running

    return running.status(options.json)


def clean(options: argparse.Namespace, rest: list[str]) -> int:
    """Remove the stand-in NAS, everything that was built, and the cache."""
    from devtools import standin
    from devtools.clean import remove, traces

    need.root()
    if (standin.FOLDER / "nas").exists():
        in_environment()
        from dsmhost.machine import Machine

        Machine(standin.FOLDER / "nas").delete()
    remove(standin.FOLDER)
    if not options.machine:
        for path in traces(CHECKOUT):
            remove(path)
        remove(CACHE)
    return 0


def test(options: argparse.Namespace, rest: list[str]) -> int:
    """Run all tests, or those that pytest's arguments choose."""
    need.root()
    need.need(need.BUILD, need.TESTS)
    from devtools import testing

    return testing.test(rest, options.pictures)


def check(options: argparse.Namespace, rest: list[str]) -> int:
    """Style, types, layers and unit tests: at most a minute."""
    need.need(need.BUILD)
    from devtools import testing

    return testing.check()


def bench(options: argparse.Namespace, rest: list[str]) -> int:
    """Measure the budgets, or those benchmarks that are named."""
    need.root()
    need.need(need.BUILD, need.TESTS)
    from devtools import testing

    return testing.bench(rest)


def spk(options: argparse.Namespace, rest: list[str]) -> int:
    """Write a package for release to dist/."""
    need.root()
    need.need(need.BUILD, need.ARMV8 if options.arch == "armv8" else ())
    from devtools import spk as packages

    print(packages.release(options.arch, options.dsm))
    return 0


def build(options: argparse.Namespace, rest: list[str]) -> int:
    """Build the bundle's root, or find it in the cache, and print where it is."""
    need.root()
    need.need(need.BUILD)
    from devtools import bundle

    print(bundle.root())
    return 0


def lock(options: argparse.Namespace, rest: list[str]) -> int:
    """Renew the lock files."""
    need.root()
    need.need(need.BUILD, need.ARMV8)
    from devtools import locks

    locks.renew()
    return 0


def texts(options: argparse.Namespace, rest: list[str]) -> int:
    """Show what the server says and the window's other languages lack, as JSON; files of that form are taken in."""
    need.need(need.BUILD)
    in_environment()
    from devtools import texts as catalogue

    return catalogue.show(options.additions)


VERBS = {verb.__name__: verb for verb in (run, stop, status, test, check, bench, spk, build, lock, texts, clean)}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="./dev", description="The one door for developers.")
    verbs = made.add_subparsers(dest="verb", required=True)
    parsers = {name: verbs.add_parser(name, help=verb.__doc__, add_help=name != "test") for name, verb in VERBS.items()}
    parsers["run"].add_argument("--dsm", choices=("6", "7"), help="generation of DSM (7)")
    parsers["run"].add_argument("--listen", metavar="ADDRESS", help="address on which the ports are opened (127.0.0.1)")
    parsers["run"].add_argument("--port", action="append", default=[], metavar="NAME=NUMBER", help="e.g. smtp=25")
    parsers["status"].add_argument("--json", action="store_true")
    parsers["clean"].add_argument("--machine", action="store_true", help="only the stand-in NAS")
    parsers["texts"].add_argument("additions", nargs="*", type=Path, metavar="FILE", help="translations to take in")
    parsers["test"].add_argument("--pictures", action="store_true", help="draw docs/pictures anew")
    parsers["spk"].add_argument("--arch", choices=("x86_64", "armv8"), default="x86_64")
    parsers["spk"].add_argument("--dsm", choices=("6", "7"), default="7")
    return made


def main(argv: list[str]) -> int:
    """Run the verb that the command line names; 2 when it cannot go on."""
    options, rest = parser().parse_known_args(argv)
    os.umask(0o022)
    # What pip keeps belongs into our cache, not into the caller's home.
    os.environ.update(PIP_CACHE_DIR=str(CACHE / "pip"), PIP_DISABLE_PIP_VERSION_CHECK="1")
    try:
        return VERBS[options.verb](options, rest)
    except Stop as reason:
        say(f"./dev {options.verb}: {reason}")
        return 2
