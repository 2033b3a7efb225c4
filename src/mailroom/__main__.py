"""`python -m mailroom VERB`: one program, one verb for each process. Each verb loads only its own parts."""

from __future__ import annotations

import logging
import sys


def boot(arguments: list[str]) -> None:
    from mailroom.app import prepare

    prepare()


def job(arguments: list[str]) -> None:
    from mailroom.app import run_job

    run_job()


def filter(arguments: list[str]) -> None:
    from mailroom.filtering.process import main
    from mailroom.flows.tls_policy import TlsPolicies

    main(arguments, TlsPolicies)


def serve(arguments: list[str]) -> None:
    from mailroom.web.server import main

    main(arguments)


def signin(arguments: list[str]) -> None:
    from mailroom.accounts.signin.service import main

    main(arguments)


def ctl(arguments: list[str]) -> None:
    from mailroom.ctl.main import main

    sys.exit(main(arguments))


VERBS = {verb.__name__: verb for verb in (boot, job, filter, serve, signin, ctl)}


def main() -> None:
    """Run the verb that the command line names."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    verb = VERBS.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if verb is None:
        sys.exit(f"usage: python -m mailroom {'|'.join(VERBS)}")
    verb(sys.argv[2:])


if __name__ == "__main__":
    main()
