"""mailroomctl certificate: the certificate of the mail services."""

from __future__ import annotations

import getpass
from typing import Any

from mailroom.ctl.shape import Options, Parsers, command, content_of, job, moment, noun, table


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "certificate", "what SMTP, IMAP and POP3 show to whoever connects")
    command(verbs, "show", "the one in force, and those that were before", show, tell)
    made = command(verbs, "upload", "put a certificate with its key in force; the former one is kept", upload, tell)
    made.add_argument("certificate", help="PEM, or PKCS #12 that holds key and chain, too; - reads from standard input")
    made.add_argument("--key", default="", help="the private key, PEM")
    made.add_argument("--chain", default="", help="intermediate certificates, PEM")
    made.add_argument("--password", action="store_true", help="ask for the password of an encrypted key")
    made.add_argument("--check", action="store_true", help="only judge it")
    made = command(verbs, "use", "put one in force again that was before", use, tell)
    made.add_argument("id")
    command(verbs, "acme", "how getting a certificate by itself goes (service.acme)", acme, tell_acme)
    command(verbs, "get", "ask the authority of service.acme for a certificate now", get, tell_acme)


def show(options: Options) -> Any:
    return job("certificate.read")


def upload(options: Options) -> Any:
    files = {name: content_of(named) for name in ("certificate", "key", "chain") if (named := getattr(options, name))}
    password = getpass.getpass("Password of the key: ") if options.password else ""
    return job(f"certificate.{'check' if options.check else 'put'}", **files, password=password)


def use(options: Options) -> Any:
    return job("certificate.use", id=options.id)


def acme(options: Options) -> Any:
    return job("acme.read")


def get(options: Options) -> Any:
    return job("acme.get")


def tell_acme(facts: Any) -> str:
    if not facts["enabled"]:
        return "Switched off."
    last = "got" if facts["ok"] else f"failed {facts['failures']} times: {facts['text']} {facts['next']}".rstrip()
    tried = f"Last try {moment(facts['tried'])}: {last}" if facts["tried"] else "Not tried yet."
    return f"For {', '.join(facts['names'])}\n{tried}\nNext {moment(facts['due'])}"


def tell(facts: Any) -> str:
    if "services" not in facts:
        steps = [f"{one['name']}, of {one['issuer']}, until {moment(one['ends'])}" for one in facts["chain"]]
        return "\n".join([*steps, *facts["warnings"]])
    known = [*([facts["current"]] if facts["current"] else []), *facts["earlier"]]
    rows = [
        (one["id"], one["state"], ", ".join(one["names"]), one["issuer"], moment(one["ends"]), one["source"])
        for one in known
    ]
    ports = ", ".join(f"{one['service']} {one['port']}" for one in facts["services"])
    return f"{table(('ID', 'STATE', 'NAMES', 'ISSUER', 'UNTIL', 'SOURCE'), rows)}\nThe first is shown at {ports}."
