"""The filter's rules as unit tests have them: small limits, both scanners on."""

from __future__ import annotations

from mailroom.core.filter_settings import Antivirus, General, Policy, Spam
from mailroom.filtering.rules import Rules

RULES = Rules(
    General("example.com", "mail.example.com", 1, 3, 4),
    Spam(True, "spamassassin", 5.0, True, "***SPAM***", "wait"),
    Antivirus(True, "clamav", "quarantine", "wait"),
    Policy(2),
)
