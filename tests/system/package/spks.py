"""Packages that differ from ours in one thing, for upgrades and failures."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path


def variant(source: Path, target: Path, version: str = "", scripts: dict[str, str] | None = None) -> Path:
    """Ours under another version, or with other scripts; the payload is the same. Returns `target`."""
    with tarfile.open(source) as before, tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as after:
        for member in before.getmembers():
            content = before.extractfile(member)
            assert content is not None
            changed: bytes | None = None
            if member.name == "INFO" and version:
                lines = content.read().decode().splitlines()
                kept = [line for line in lines if not line.startswith("version=")]
                changed = "\n".join([*kept, f'version="{version}"', ""]).encode()
            elif member.name.removeprefix("scripts/") in (scripts or {}):
                changed = (scripts or {})[member.name.removeprefix("scripts/")].encode()
            elif member.name == "INFO":
                changed = content.read()
            if changed is None:
                after.addfile(member, content)
            else:
                member.size = len(changed)
                after.addfile(member, io.BytesIO(changed))
    return target
