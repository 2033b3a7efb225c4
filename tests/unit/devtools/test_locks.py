"""The locks agree with the wishes and with each other, and the list of licences with the locks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from devtools import bundle, licences, notices
from devtools.bundle import ARCHITECTURES, X86_64
from devtools.locks import NOT_SHIPPED
from devtools.places import PACKAGE

WHEEL = re.compile(r"^([a-z0-9.-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE)


def locked_wheels(name: str) -> dict[str, tuple[str, int]]:
    """{name: (version, number of hashes)}; each line of the lock must be one."""
    text = (PACKAGE / name).read_text().partition("\n")[2]
    assert WHEEL.sub("", text).strip() == ""
    return {found[1]: (found[2], found[3].count("sha256")) for found in WHEEL.finditer(text)}


@pytest.mark.parametrize("arch", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_every_wish_is_locked_with_its_digest(arch: bundle.Architecture) -> None:
    locked = bundle.locked_packages(arch.debian)
    assert set(bundle.wanted_packages()) <= set(locked)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for _, digest in locked.values())


def test_both_architectures_have_the_same_packages_but_for_what_does_not_ship() -> None:
    names = [set(bundle.locked_packages(arch.debian)) for arch in ARCHITECTURES.values()]
    gone = {line for line in (PACKAGE / "left-out").read_text().splitlines() if "/" not in line}
    # Hyperscan exists for x86_64 alone; Rspamd does without it elsewhere.
    assert (names[0] ^ names[1]) - gone == {"libhyperscan5"}


def test_what_both_architectures_have_has_the_same_version_of_everything_for_all() -> None:
    ours, theirs = (bundle.locked_packages(arch.debian) for arch in ARCHITECTURES.values())
    # A rebuild by Debian (+b1) may come for one architecture alone.
    plain = re.compile(r"\+b\d+$")
    different = {name for name in {*ours} & {*theirs} if plain.sub("", ours[name][0]) != plain.sub("", theirs[name][0])}
    assert different == set()


def test_the_wishes_for_python_are_locked() -> None:
    wishes = re.findall(r"^([a-z][a-z0-9-]*)", (PACKAGE / "python.in").read_text(), re.MULTILINE)
    assert set(wishes) <= set(locked_wheels("python.lock"))
    assert not NOT_SHIPPED & set(locked_wheels("python.lock"))


def rows(title: str) -> dict[str, tuple[str, str]]:
    """{package: (version, licence)} of one table of LICENSES/README.md."""
    text = licences.TARGET.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    return {name: (version, licence) for name, version, licence in lines}


def test_every_bundled_debian_package_is_listed() -> None:
    locked = {
        name: version
        for arch in reversed(ARCHITECTURES.values())
        for name, (version, _) in bundle.locked_packages(arch.debian).items()
    }
    assert {name: version for name, (version, _) in rows("Debian packages").items()} == locked


def test_every_bundled_wheel_is_listed() -> None:
    def same(name: str) -> str:
        return name.replace(".", "-").replace("_", "-")

    locked = {same(name): version for name, (version, _) in locked_wheels("python.lock").items()}
    assert {name: version for name, (version, _) in rows("Python packages").items()} == locked


def test_every_package_that_the_browser_gets_is_listed() -> None:
    facts = json.loads(notices.LOCK.read_text())["packages"]
    listed = rows("Packages of the window and of the webmail")
    assert set(facts[""]["dependencies"]) <= set(listed)
    assert not set(facts[""].get("devDependencies", {})) & set(listed)
    assert all(facts[f"node_modules/{name}"]["version"] == version for name, (version, _) in listed.items())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Format: https://...\n\nFiles: *\nLicense: GPL-2+\n\nFiles: a\nLicense: MIT\n text\n\nLicense: GPL-2+\n",
            "GPL-2+, MIT",
        ),
        ("On Debian systems see /usr/share/common-licenses/GPL-3.\n", "GPL-3"),
        ("Do with it as you like.\n", licences.UNREAD),
    ],
)
def test_names_of_licences_are_read_from_copyright_files(text: str, names: str, tmp_path: Path) -> None:
    file = tmp_path / "copyright"
    file.write_text(text)
    assert licences.copyright_names(file) == names


def test_a_package_without_a_file_is_said_to_be_one(tmp_path: Path) -> None:
    assert licences.copyright_names(tmp_path / "copyright") == licences.UNREAD


def test_the_key_of_a_root_follows_its_own_architecture_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = bundle.key(X86_64)
    locked = bundle.locked_packages
    changed = {"postfix": ("9", "0" * 64)}
    monkeypatch.setattr(bundle, "locked_packages", lambda arch: changed if arch == "arm64" else locked(arch))
    assert bundle.key(X86_64) == before
    monkeypatch.setattr(bundle, "locked_packages", lambda arch: changed)
    assert bundle.key(X86_64) != before
