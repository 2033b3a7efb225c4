"""./dev clean leaves a checkout as it came, and touches nothing that a link leads to."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from devtools import main, need, standin
from devtools.clean import MADE, VITE
from devtools.places import CHECKOUT

KEPT = ("src/a.py", "ui/package.json", ".gitignore")


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which somebody has worked, with cache and stand-in beside it."""
    folder = tmp_path / "checkout"
    touch(*(folder / name for name in KEPT), tmp_path / "cache/venv/bin/python", tmp_path / "stand-in/developer.json")
    touch(*(folder / name / "made" for name in MADE if name != "ui/node_modules"))
    touch(
        folder / "src/__pycache__/a.pyc", folder / "tests/deep/__pycache__/b.pyc", tmp_path / "temporary" / VITE / "x"
    )
    touch(tmp_path / "elsewhere/node_modules/vue/index.js", tmp_path / "elsewhere/__pycache__/c.pyc")
    (folder / "ui/node_modules").symlink_to(tmp_path / "elsewhere/node_modules")
    monkeypatch.setattr(main, "CHECKOUT", folder)
    monkeypatch.setattr(main, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(standin, "FOLDER", tmp_path / "stand-in")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(need, "root", lambda: None)
    return folder


def there(folder: Path) -> set[str]:
    """Everything in a folder that is no folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink() or path.is_file()}


def test_nothing_is_left_and_nothing_elsewhere_is_touched(checkout: Path, tmp_path: Path) -> None:
    assert main.main(["clean"]) == 0
    assert there(checkout) == set(KEPT)
    assert there(tmp_path) == {
        *(f"checkout/{name}" for name in KEPT), "elsewhere/node_modules/vue/index.js", "elsewhere/__pycache__/c.pyc"
    }  # fmt: skip
    assert main.main(["clean"]) == 0


def test_real_packages_go_too(checkout: Path) -> None:
    (checkout / "ui/node_modules").unlink()
    touch(checkout / "ui/node_modules/vue/index.js")
    assert main.main(["clean"]) == 0
    assert there(checkout) == set(KEPT)


def test_the_machine_alone(checkout: Path, tmp_path: Path) -> None:
    before = there(tmp_path)
    assert main.main(["clean", "--machine"]) == 0
    assert there(tmp_path) == before - {"stand-in/developer.json"}


def test_all_that_git_ignores_is_known() -> None:
    ignored = {line.strip("/") for line in (CHECKOUT / ".gitignore").read_text().split()}
    assert ignored - {"__pycache__", "*.pyc"} <= set(MADE)
