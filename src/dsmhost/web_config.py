"""The worker web-config (DSM 7): a package's static nginx files, copied at installation and linked when they count.

A file that is registered to be enabled and disabled alike is linked from installation to removal. The worker tests the
configuration before it links, and never reloads nginx: INFO asks for that. Only the type www, for port 80 and 443, has
an effect here.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from dsmhost import nginx
from dsmhost.spk import INFO, Refused

TYPES = {"dsm", "www", "http", "server", "x-accel", "main"}
AVAILABLE = "etc/nginx/available"
ENABLE, DISABLE = "enable", "disable"


def judge(spec: Any) -> None:
    """What conf/resource says, before anything is done. Raises Refused."""
    for timing, configs in spec["nginx-static-config"].items():
        if timing not in (ENABLE, DISABLE):
            raise Refused(INFO, f"web-config knows enable and disable, not {timing}")
        for one in configs:
            if one["type"] not in TYPES:
                raise Refused(INFO, f"web-config: there is no type {one['type']}")
            if not one["relpath"] or Path(one["relpath"]).is_absolute() or ".." in Path(one["relpath"]).parts:
                raise Refused(INFO, f"web-config: {one['relpath']} is not inside of the package")


class WebConfig:
    """The files of one package."""

    def __init__(self, root: Path, name: str, spec: Any, target: Path) -> None:
        self.root, self.name, self.target = root, name, target
        known = spec.get("nginx-static-config", {})
        self.wanted = {timing: [(one["type"], one["relpath"]) for one in known.get(timing, [])]
                       for timing in (ENABLE, DISABLE)}  # fmt: skip

    def at_install(self) -> list[str]:
        """Copy all files, link those for a package that is off. What went wrong, which ends it there."""
        for config in self._all():
            file = self.target / config[1]
            if not file.is_file():
                return [f"web-config: {config[1]} is not in the package"]
            copy = self.root / AVAILABLE / self._name(config)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(file.read_text())
        return self._link(self.wanted[DISABLE])

    def at_start(self) -> list[str]:
        """The other files count now."""
        self._unlink(self._only(DISABLE, ENABLE))
        return self._link(self._only(ENABLE, DISABLE))

    def at_stop(self) -> list[str]:
        """And back."""
        self._unlink(self._only(ENABLE, DISABLE))
        return self._link(self._only(DISABLE, ENABLE))

    def at_uninstall(self) -> None:
        """Nothing is left."""
        self._unlink(self._all())
        for config in self._all():
            (self.root / AVAILABLE / self._name(config)).unlink(missing_ok=True)

    def _all(self) -> list[tuple[str, str]]:
        return list(dict.fromkeys([*self.wanted[ENABLE], *self.wanted[DISABLE]]))

    def _only(self, timing: str, other: str) -> list[tuple[str, str]]:
        return [config for config in self.wanted[timing] if config not in self.wanted[other]]

    def _name(self, config: tuple[str, str]) -> str:
        return f"{config[0]}.{self.name}-{hashlib.sha256(config[1].encode()).hexdigest()[:16]}.conf"

    def _link(self, configs: list[tuple[str, str]]) -> list[str]:
        for config in configs:
            copy, link = self.root / AVAILABLE / self._name(config), self.root / nginx.CONF_D / self._name(config)
            there = nginx.portals(self.root)
            if not link.is_symlink() and (taken := set(nginx.locations(copy.read_text())) & set(there)):
                return [f"web-config: nginx test failed: duplicate location /{min(taken)}"]
            link.unlink(missing_ok=True)
            os.symlink(f"/{AVAILABLE}/{copy.name}", link)
        return []

    def _unlink(self, configs: list[tuple[str, str]]) -> None:
        for config in configs:
            (self.root / nginx.CONF_D / self._name(config)).unlink(missing_ok=True)
