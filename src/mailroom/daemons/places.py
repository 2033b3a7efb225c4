"""What two parts must agree about, said once: internal addresses."""

from __future__ import annotations

RESOLVER = "127.0.0.153"
PORTAL_SMTP_PORT = 5587
PORTAL_IMAP_PORT = 5143
LMTP_SOCKET = "/run/dovecot/lmtp"
