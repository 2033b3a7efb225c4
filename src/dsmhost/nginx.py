"""DSM 6 has no portals for packages: root scripts link nginx `location` files into /etc/nginx/conf.d/www.*.conf.

They count from the next restart of nginx on: at power-on, or when INFO asks for it.
"""

from __future__ import annotations

import re
from pathlib import Path

from dsmhost.cgi import inside
from dsmhost.portal import Portal

CONF_D = "etc/nginx/conf.d"
LOCATION = re.compile(r"location\s+(?:\^~\s+)?/([A-Za-z0-9_-]+)/?\s*\{([^{}]*)\}")
SETTING = re.compile(r"^\s*(proxy_pass|proxy_set_header)\s+([^;]+);", re.MULTILINE)


def portals(root: Path) -> dict[str, Portal]:
    """{alias: portal} of all location files."""
    found = {}
    for conf in sorted((root / CONF_D).glob("www.*.conf")):
        file = inside(root, conf)
        if file is not None:
            text = re.sub(r"#.*", "", file.read_text())
            found.update({alias: portal for alias, body in LOCATION.findall(text) if (portal := _portal(body))})
    return found


def _portal(body: str) -> Portal | None:
    target, headers = "", []
    for name, value in SETTING.findall(body):
        if name == "proxy_pass":
            target = value.strip()
        else:
            header, _, text = value.strip().partition(" ")
            headers.append((header, text.strip().strip("\"'")))
    return Portal(target, headers) if target.startswith("http://") else None
