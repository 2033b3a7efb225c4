"""Values of settings as one types them for `mailroomctl settings set`."""

from __future__ import annotations

import json
from typing import Any


def typed(value: Any) -> str:
    """A list of words with commas; the items of a list, or an edit of it, as JSON."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(value)
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
