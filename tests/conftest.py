"""What all tests share: our sources and the tests' own modules, and one server for those that only use it."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

HERE = Path(__file__).parent
for folder in (HERE, HERE.parent / "src"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from office import Office

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    # Letters are drawn alike on every machine: pictures are compared.
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--force-color-profile=srgb",
)
FONTS = {"FONTCONFIG_FILE": str(HERE / "fonts.conf")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium for the tests of one file. Only while it is there: Playwright's event loop keeps others out."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET), env={**os.environ, **FONTS})
        yield made
        made.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that share what is dear to make run on one worker, in their order (pytest-xdist, --dist loadgroup).

    The group is written behind the test's id, where the scheduler looks for it. pytest-xdist 3.8 would do that itself
    for tests with a mark, but writes it where pytest 9.2 does not look any more: then every test would go anywhere.
    """
    if getattr(config.option, "loadgroup", False):
        for item in items:
            item._id = type(item.id).parse(f"{item.nodeid}@{sharing(item)}")


def sharing(item: pytest.Item) -> str:
    """What a test shares with others: a machine for a whole folder, else what its own file has."""
    folder, names = item.path.parent.relative_to(HERE).as_posix(), getattr(item, "fixturenames", ())
    if "nas" in names and folder == "system/package":
        return f"{folder} {item.callspec.params['nas']}"  # type: ignore[attr-defined]
    if "server" in names:
        # Two machines: the browser's tests are as long as all others of this kind together.
        return "server browser" if folder == "browser" else "server"
    if folder in ("daemons/portal", "system/dsmhost", "system/setup"):
        return folder
    return item.path.relative_to(HERE).as_posix()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure on a whole machine brings what its daemons said last."""
    report = yield
    if report.failed:
        for name, made in getattr(item, "funcargs", {}).items():
            if hasattr(made, "own_words"):
                report.sections.append((f"{name}'s own words", made.own_words()))
    return report


@pytest.fixture(scope="session")
def server() -> Iterator[Office]:
    """A DSM 7 machine with Mailroom running and three users with seats. A test that changes it puts it back."""
    if os.geteuid() != 0:
        pytest.skip("a machine needs root")
    from office import office

    with office(5, "7") as made:
        yield made
