"""The mail portal /mail: everything it knows of a mailbox, it knows over IMAP."""
