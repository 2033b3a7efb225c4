"""Resource workers: what DSM makes for a package and takes away again (conf/resource)."""

from __future__ import annotations

import configparser
import json
import subprocess
from pathlib import Path
from typing import Any

from dsmhost.installed import VOLUME, Installed
from dsmhost.spk import INFO, Refused, Spk

SERVICES_D = "usr/local/etc/services.d"


class Workers:
    """The workers that packages of one machine use."""

    def __init__(self, root: Path, profile: str) -> None:
        self.root, self.profile = root, profile

    def before_install(self, fresh: Spk) -> None:
        """PREINST: what must be there. Raises Refused."""
        resource = fresh.json("conf/resource")
        if "webservice" in resource and "WebStation" not in fresh.info.get("install_dep_packages", ""):
            raise Refused(INFO, "webservice needs install_dep_packages=\"WebStation\"")

    def _spec(self, package: Installed, worker: str) -> Any:
        file = package.base / "conf/resource"
        return json.loads(file.read_text()).get(worker) if file.exists() else None

    def at_install(self, package: Installed) -> None:
        """POSTINST: the ports a package names, for firewall and router pages. Raises Refused for a broken file."""
        spec = self._spec(package, "port-config")
        if not spec:
            return
        file = package.outside(package.folder("target")) / spec["protocol-file"]
        ports = configparser.ConfigParser()
        if not file.exists() or not ports.read_string(file.read_text()) and not ports.sections():
            raise Refused(INFO, f"port-config: {spec['protocol-file']} is missing or empty")
        (self.root / SERVICES_D / file.name).write_text(file.read_text())

    def at_start(self, package: Installed) -> None:
        """ENABLE, before start: shares, links in /usr/local, web portals."""
        for share in (self._spec(package, "data-share") or {}).get("shares", []):
            self._share(package, share)
        linker = self._spec(package, "usr-local-linker") or {}
        for kind, files in linker.items():
            for file in files:
                link = self.root / "usr/local" / kind / Path(file).name
                link.parent.mkdir(parents=True, exist_ok=True)
                link.unlink(missing_ok=True)
                link.symlink_to(f"{package.folder('target')}/{file}")

    def at_boot(self, package: Installed) -> None:
        """At power-on what ENABLE made is still there."""

    def _share(self, package: Installed, share: dict[str, Any]) -> None:
        folder = package.outside(f"{VOLUME}/{share['name']}")
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)
        passwd = (self.root / "etc/passwd").read_text()
        for user in share["permission"].get("rw", []):
            # A name that does not exist is granted to nobody, silently, as DSM does.
            if f"\n{user}:" in passwd and not package.runs_as_root:
                subprocess.run(("chroot", str(self.root), "chown", user, f"{VOLUME}/{share['name']}"), check=True)
        link = package.base / "shares"
        link.mkdir(exist_ok=True)
        named = link / share["name"]
        if not named.is_symlink():
            named.symlink_to(f"{VOLUME}/{share['name']}")

    def at_stop(self, package: Installed) -> None:
        """DISABLE, after stop: links in /usr/local go."""
        for kind, files in (self._spec(package, "usr-local-linker") or {}).items():
            for file in files:
                (self.root / "usr/local" / kind / Path(file).name).unlink(missing_ok=True)

    def at_uninstall(self, package: Installed) -> None:
        """After preuninst: the ports go; a share never does."""
        spec = self._spec(package, "port-config")
        if spec:
            (self.root / SERVICES_D / Path(spec["protocol-file"]).name).unlink(missing_ok=True)

    def portals(self, package: Installed) -> dict[str, str]:
        """{alias: proxy target} of the package's web portals, while it is switched on."""
        spec = self._spec(package, "webservice")
        if not spec or not package.enabled:
            return {}
        targets = {one["service"]: one["proxy_target"] for one in spec["services"]}
        return {one["alias"]: targets[one["service"]] for one in spec["portals"] if one["type"] == "alias"}
