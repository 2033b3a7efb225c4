"""LICENSES/README.md: what the package contains that others wrote, and under which licence each part stands.

Debian packages: from the copyright files in the bundle. Wheels: from their metadata. The front end: from its lock.
Nothing is decided here; a package whose file names no licence in a form that can be read is said to be one.
"""

from __future__ import annotations

import email.parser
import re
from pathlib import Path

from devtools import bundle, notices, slim
from devtools.bundle import ARCHITECTURES, X86_64
from devtools.places import CHECKOUT

TARGET = CHECKOUT / "LICENSES" / "README.md"
NOT_SHIPPED = "not shipped"
UNREAD = "see its copyright file"
# As long as "License:" does not hold a whole text instead of a name.
LONGEST_NAME = 80
TEXT = """# Licences

Made by `./dev lock`; do not edit.

Mailroom itself: all rights reserved by its authors until they choose otherwise.

The package contains programs and libraries that others wrote. Each stands under its own licence, named below; where
several are named, different files stand under different ones. The full texts are in the package, below
`/var/packages/Mailroom/target/root`: of Debian's packages as `usr/share/doc/NAME/copyright` and in
`usr/share/common-licenses`, of Python's packages in `opt/mailroom/lib/NAME.dist-info`, of what the browser gets in
`opt/mailroom/ui/licences.txt`, which the server shows at `/mail/licences.txt`. The source code of Debian's packages,
in exactly these versions, is at https://snapshot.debian.org.

## Debian packages

Of some only a part is shipped; `package/left-out` says what is not, and why.

| package | version | licences |
|---|---|---|
{debian}
## Python packages

| package | version | licence |
|---|---|---|
{python}
## Packages of the window and of the webmail

| package | version | licence |
|---|---|---|
{front_end}"""


def write_licences() -> None:
    """Write LICENSES/README.md anew, from the locks and the bundle that is built from them."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(listing(bundle.root(X86_64)))


def listing(root: Path) -> str:
    """The whole text, for this root of the bundle. The same locks give the same text."""
    return TEXT.format(debian=_rows(debian(root)), python=_rows(wheels(root)), front_end=_rows(front_end()))


def _rows(found: dict[str, tuple[str, str]]) -> str:
    return "".join(f"| {name} | {version} | {licence} |\n" for name, (version, licence) in sorted(found.items()))


def debian(root: Path) -> dict[str, tuple[str, str]]:
    """{package: (version, licences)} of all locked packages. One of another architecture alone has no file here."""
    found: dict[str, tuple[str, str]] = {}
    gone = set(slim.left_out())
    for arch in ARCHITECTURES.values():
        for name, (version, _) in bundle.locked_packages(arch.debian).items():
            if name not in found:
                file = root / "usr/share/doc" / name / "copyright"
                found[name] = (version, NOT_SHIPPED if name in gone else copyright_names(file))
    return found


def copyright_names(file: Path) -> str:
    """The licences that a Debian copyright file names (DEP 5), or else Debian's common texts that it points to."""
    if not file.is_file():
        return UNREAD
    text = file.read_text(errors="replace")
    named = [" ".join(found.split()) for found in re.findall(r"^License:[ \t]*(\S.*)$", text, re.MULTILINE)]
    names = {re.sub(r"\s*\(.*", "", name) for name in named} or {
        found.rstrip(".") for found in re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.+-]+)", text)
    }
    return ", ".join(sorted(name for name in names if len(name) <= LONGEST_NAME)) or UNREAD


def wheels(root: Path) -> dict[str, tuple[str, str]]:
    """{package: (version, licence)} of the wheels in this root, by their metadata."""
    found = {}
    for folder in (root / "opt/mailroom/lib").glob("*.dist-info"):
        facts = email.parser.HeaderParser().parsestr((folder / "METADATA").read_text())
        name = facts["Name"].lower().replace("_", "-").replace(".", "-")
        classes = [
            line.rpartition(" :: ")[2] for line in facts.get_all("Classifier", []) if line.startswith("License :: ")
        ]
        choices = (facts["License-Expression"], ", ".join(sorted(classes)), facts["License"])
        short = [choice for choice in choices if choice and len(choice) <= LONGEST_NAME and "\n" not in choice]
        found[name] = (facts["Version"], short[0] if short else "see its licence file")
    return found


def front_end() -> dict[str, tuple[str, str]]:
    """{package: (version, licence)} of what the browser gets."""
    return {name: (facts["version"], facts.get("license", notices.UNNAMED)) for _, name, facts in notices.shipped()}
