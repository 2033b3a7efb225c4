"""The daemons in the order in which they come up. The one list: rendering, start, stop and the overview follow it."""

from __future__ import annotations

from mailroom.daemons.clamd.daemon import DAEMON as CLAMD
from mailroom.daemons.dovecot.daemon import DAEMON as DOVECOT
from mailroom.daemons.filter.daemon import DAEMON as FILTER
from mailroom.daemons.job.daemon import DAEMON as JOB
from mailroom.daemons.postfix.daemon import DAEMON as POSTFIX
from mailroom.daemons.resolver.daemon import DAEMON as RESOLVER
from mailroom.daemons.rspamd.daemon import DAEMON as RSPAMD
from mailroom.daemons.serve.daemon import DAEMON as SERVE
from mailroom.daemons.shape import Daemon, Facts
from mailroom.daemons.signin.daemon import DAEMON as SIGNIN
from mailroom.daemons.spamd.daemon import DAEMON as SPAMD

DAEMONS: tuple[Daemon, ...] = (
    SIGNIN,
    JOB,
    SERVE,
    RESOLVER,
    CLAMD,
    SPAMD,
    RSPAMD,
    FILTER,
    DOVECOT,
    POSTFIX,
)

BY_ID: dict[str, Daemon] = {daemon.id: daemon for daemon in DAEMONS}


def wanted(facts: Facts) -> list[str]:
    """Ids of the daemons that these settings ask for, in order."""
    return [daemon.id for daemon in DAEMONS if daemon.wanted(facts)]
