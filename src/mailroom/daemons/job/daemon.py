"""The job process: the only one that changes settings, renders, reloads and reads the host's accounts."""

from __future__ import annotations

from mailroom.core import paths
from mailroom.daemons.shape import Facts, PlainDaemon, Service


class Job(PlainDaemon):
    id = "job"
    title = "Settings and accounts"
    program = "Mailroom"

    def service(self, facts: Facts | None) -> Service:
        return Service(
            argv=("/usr/bin/python3.11", "-s", "-m", "mailroom", "job"),
            ready=("line", str(paths.JOB_SOCKET)),
            needs_settings=False,
            # It mounts the volume of the mailboxes, and asks how much memory each process takes.
            keeps=("sys_admin", "sys_ptrace"),
        )


DAEMON = Job()
