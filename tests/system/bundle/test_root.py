"""What ships in the bundle: all that the daemons need, nothing secret, nobody's extra rights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from chrooted import holds_a_private_key, inside, needed_libraries

from devtools import bundle, slim
from devtools.bundle import X86_64

PROGRAMS = {
    "postconf -d mail_version": r"mail_version = 3\.7",
    "dovecot --version": r"^2\.3\.",
    "spamd --version": r"SpamAssassin Server version 4\.",
    "clamd --version": r"ClamAV 1\.",
    "freshclam --version": r"ClamAV 1\.",
    "rspamd --version": r"Rspamd daemon version 3\.",
    "unbound -V": r"Version 1\.17",
    "openssl version": r"OpenSSL 3\.0",
    "python3.11 --version": r"Python 3\.11",
}
IMPORTS = (
    "cherrypy, cheroot.ssl.builtin, cryptography.hazmat.primitives.asymmetric.rsa, pydantic_core, nh3, uvloop, "
    "fast_mail_parser, jinja2, peewee, playhouse.sqlite_ext, imapclient, dns.resolver, sqlite3, ssl, ctypes"
)


@pytest.mark.parametrize("command", PROGRAMS)
def test_each_daemon_answers(root: Path, command: str) -> None:
    assert re.search(PROGRAMS[command], inside(root, *command.split()), re.MULTILINE)


def test_the_supervisor_starts_and_stops(root: Path) -> None:
    script = (
        "mkdir /dev/s; s6-svscan /dev/s & until [ -p /dev/s/.s6-svscan/control ]; do s6-sleep -m 50; done;"
        " s6-svscanctl -t /dev/s; wait $!"
    )
    inside(root, "/bin/sh", "-c", script)


def test_python_has_what_the_product_imports(root: Path) -> None:
    program = f"import sys; sys.path.insert(0, '/opt/mailroom/lib'); import {IMPORTS}; print('all')"
    assert inside(root, "/usr/bin/python3.11", "-s", "-c", program) == "all\n"


def test_every_module_is_compiled(root: Path) -> None:
    for folder in ("usr/lib/python3.11", "opt/mailroom/lib"):
        modules = [path for path in (root / folder).rglob("*.py") if not path.name.startswith("bad")]
        bare = [path for path in modules if not (path.parent / "__pycache__" / f"{path.stem}.cpython-311.pyc").exists()]
        assert len(modules) > 500
        assert bare == []


def test_perl_has_what_spamassassin_loads(root: Path) -> None:
    modules = (
        "Mail::SpamAssassin",
        "Mail::SpamAssassin::Plugin::DKIM",
        "Mail::SpamAssassin::Plugin::HTMLEval",
        "Net::DNS",
        "DB_File",
    )
    assert inside(root, "perl", *(f"-M{name}" for name in modules), "-e", "print 'all'") == "all"


def test_every_library_that_something_needs_is_there(root: Path) -> None:
    assert needed_libraries(root) == set()


def test_only_the_queue_commands_run_with_a_group_of_their_own(root: Path) -> None:
    special = {
        str(path.relative_to(root))
        for path in slim.everything(root)
        if not path.is_symlink() and path.lstat().st_mode & 0o6000
    }
    assert special == {"usr/sbin/postdrop", "usr/sbin/postqueue", "var/spool/postfix/public"}
    assert not any((root / name).stat().st_mode & 0o4000 for name in special)


def test_no_private_key_ships(root: Path) -> None:
    with_keys = [
        path
        for path in slim.everything(root)
        if path.is_file() and not path.is_symlink() and holds_a_private_key(path.read_bytes())
    ]
    assert with_keys == []


def test_nothing_of_the_build_is_left(root: Path) -> None:
    assert (root / "etc/machine-id").read_bytes() == b""
    left = [pattern for pattern in slim.left_out() if "/" in pattern and list(root.glob(pattern))]
    assert left == []
    for empty in ("tmp", "run", "var/tmp", "var/log", "dev", "proc", "sys"):
        assert [path for path in slim.everything(root / empty) if not path.is_dir()] == []
    owners = {(path.lstat().st_uid, path.lstat().st_gid) for path in slim.everything(root)}
    users = {int(line.split(":")[2]) for line in (root / "etc/passwd").read_text().splitlines()}
    groups = {int(line.split(":")[2]) for line in (root / "etc/group").read_text().splitlines()}
    assert {user for user, _ in owners} <= users
    assert {group for _, group in owners} <= groups


def test_certificates_are_those_of_the_authorities(root: Path) -> None:
    assert (root / "etc/ssl/certs/ca-certificates.crt").read_text().count("BEGIN CERTIFICATE") > 100
    links = {path.name: str(path.readlink()) for path in (root / "etc/ssl/certs").iterdir() if path.is_symlink()}
    assert len(links) > 200
    lead_nowhere = [
        name for name, target in links.items() if not (target in links or (root / target.removeprefix("/")).is_file())
    ]
    assert lead_nowhere == []


def test_every_package_keeps_its_copyright(root: Path) -> None:
    gone = {line for line in slim.left_out() if "/" not in line}
    without = [
        name
        for name in bundle.locked_packages(X86_64.debian)
        if name not in gone and not (root / "usr/share/doc" / name / "copyright").is_file()
    ]
    assert without == []
    assert (root / "usr/share/common-licenses/GPL-2").is_file()
    assert list((root / "usr/share/doc").glob("*/changelog*")) == []
