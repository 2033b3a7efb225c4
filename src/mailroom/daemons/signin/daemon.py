"""The sign-in service: the one place that checks passwords, on the host's side, where the host's users are."""

from __future__ import annotations

import grp
import os

from mailroom.core import paths
from mailroom.daemons.shape import Facts, PlainDaemon, Service

# The host's own modules for passwords are asked (PAM), and what those need nobody knows but the host.
KEEPS = ("sys_admin", "sys_ptrace", "net_admin", "net_raw", "ipc_owner", "audit_control")


class Signin(PlainDaemon):
    id = "signin"
    title = "Sign-in"
    program = "Mailroom"

    def service(self, facts: Facts | None) -> Service:
        # Outside the chroot the bundle's folders have other names; the start script hands them over.
        target, data = os.environ.get("MAILROOM_TARGET", ""), os.environ.get("MAILROOM_HOST_DATA", "")
        argv = (
            f"{target}/bin/bundle-python", "-m", "mailroom", "signin",
            "--socket", f"{target}/root{paths.SIGNIN_SOCKET}",
            "--data", data,
            "--group-id", str(grp.getgrnam("mailroom-web").gr_gid),
        )  # fmt: skip
        return Service(
            argv=argv, ready=("line", str(paths.SIGNIN_SOCKET)), outside=True, needs_settings=False, keeps=KEEPS
        )


DAEMON = Signin()
