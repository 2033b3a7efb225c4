"""The desktop itself: sign-in page, desktop with icons, windows."""

from __future__ import annotations

import configparser
import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsmhost.cgi import MISSING, inside
from dsmhost.http import Request, Response

if TYPE_CHECKING:
    from dsmhost.desktop import Desktop
    from dsmhost.installed import Installed

HERE = Path(__file__).parent / "pages"
FILES = {"desktop.css": "text/css", "desktop.js": "text/javascript", "ext.js": "text/javascript"}
FRESH = [("Cache-Control", "no-store")]


async def answer(request: Request, desktop: Desktop) -> Response:
    """The desktop for who is signed in, the sign-in page for others."""
    name = request.path.removeprefix("/desktop/")
    if name in FILES:
        return Response((HERE / name).read_bytes(), FILES[name])
    if request.path != "/":
        return MISSING
    session = desktop.sessions.get(request.cookie("id"), request.address)
    if session is None:
        return Response((HERE / "login.html").read_bytes(), headers=FRESH)
    facts = {
        "user": session.user,
        "token": session.token,
        "admin": desktop.sessions.is_admin(session.user),
        "profile": desktop.profile,
        "apps": apps(desktop, desktop.sessions.is_admin(session.user)),
    }
    page = (HERE / "desktop.html").read_text().replace("{{facts}}", html.escape(json.dumps(facts)))
    return Response(page.encode(), headers=FRESH)


def apps(desktop: Desktop, admin: bool) -> list[dict[str, Any]]:
    """The applications that installed packages show on the desktop (ui/config)."""
    found = []
    for name in desktop.center.packages():
        package = desktop.center.get(name)
        if package.info.get("dsmuidir") and package.enabled:
            found += [app for app in of_package(desktop.root, package) if admin or app["all_users"]]
    return found


def of_package(root: Path, package: Installed) -> list[dict[str, Any]]:
    """The applications of one package; none when its ui/config cannot be read."""
    base = f"/webman/3rdparty/{package.name}"
    folder = inside(root, root / "usr/syno/synoman" / base.lstrip("/"))
    if folder is None:
        return []
    try:
        config = json.loads((folder / "config").read_text())
    except (OSError, ValueError):
        return []
    return [
        {
            "id": app,
            "title": title(facts, folder, package.profile, app),
            "type": facts["type"],
            "icon": f"{base}/{facts.get('icon', '').replace('{0}', '72' if package.profile == '6.2' else '64')}",
            "url": address(facts),
            "script": f"{base}/{file}" if file.endswith(".js") else "",
            "window": facts.get("appWindow", ""),
            "width": facts.get("width", 1100),
            "height": facts.get("height", 700),
            "all_users": facts.get("allUsers", False),
            "launched": package.info.get("dsmapplaunchname") or package.info.get("dsmappname", ""),
        }
        for file, entries in config.items()
        for app, facts in entries.items()
        if facts.get("type") in ("url", "legacy", "app")
    ]


def address(facts: dict[str, Any]) -> str:
    """Where an entry leads: relative paths count from /webman/."""
    url = str(facts.get("url", ""))
    if "://" in url or not url:
        return url
    path = url if url.startswith("/") else f"/webman/{url}"
    if "protocol" in facts and "port" in facts:
        return f"{facts['protocol']}://{{host}}:{facts['port']}{path}"
    return path


def title(facts: dict[str, Any], folder: Path, profile: str, app: str) -> str:
    """A literal, or "section:key" of texts/enu/strings. DSM 7 reads the texts only when the application opens."""
    text = str(facts.get("title", app))
    section, colon, key = text.partition(":")
    if not colon or profile != "6.2":
        return text
    strings = configparser.ConfigParser(interpolation=None)
    strings.read(folder / str(facts.get("texts", "texts")) / "enu" / "strings")
    return strings.get(section, key, fallback=text).strip('"')
