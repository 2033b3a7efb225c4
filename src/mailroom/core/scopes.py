"""What a token for scripts may be allowed: one area of the API, to read or to change it (decision 0012).

A change does not include reading: a script gets exactly what it was given.
"""

from __future__ import annotations

SCOPES = (
    "server:read",
    "server:change",
    "settings:read",
    "settings:change",
    "accounts:read",
    "accounts:change",
    "messages:read",
    "queue:read",
    "queue:change",
    "quarantine:read",
    "quarantine:change",
    "sign_in:read",
    "sign_in:change",
)
AREAS = tuple(dict.fromkeys(scope.partition(":")[0] for scope in SCOPES))
# What every token may ask, and what none may.
ANY, NEVER = "any", ""
DAYS_MAX = 365
