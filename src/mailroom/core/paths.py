"""Where things are inside the bundle. One table; tests and unusual starts override the three roots by environment."""

from __future__ import annotations

import os
from pathlib import Path

DATA = Path(os.environ.get("MAILROOM_DATA", "/data"))
RUN = Path(os.environ.get("MAILROOM_RUN", "/run"))
MAIL = Path(os.environ.get("MAILROOM_MAIL", "/mail"))
SHARE = Path(os.environ.get("MAILROOM_SHARE", "/opt/mailroom"))

# Only root reads and writes here: settings, accounts, tokens, events.
DB = DATA / "db"
# What the filter records: journal, usage, guesses, policies of other domains.
RECORDS = DATA / "records"
CONF = DATA / "conf"
CURRENT = CONF / "current"
MAPS = DATA / "maps"
QUEUE = DATA / "queue"
LOG = DATA / "log"
TLS = DATA / "tls"
SECRETS = DATA / "secrets"
QUARANTINE = DATA / "quarantine"
# A service of master.cf for the job process alone: its folder lets in nobody but Postfix and root.
RELEASE_SOCKET = QUEUE / "private" / "release"
UPLOADS = DATA / "uploads"
SETUP = DATA / "setup.json"

SERVICES = RUN / "service"
SOCKETS = RUN / "mailroom"
# What the job process says that lasts, and what the filter says.
CONDITIONS = RUN / "conditions"
FILTER_CONDITIONS = RUN / "filter-conditions"
# All of them in a folder of their own: Postfix may enter that one, and no other of ours.
FILTER_SOCKET = RUN / "filter" / "filter.sock"
POLICY_SOCKET = RUN / "filter" / "policy.sock"
SRS_SOCKET = RUN / "filter" / "srs.sock"
TLS_POLICY_SOCKET = RUN / "filter" / "tls-policy.sock"
# What the job process tells the filter about accounts, made anew at each start.
ACCOUNT_FACTS = RUN / "accounts" / "facts.json"
# Made at each start, of the key of this server: nowhere on a disk.
SRS_KEY = RUN / "srs" / "key"
# Which message the filter may let pass a check, as an administrator has decided; each lasts a few minutes.
RELEASES = RUN / "releases"
# In folders of their own: into the first goes nobody but the web process, into the second the relay on the host, which
# does not see our /run.
SERVE_SOCKET = RUN / "serve" / "serve.sock"
RELAY_SOCKET = DATA / "relay" / "window.sock"
JOB_SOCKET = SOCKETS / "job.sock"
SIGNIN_SOCKET = SOCKETS / "signin" / "signin.sock"
CLAMD_SOCKET = RUN / "clamav" / "clamd.sock"
SPAMD_SOCKET = RUN / "spamd" / "spamd.sock"
RSPAMD_SOCKET = RUN / "rspamd" / "rspamd.sock"

UI = SHARE / "ui"
PORTAL_PORT = 5280
