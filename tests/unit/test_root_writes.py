"""How processes of root's write: by descriptor and without following links, or where only root can write."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "mailroom"
# The filter and the web process are no root: what they write is theirs.
NOT_ROOT = ("filtering", "web")
BY_NAME = {"chmod", "write_text", "write_bytes", "copyfile", "copy", "copy2", "copytree", "copymode", "move"}
# Modules that write by name, and the folder of root's alone in which they do.
ONLY_ROOT_WRITES_THERE = {
    "ctl/commands/settings.py": "wherever the administrator says, who is root and runs it",
    "daemons/boot.py": "/etc and /run: resolv.conf of the bundle",
    "daemons/configuration.py": "/data/conf",
    "daemons/services.py": "/run/service",
    "daemons/asked.py": "/run/service",
    "daemons/postfix/relay_password.py": "/data/conf",
    "flows/account_maps.py": "/data/maps",
    "accounts/signin/failures.py": "/data/signin",
}


def modules() -> list[Path]:
    """Those that a process of root's loads."""
    return [file for file in sorted(SOURCE.rglob("*.py")) if file.relative_to(SOURCE).parts[0] not in NOT_ROOT]


def unsafe(text: str) -> Iterator[str]:
    """Each call that changes a file by its name, or writes where a link would be followed."""
    for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        written = ast.unparse(call)
        if (
            name in BY_NAME
            or (name == "chown" and "follow_symlinks=False" not in written)
            or (name == "open" and _creates(call, written))
        ):
            yield written


def _creates(call: ast.Call, written: str) -> bool:
    """Whether an open makes or empties a file without saying that nothing may be there."""
    modes = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    modes += [
        str(one.value.value) for one in call.keywords if one.arg == "mode" and isinstance(one.value, ast.Constant)
    ]
    if written.startswith("os.open("):
        return "O_CREAT" in written and "O_EXCL" not in written
    return any(set("wa+") & set(mode) and len(mode) < 4 for mode in modes)


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(SOURCE)))
def test_root_writes_by_descriptor_or_where_only_root_writes(file: Path) -> None:
    name = str(file.relative_to(SOURCE))
    found = [*unsafe(file.read_text())]
    if name in ONLY_ROOT_WRITES_THERE:
        assert found, f"{name} needs no exception any more"
    else:
        assert found == [], "use core/root_files.py or core/durable.py"


def test_boot_writes_one_file_by_name_and_virus_signatures_as_their_user() -> None:
    """It prepares folders of other users, too: what holds for /etc and /run holds for none of these."""
    text = (SOURCE / "daemons/boot.py").read_text()
    assert [*unsafe(text)] == ["target.write_text(text)"]
    assert 'with root_files.acting_as("clamav"):' in text


@pytest.mark.parametrize(
    "text",
    [
        "shutil.chown(path, 'postfix')",
        "path.chmod(0o644)",
        "os.chown(path, 0, 0)",
        "file.with_suffix('.new').write_text(text)",
        "shutil.copyfile(source, target)",
        "file.open('w')",
        "open(file, mode='ab')",
        "os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)",
    ],
)
def test_the_rule_sees_what_once_made_somebody_root(text: str) -> None:
    assert [*unsafe(text)]


def test_no_daemon_starts_as_root_and_changes_its_user_itself_in_a_folder_of_its_own() -> None:
    """Then root would make its socket and its note of its number in that folder, by their names."""
    from mailroom.daemons.boot import FOLDERS
    from mailroom.daemons.order import DAEMONS

    owned = {folder.owner for folder in FOLDERS} - {"root"}
    # Postfix changes its user for what it does there; the others' users have no folder of their own, or start as them.
    allowed = {"postfix"} | {daemon.service(None).user for daemon in DAEMONS if daemon.id != "signin"}
    assert owned <= allowed
