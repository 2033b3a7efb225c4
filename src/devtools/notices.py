"""The licence texts of what the browser gets: they go with every copy of the front end, as their authors demand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devtools.places import CHECKOUT
from devtools.say import Stop

LOCK = CHECKOUT / "ui" / "package-lock.json"
NAMES = ("licen", "copying", "copyright", "notice")
UNNAMED = "see its licence file"
HEAD = """What the window and the webmail contain that others wrote, and the licences under which they may be passed on.
"""
RULE = "=" * 100
# For a package that names this licence and its author, but brings no text.
MIT = """MIT License

Copyright (c) {author}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def shipped(lock: Path = LOCK) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path of its folder, name, facts) of each package that the browser may get: production dependencies alone."""
    for path, facts in sorted(json.loads(lock.read_text())["packages"].items()):
        if path and not facts.get("dev") and not facts.get("devOptional") and not facts.get("link"):
            yield path, path.rpartition("node_modules/")[2], facts


def notices(node_modules: Path, lock: Path = LOCK) -> str:
    """The whole text, from the packages as they are installed. The same lock gives the same text. Raises Stop."""
    parts = [HEAD]
    for path, name, facts in shipped(lock):
        licence = facts.get("license", UNNAMED)
        folder = node_modules / path.removeprefix("node_modules/")
        parts.append(f"{RULE}\n{name} {facts['version']}: {licence}\n{RULE}\n\n{_texts(folder, name, licence)}")
    return "\n".join(parts)


def _texts(folder: Path, name: str, licence: str) -> str:
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and file.name.lower().startswith(NAMES)]
    if files:
        return "\n".join(_tidy(file.read_text(errors="replace")) for file in files)
    author = json.loads((folder / "package.json").read_text()).get("author")
    author = author.get("name") if isinstance(author, dict) else author
    if licence == "MIT" and author:
        return MIT.format(author=author)
    raise Stop(f"{name} brings no text of its licence ({licence}): look for it, or do without the package.")


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"
