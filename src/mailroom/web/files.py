"""The pages themselves: what the front end's build has put into the bundle."""

from __future__ import annotations

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from mailroom.core import paths
from mailroom.web.route import PORTAL, READING, WINDOW, Answer
from mailroom.web.tools import Asking

PAGES = {WINDOW: "admin.html", PORTAL: "mail.html"}
YEAR = "public, max-age=31536000, immutable"
# Styles may be set in elements: measured, charts and selects need it; scripts never.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
SMALL_BYTES = 1_400
TEXTUAL = ("text/", "application/json", "image/svg+xml")
KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


def answer(asking: Asking) -> Answer:
    """A page or one of its files."""
    if asking.method not in READING:
        return _plain(b"Method not allowed\n", 405)
    name = asking.path or PAGES[asking.side]
    file = _inside(name)
    if file is None:
        return _plain(b"Not found\n", 404)
    try:
        data = file.read_bytes()
    except OSError:
        return _plain(b"Not found\n", 404)
    # Only names with a hash of their content may be kept; a page must be the new one after an upgrade.
    kept = YEAR if name.startswith("assets/") else "no-cache"
    kind = _kind(file)
    headers = {
        "Content-Type": kind,
        "Cache-Control": kept,
        "Content-Security-Policy": POLICY,
        "Vary": "Accept-Encoding",
    }
    if kind.startswith(TEXTUAL) and "gzip" in asking.headers.get("accept-encoding", "") and len(data) > SMALL_BYTES:
        headers["Content-Encoding"] = "gzip"
        data = _packed(file, file.stat().st_mtime_ns, len(data))
    return Answer(data, 200, headers)


@lru_cache(maxsize=100)
def _packed(file: Path, mtime_ns: int, length: int) -> bytes:
    """A file in gzip: packed once. Date and length are there to notice another file of this name."""
    return gzip.compress(file.read_bytes(), 6, mtime=0)


def _inside(name: str) -> Path | None:
    """The file of this name, unless it lies outside the front end's folder."""
    if "\0" in name:
        return None
    root = paths.UI.resolve()
    try:
        file = (root / name).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None
    except OSError:
        # A name that no file can have.
        return None


def _kind(file: Path) -> str:
    kind = KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(TEXTUAL) else kind


def _plain(text: bytes, status: int) -> Answer:
    return Answer(text, status, {"Content-Type": "text/plain; charset=utf-8"})
