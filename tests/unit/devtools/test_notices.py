"""The licence texts beside the front end: complete, always the same; a package without one stops the build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devtools.notices import notices
from devtools.say import Stop


def installed(folder: Path, packages: dict[str, dict[str, Any]]) -> Path:
    """A lock file in `folder`, and node_modules beside it. files: what each package brings."""
    locked: dict[str, Any] = {"": {"name": "ui"}}
    for path, facts in packages.items():
        locked[path] = {"version": "1.0", **{key: value for key, value in facts.items() if key != "files"}}
        for name, text in {"package.json": "{}", **facts.get("files", {})}.items():
            (folder / path).mkdir(parents=True, exist_ok=True)
            (folder / path / name).write_text(text)
    (folder / "lock.json").write_text(json.dumps({"packages": locked}))
    return folder / "node_modules"


def test_every_text_of_every_shipped_package_is_there_and_no_other(tmp_path: Path) -> None:
    there = installed(
        tmp_path,
        {
            "node_modules/b": {"license": "ISC", "files": {"LICENSE": "text of b\r\n", "NOTICE.md": "notice of b"}},
            "node_modules/a": {"license": "MIT", "files": {"licence.txt": "text of a"}},
            "node_modules/a/node_modules/b": {"license": "ISC", "version": "2.0", "files": {"COPYING": "older b"}},
            "node_modules/tool": {"license": "GPL", "dev": True, "files": {"LICENSE": "text of tool"}},
        },
    )
    text = notices(there, tmp_path / "lock.json")
    places = [text.index(part) for part in ("a 1.0: MIT", "text of a", "b 2.0: ISC", "older b", "b 1.0: ISC")]
    assert places == sorted(places)
    assert text.index("text of b\n\nnotice of b\n") > places[-1]
    assert "tool" not in text and "\r" not in text
    assert text == notices(there, tmp_path / "lock.json")


def test_the_plain_mit_licence_stands_in_with_its_authors_name(tmp_path: Path) -> None:
    for author in ("Ann Author", {"name": "Ann Author"}):
        files = {"package.json": json.dumps({"author": author})}
        there = installed(tmp_path, {"node_modules/a": {"license": "MIT", "files": files}})
        text = notices(there, tmp_path / "lock.json")
        assert "Copyright (c) Ann Author\n" in text and "Permission is hereby granted" in text


@pytest.mark.parametrize("facts", [{"license": "Apache-2.0"}, {"license": "MIT"}])
def test_no_text_no_build(tmp_path: Path, facts: dict[str, Any]) -> None:
    there = installed(tmp_path, {"node_modules/a": facts})
    with pytest.raises(Stop, match="a brings no text of its licence"):
        notices(there, tmp_path / "lock.json")
