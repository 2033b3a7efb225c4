"""What two parts must agree about, said once: internal addresses, and what the search index knows."""

from __future__ import annotations

RESOLVER = "127.0.0.153"
PORTAL_SMTP_PORT = 5587
PORTAL_IMAP_PORT = 5143
LMTP_SOCKET = "/run/dovecot/lmtp"
# The shortest piece of a word that fts-xapian finds, and the least that it can be told: most Chinese and Japanese words
# have two characters.
INDEXED_LETTERS = 2
