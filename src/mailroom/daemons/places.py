"""Internal addresses that only processes on this machine use. Said once; templates and clients take them from here."""

from __future__ import annotations

RESOLVER = "127.0.0.153"
PORTAL_SMTP_PORT = 5587
PORTAL_IMAP_PORT = 5143
LMTP_SOCKET = "/run/dovecot/lmtp"
