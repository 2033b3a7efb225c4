"""A small IMAP client for what the portal needs: IMAP4rev1, ESORT with PARTIAL, PREVIEW, MOVE, NOTIFY."""
