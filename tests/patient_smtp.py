"""An SMTP client that signs in again where a server says "later", as mail programs do."""

from __future__ import annotations

import smtplib
import time
from typing import Any

# What Postfix says when the process that checks passwords gives way to one with a new configuration.
RELOADED = b"Connection lost to authentication server"


class PatientSmtp(smtplib.SMTP):
    """smtplib's, whose login() outlives one reload of Dovecot. Other refusals stay what they are."""

    def login(self, user: str, password: str, **more: Any) -> Any:
        try:
            return super().login(user, password, **more)
        except smtplib.SMTPAuthenticationError as reason:
            if RELOADED not in bytes(reason.smtp_error):
                raise
        time.sleep(0.5)
        return super().login(user, password, **more)
