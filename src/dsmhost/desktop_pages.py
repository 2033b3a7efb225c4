"""The desktop itself: sign-in page, desktop with icons, windows."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsmhost.cgi import MISSING, inside
from dsmhost.http import Request, Response

if TYPE_CHECKING:
    from dsmhost.desktop import Desktop

HERE = Path(__file__).parent / "pages"
FILES = {"/desktop.css": "text/css", "/desktop.js": "text/javascript"}


async def answer(request: Request, body: bytes, desktop: Desktop) -> Response:
    """The desktop for who is signed in, the sign-in page for others."""
    if request.path in FILES:
        return Response((HERE / request.path.lstrip("/")).read_bytes(), FILES[request.path])
    if request.path != "/":
        return MISSING
    session = desktop.sessions.get(request.cookie("id"), request.address)
    if session is None:
        return Response((HERE / "login.html").read_bytes())
    facts = {
        "user": session.user,
        "token": session.token,
        "profile": desktop.profile,
        "apps": apps(desktop, desktop.sessions.is_admin(session.user)),
    }
    page = (HERE / "desktop.html").read_text().replace("{{facts}}", html.escape(json.dumps(facts)))
    return Response(page.encode())


def apps(desktop: Desktop, admin: bool) -> list[dict[str, Any]]:
    """The applications that installed packages show on the desktop (ui/config)."""
    found = []
    for name in desktop.center.packages():
        package = desktop.center.get(name)
        if not package.info.get("dsmuidir") or not package.enabled:
            continue
        base = f"/webman/3rdparty/{name}"
        config = inside(desktop.root, desktop.root / "usr/syno/synoman" / base.lstrip("/") / "config")
        if config is not None:
            found += [app for app in _entries(json.loads(config.read_text()), base) if admin or app["all_users"]]
    return found


def _entries(config: dict[str, Any], base: str) -> list[dict[str, Any]]:
    found = []
    for file, entries in config.items():
        for app, facts in entries.items():
            if facts.get("type") not in ("url", "legacy", "app"):
                continue
            found.append(
                {
                    "id": app,
                    "title": facts.get("title", app),
                    "type": facts["type"],
                    "icon": f"{base}/{facts.get('icon', '').replace('{0}', '72')}",
                    "url": facts.get("url", ""),
                    "script": f"{base}/{file}" if file.endswith(".js") else "",
                    "window": facts.get("appWindow", ""),
                    "width": facts.get("width", 1100),
                    "height": facts.get("height", 700),
                    "all_users": facts.get("allUsers", False),
                }
            )
    return found
