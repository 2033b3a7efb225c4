"""Pages and their files, and which library is asked for where."""

from __future__ import annotations

import gzip
import io
import re
from pathlib import Path

import pytest

import mailroom.web
from mailroom.core import paths
from mailroom.web import app
from mailroom.web.route import PORTAL, WINDOW, Answer
from mailroom.web.tools import Asking

# One library, one door.
DOORS = {"cherrypy": "app.py", "cheroot": "app.py", "nh3": "html.py", "smtplib": "submit.py"}


@pytest.fixture(autouse=True)
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ui" / "assets").mkdir(parents=True)
    for name in ("admin.html", "mail.html", "assets/a-1.js", "assets/a-1.css"):
        (tmp_path / "ui" / name).write_text(name)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "ui" / "assets" / "link").symlink_to(tmp_path / "secret")
    monkeypatch.setattr(paths, "UI", tmp_path / "ui")


def get(side: str, path: str, method: str = "GET") -> Answer:
    return app.respond(Asking(side, method, path, "", {}, io.BytesIO()))


def test_each_side_has_its_page_and_it_is_never_kept() -> None:
    for side, path, body in ((WINDOW, "/", b"admin.html"), (PORTAL, "/mail/", b"mail.html")):
        answer = get(side, path)
        assert answer.body == body and answer.headers["Cache-Control"] == "no-cache"
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy and "frame-ancestors 'self'" in policy and "unsafe-eval" not in policy


def test_files_with_a_hash_are_kept_for_a_year() -> None:
    answer = get(PORTAL, "/mail/assets/a-1.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"].endswith("immutable")
    assert get(WINDOW, "/assets/a-1.css").headers["Content-Type"].startswith("text/css")


def test_long_texts_are_packed_for_who_can_unpack_them() -> None:
    file = paths.UI / "assets" / "long-1.js"
    for content in ("first;" * 1_000, "second" * 1_001):
        file.write_text(content)
        asked = Asking(WINDOW, "GET", "/assets/long-1.js", "", {"accept-encoding": "br, gzip"}, io.BytesIO())
        answer = app.respond(asked)
        assert answer.headers["Content-Encoding"] == "gzip" and isinstance(answer.body, bytes)
        assert gzip.decompress(answer.body).decode() == content and len(answer.body) < 200
    assert "Content-Encoding" not in get(WINDOW, "/assets/long-1.js").headers


@pytest.mark.parametrize(
    "path",
    ["../secret", "assets/../../secret", "assets/link", "/etc/passwd", "assets", "assets/a\0", "..", "x" * 5_000],
)
def test_nothing_outside_is_served(path: str) -> None:
    assert get(WINDOW, f"/{path}").status == 404


def test_only_reading_and_only_below_the_base() -> None:
    assert get(WINDOW, "/", "POST").status == 405
    assert get(PORTAL, "/").status == 404 and get("", "/mail/").status == 404
    assert get(PORTAL, "/api/session").status == 404


def test_one_library_has_one_door() -> None:
    root = Path(mailroom.web.__file__).parent
    for file in root.rglob("*.py"):
        for library in re.findall(r"^\s*(?:import|from) (\w+)", file.read_text(), re.MULTILINE):
            assert DOORS.get(library, file.name) == file.name, f"{file} asks for {library}"
