"""What must be there before the supervisor starts: folders with their owners, a certificate, service folders."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mailroom.core import paths, root_files
from mailroom.daemons import former_places
from mailroom.daemons.command import run
from mailroom.daemons.order import DAEMONS
from mailroom.daemons.places import RESOLVER
from mailroom.daemons.services import write_services
from mailroom.daemons.shape import Facts

HERE = Path(__file__).parent
FILTER, WEB = "mailroom", "mailroom-web"


@dataclass(frozen=True)
class Folder:
    """A folder with its owner, group and mode."""

    path: Path
    owner: str = "root"
    group: str = "root"
    mode: int = 0o755


QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "saved", "trace")
FOLDERS = (
    Folder(paths.DATA, mode=0o711),
    Folder(paths.DB, mode=0o700),
    Folder(paths.CONF, mode=0o711),
    Folder(paths.MAPS, "root", "postfix", 0o750),
    # As `postfix post-install create-missing` makes them; `postfix check` would, and then read the whole queue.
    Folder(paths.QUEUE),
    Folder(paths.QUEUE / "pid"),
    *(Folder(paths.QUEUE / name, "postfix", "root", 0o700) for name in QUEUES),
    Folder(paths.QUEUE / "private", "postfix", "root", 0o700),
    Folder(paths.QUEUE / "public", "postfix", "postdrop", 0o710),
    Folder(paths.QUEUE / "maildrop", "postfix", "postdrop", 0o1730),
    Folder(paths.DATA / "postfix", "postfix", "postfix", 0o700),
    Folder(paths.DATA / "dovecot"),
    Folder(paths.LOG, mode=0o700),
    Folder(paths.TLS, mode=0o700),
    Folder(paths.SECRETS, "root", "root", 0o700),
    Folder(paths.QUARANTINE, FILTER, FILTER, 0o700),
    Folder(paths.RECORDS, FILTER, FILTER, 0o700),
    Folder(paths.UPLOADS, WEB, WEB, 0o700),
    Folder(paths.DATA / "clamav", "clamav", "clamav"),
    Folder(paths.DATA / "spamassassin", "debian-spamd", "debian-spamd", 0o750),
    Folder(paths.DATA / "rspamd", "_rspamd", "_rspamd", 0o750),
    # A socket stands where nobody but its own user may rename anything; the group of its folder may connect.
    Folder(paths.SOCKETS, "root", WEB, 0o750),
    Folder(paths.SIGNIN_SOCKET.parent, "root", WEB, 0o750),
    Folder(paths.CONDITIONS, mode=0o700),
    Folder(paths.FILTER_CONDITIONS, FILTER, FILTER, 0o700),
    Folder(paths.FILTER_SOCKET.parent, FILTER, "postfix", 0o750),
    Folder(paths.SRS_KEY.parent, "root", FILTER, 0o750),
    Folder(paths.ACCOUNT_FACTS.parent, "root", FILTER, 0o750),
    Folder(paths.RELEASES, "root", FILTER, 0o750),
    Folder(paths.SERVE_SOCKET.parent, WEB, WEB, 0o700),
    Folder(paths.RELAY_SOCKET.parent, WEB, WEB, 0o711),
    Folder(paths.RUN / "freshclam", "root", "clamav", 0o750),
    Folder(paths.CLAMD_SOCKET.parent, "clamav", FILTER, 0o750),
    Folder(paths.SPAMD_SOCKET.parent, "debian-spamd", FILTER, 0o750),
    Folder(paths.RSPAMD_SOCKET.parent, "_rspamd", FILTER, 0o750),
    Folder(paths.RUN / "dovecot"),
    Folder(paths.SERVICES),
)
MAIL_FOLDERS = (Folder(paths.MAIL), Folder(paths.MAIL / "mailboxes", "vmail", "vmail", 0o700))


def prepare_folders(mail: bool = True) -> None:
    """Make every folder; mail: also those of the mailboxes. Raises OSError (full, read-only, a link in its place)."""
    _prepare(FOLDERS)
    former_places.settle()
    if mail:
        prepare_mail()


def prepare_mail() -> None:
    """Make the folders of the mailboxes, on the volume that is mounted there. Raises OSError."""
    _prepare(MAIL_FOLDERS)


def _prepare(folders: Iterable[Folder]) -> None:
    """Make each with its owner and mode."""
    for folder in folders:
        root_files.make_folder(folder.path, folder.owner, folder.group, folder.mode)


def prepare_signatures() -> None:
    """Put our own small signature file beside ClamAV's, so that clamd starts and finds EICAR before any update."""
    known = (HERE / "clamd" / "mailroom.ndb").read_bytes()
    # The folder is clamd's own, which has read strangers' files: root touches nothing there with root's rights.
    with root_files.acting_as("clamav"):
        root_files.write(paths.DATA / "clamav" / "mailroom.ndb", known, "clamav", "clamav")


def prepare_srs_key() -> None:
    """Give the filter, which may not read this server's key, the one it signs return addresses with (X06-04)."""
    # Cryptography costs megabytes; this process ends soon, but others that import this module stay.
    from mailroom.core import secrets

    root_files.write(paths.SRS_KEY, secrets.derived("srs"), "root", FILTER, 0o640)


def prepare_queue() -> None:
    """Remove what a crash left half written (postsuper(1), -p), as `postfix start` does. Raises DaemonFailed."""
    if (paths.CURRENT / "postfix" / "main.cf").exists():
        run("postfix", ("postsuper", "-c", str(paths.CURRENT / "postfix"), "-p"))


def prepare_services(facts: Facts, up: set[str]) -> None:
    """Write the service folders for s6; only those in `up` will be started."""
    write_services(DAEMONS, facts, up, paths.SERVICES)


def prepare_resolver(target: Path = Path("/etc/resolv.conf")) -> None:
    """Point the bundle's own name lookups at our resolver (resolv.conf(5))."""
    text = f"nameserver {RESOLVER}\noptions edns0\n"
    if target.is_symlink():
        target = Path(os.path.realpath(target))
    if not target.exists() or target.read_text() != text:
        target.write_text(text)
