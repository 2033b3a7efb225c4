"""What to do about each finding of a relay's test (monitor/relay.py): the advice follows from what was found."""

from __future__ import annotations

ENDED = "The server ended the connection, or did not answer in time."
NAMES = "Correct the server, or look whether this NAS can look up names at all."
PLACE = "Correct server and port. Many internet providers block port 25: try 587 or 465."
KIND_OF_TLS = "Compare port and kind of TLS with what the server's owner says: 465 begins with TLS, 587 uses STARTTLS."
ADMITTED = "Ask the server's owner whether this NAS may connect to it."
ENCRYPT_FIRST = (
    "Always use a secure connection (TLS), on the port that belongs to it: 587, or 465 for TLS from the first byte. "
    "Passwords are sent only over an encrypted connection."
)
TAKES = "Ask the server's owner from which senders, and after which sign-in, it takes mail for others."
ADVICE = {
    "The name of the server was not found.": NAMES,
    "The name leads to this server.": "Enter the server that takes the mail on, not this one.",
    "Nothing answers there.": PLACE,
    "What answers there is no mail server.": PLACE,
    "The server turns us away.": ADMITTED,
    "The server does not greet us.": ADMITTED,
    "The server offers no encryption (STARTTLS).": KIND_OF_TLS,
    "The server does not begin to encrypt.": KIND_OF_TLS,
    "No encrypted connection comes about.": KIND_OF_TLS,
    "The certificate of the server cannot be trusted.": "Enter the server by the name that its certificate has. Only "
    "for a server of your own, switch the check of its certificate off.",
    "The server offers no sign-in on a connection that is not encrypted.": ENCRYPT_FIRST,
    "The password would cross the network unencrypted.": ENCRYPT_FIRST,
    "The server lets nobody sign in here.": "Switch Authentication off if the server wants none, or try another port: "
    "587 and 465 are for signing in, 25 often is not.",
    "The server offers no way to sign in that can be used here.": "Ask the server's owner for a sign-in by PLAIN, "
    "LOGIN or CRAM-MD5.",
    "The server does not let us sign in.": "Correct account and password. Some providers want a password made for mail "
    "programs alone.",
    "The server does not take mail from this sender.": TAKES,
    "The server does not take mail for others.": TAKES,
    ENDED: "Try again. If it stays so, compare server, port and kind of TLS with what the server's owner says.",
}
