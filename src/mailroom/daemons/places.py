"""What two parts must agree about, said once: internal addresses."""

from __future__ import annotations

RESOLVER = "127.0.0.153"
PORTAL_SMTP_PORT = 5587
PORTAL_IMAP_PORT = 5143
# Where mail that is forwarded comes round again with another sender; for Postfix itself alone.
SRS_PORT = 5589
LMTP_SOCKET = "/run/dovecot/lmtp"
