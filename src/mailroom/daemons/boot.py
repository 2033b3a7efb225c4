"""What must be there before the supervisor starts: folders with their owners, a certificate, service folders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.command import run
from mailroom.daemons.order import DAEMONS
from mailroom.daemons.places import RESOLVER
from mailroom.daemons.services import write_services
from mailroom.daemons.shape import Facts

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Folder:
    """A folder with its owner, group and mode."""

    path: Path
    owner: str = "root"
    group: str = "root"
    mode: int = 0o755


QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "saved", "trace")
FOLDERS = (
    Folder(paths.DATA),
    Folder(paths.DB, "mailroom", "mailroom", 0o770),
    Folder(paths.CONF),
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
    Folder(paths.LOG, "root", "mailroom", 0o750),
    Folder(paths.TLS, "root", "mailroom", 0o750),
    Folder(paths.SECRETS, "root", "root", 0o700),
    Folder(paths.QUARANTINE, "mailroom", "mailroom", 0o700),
    Folder(paths.UPLOADS, "mailroom", "mailroom", 0o700),
    Folder(paths.DATA / "clamav", "clamav", "clamav"),
    Folder(paths.DATA / "spamassassin", "debian-spamd", "debian-spamd", 0o750),
    Folder(paths.DATA / "rspamd", "_rspamd", "_rspamd", 0o750),
    Folder(paths.SOCKETS, "mailroom", "mailroom", 0o770),
    Folder(paths.CONDITIONS, "mailroom", "mailroom", 0o770),
    Folder(paths.FILTER_SOCKET.parent, "mailroom", "postfix", 0o750),
    Folder(paths.SRS_KEY.parent, "root", "mailroom", 0o750),
    Folder(paths.SIGNIN_SOCKET.parent, "root", "mailroom", 0o750),
    Folder(paths.SERVE_SOCKET.parent, "mailroom", "mailroom", 0o700),
    Folder(paths.RELAY_SOCKET.parent, "mailroom", "mailroom", 0o711),
    Folder(paths.CLAMD_SOCKET.parent, "clamav", "mailroom", 0o750),
    Folder(paths.SPAMD_SOCKET.parent, "debian-spamd", "mailroom", 0o750),
    Folder(paths.RSPAMD_SOCKET.parent, "_rspamd", "mailroom", 0o750),
    Folder(paths.RUN / "dovecot"),
    Folder(paths.SERVICES),
)
MAIL_FOLDERS = (Folder(paths.MAIL), Folder(paths.MAIL / "mailboxes", "vmail", "vmail", 0o700))


def prepare_folders(mail: bool = True) -> None:
    """Make every folder; mail: also those of the mailboxes. Raises OSError (disk full, read-only)."""
    _prepare(FOLDERS)
    if mail:
        prepare_mail()


def prepare_mail() -> None:
    """Make the folders of the mailboxes, on the volume that is mounted there. Raises OSError."""
    _prepare(MAIL_FOLDERS)


def _prepare(folders: Iterable[Folder]) -> None:
    """Make each with its owner and mode."""
    for folder in folders:
        folder.path.mkdir(parents=True, exist_ok=True)
        shutil.chown(folder.path, folder.owner, folder.group)
        folder.path.chmod(folder.mode)


def prepare_signatures() -> None:
    """Put our own small signature file beside ClamAV's, so that clamd starts and finds EICAR before any update."""
    target = paths.DATA / "clamav" / "mailroom.ndb"
    shutil.copyfile(HERE / "clamd" / "mailroom.ndb", target)
    target.chmod(0o644)


def prepare_srs_key() -> None:
    """Give the filter, which may not read this server's key, the one it signs return addresses with (X06-04)."""
    # Cryptography costs megabytes; this process ends soon, but others that import this module stay.
    from mailroom.core import secrets

    fresh = paths.SRS_KEY.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(handle, "wb") as out:
        out.write(secrets.derived("srs"))
    shutil.chown(fresh, "root", "mailroom")
    fresh.replace(paths.SRS_KEY)


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
