"""nginx `location` files in /etc/nginx/conf.d/www.*.conf, for port 80 and 443.

On DSM 6, which has no portals for packages, root scripts link them there; on DSM 7 the worker web-config does. They
count from the next restart of nginx on: at power-on, or when INFO asks for it.
"""

from __future__ import annotations

import re
from pathlib import Path

from dsmhost.cgi import inside
from dsmhost.portal import Portal

CONF_D = "etc/nginx/conf.d"
LOCATION = re.compile(r"location\s+(?:(?:\^~|=)\s+)?/([A-Za-z0-9._/-]*[A-Za-z0-9_-])/?\s*\{([^{}]*)\}")
SETTING = re.compile(r"^\s*(proxy_pass|proxy_set_header)\s+([^;]+);", re.MULTILINE)


def portals(root: Path) -> dict[str, Portal]:
    """{alias: portal} of all location files."""
    found = {}
    for conf in sorted((root / CONF_D).glob("www.*.conf")):
        file = inside(root, conf)
        if file is not None:
            found.update(locations(file.read_text()))
    return found


def locations(text: str) -> dict[str, Portal]:
    """{path without slashes at its ends: portal} of one file."""
    plain = re.sub(r"#.*", "", text)
    return {alias: portal for alias, body in LOCATION.findall(plain) if (portal := _portal(body))}


def _portal(body: str) -> Portal | None:
    target, headers = "", []
    for name, value in SETTING.findall(body):
        if name == "proxy_pass":
            target = value.strip()
        else:
            header, _, text = value.strip().partition(" ")
            headers.append((header, text.strip().strip("\"'")))
    return Portal(target, headers) if target.startswith("http://") else None
