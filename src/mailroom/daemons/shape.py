"""What a daemon is to us, and the facts from which its files are rendered."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mailroom.core.pages.service_interface import ALL
from mailroom.core.problems import Problem
from mailroom.core.settings import AllValues

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class HostFacts:
    """What the machine beneath is like. Rendering reads nothing else of it.

    interfaces: {name: addresses on which one can listen}. mail_missing: the volume that should hold the mail and is not
    there, else "".
    """

    lan_networks: tuple[str, ...] = ()
    dns_servers: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    accounts_synced: bool = False
    processors: int = 2
    memory_mb: int = 2048
    interfaces: dict[str, tuple[str, ...]] = field(default_factory=dict)
    mail_missing: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything that rendering may look at: all settings, and the host."""

    settings: AllValues
    host: HostFacts = field(default_factory=HostFacts)

    def listen(self) -> tuple[str, ...]:
        """The addresses on which mail services listen; none means on all.

        With an interface chosen, loopback is always among them, for our own parts and the NAS's. It is the only one
        while the interface has no address: nothing is ever opened where nobody chose it.
        """
        chosen = self.settings["service.interface"]["interface"]
        if chosen == ALL:
            return ()
        return (LOOPBACK, *self.host.interfaces.get(chosen, ()))

    def trusted(self) -> list[str]:
        """The networks that need no sign-in (row DL10)."""
        general = self.settings["mail_delivery.general"]
        return [*(general["lan_networks"] or self.host.lan_networks)] if general["skip_auth_on_lan"] else []


class DaemonFailed(Problem):
    """A daemon's checker, reload or probe objected. `message` holds the daemon's own words, shortened."""

    status = 424


@dataclass(frozen=True)
class Service:
    """How s6 runs a daemon.

    argv:    the program, run in the foreground; never a shell string.
    user:    whom it runs as; "root" when it changes its user itself.
    memory_mb: how much memory each of its processes may have (setrlimit(2), RLIMIT_DATA and RLIMIT_AS); 0 for no limit.
    maps_files: it maps messages, which are no memory, so its address space has no limit.
    keeps:   of the capabilities that root gives up here (services.py), those that this one needs.
    after:   services that should be ready first (waited for, but not for ever).
    ready:   a shell-free check program and its arguments; exit 0 means the daemon itself has answered.
    outside: run on the host's side of the chroot (only the sign-in service).
    logs:    whether its output is kept as a rotated log.
    """

    argv: tuple[str, ...]
    user: str = "root"
    after: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    outside: bool = False
    needs_settings: bool = True
    stop_signal: str = "SIGTERM"
    memory_mb: int = 0
    maps_files: bool = False
    keeps: tuple[str, ...] = ()


class Daemon(Protocol):
    """One daemon. Each folder under `daemons/` has a `daemon.py` with one of these, named DAEMON.

    title: what it does, in the guide's words; program: the name that who made it gave it. reader: the group that reads
    its configuration, "" for root alone; public: those of its files that every user may read.
    """

    id: str
    title: str
    program: str
    reader: str
    public: tuple[str, ...]

    def wanted(self, facts: Facts) -> bool:
        """Whether these settings ask for it to run."""
        ...

    def service(self, facts: Facts | None) -> Service:
        """How s6 runs it."""
        ...

    def files(self, facts: Facts) -> dict[str, str]:
        """Its configuration: file name below its folder -> text. Pure: same facts, same text."""
        ...

    def check(self, folder: Path) -> None:
        """Let its own checker read the files in `folder` (its own folder). Raises DaemonFailed with its words."""
        ...

    def compile(self, folder: Path) -> None:
        """Have its tools make, beside the files in `folder`, what is read instead of them. Raises DaemonFailed."""
        ...

    def reload(self) -> None:
        """Make the running daemon take `conf/current`. Raises DaemonFailed."""
        ...

    def probe(self, facts: Facts) -> None:
        """Ask the running daemon whether it serves as these facts want. Raises DaemonFailed after its time limit."""
        ...


class PlainDaemon:
    """A daemon with nothing to configure, check or reload; the others override what they have."""

    id = ""
    title = ""
    program = ""
    reader = ""
    public: tuple[str, ...] = ()

    def wanted(self, facts: Facts) -> bool:
        return True

    def files(self, facts: Facts) -> dict[str, str]:
        return {}

    def check(self, folder: Path) -> None:
        return None

    def compile(self, folder: Path) -> None:
        return None

    def reload(self) -> None:
        return None

    def probe(self, facts: Facts) -> None:
        return None
