"""Resource workers: what DSM makes for a package and takes away again (conf/resource)."""

from __future__ import annotations

import configparser
import json
import os
import re
from pathlib import Path
from typing import Any

from dsmhost import shares, web_config
from dsmhost.installed import Installed
from dsmhost.spk import INFO, Refused, Spk
from dsmhost.web_config import WebConfig

SERVICES_D = "usr/local/etc/services.d"
WORKERS = {
    "6.2": {"data-share", "port-config", "usr-local-linker", "syslog-config", "indexdb", "certificate-config",
            "service-cfg", "mariadb10-db", "php", "apache22"},
    "7": {"data-share", "port-config", "usr-local-linker", "syslog-config", "indexdb", "mariadb10-db", "php",
          "apache22", "webservice", "web-config", "sysnotify", "systemd-user-unit"},
}  # fmt: skip
PORTS = re.compile(r"\d+(:\d+)?(,\d+(:\d+)?)*(/(tcp|udp)(,(tcp|udp))?)?")
LINKED = {"bin", "lib", "etc"}
ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def judge(spk: Spk, profile: str) -> None:
    """An SPK's conf/resource, before anything is done. Raises Refused."""
    try:
        resource = spk.json("conf/resource")
        unknown = set(resource) - WORKERS[profile]
        if unknown:
            raise Refused(INFO, f"resource worker {sorted(unknown)[0]} is not known to this DSM")
        _shares(resource.get("data-share", {"shares": []}))
        if "port-config" in resource and not resource["port-config"]["protocol-file"].endswith(".sc"):
            raise Refused(INFO, "port-config: protocol-file must be a .sc file")
        if set(resource.get("usr-local-linker", {})) - LINKED:
            raise Refused(INFO, "usr-local-linker knows bin, lib and etc")
        if "webservice" in resource:
            _webservice(resource["webservice"], spk.info)
        if "web-config" in resource:
            web_config.judge(resource["web-config"])
    except (ValueError, KeyError, TypeError, AttributeError) as reason:
        raise Refused(INFO, f"conf/resource is not valid: {reason!r}") from None


def _shares(spec: Any) -> None:
    for share in spec["shares"]:
        if not share["name"] or set(share.get("permission", {})) - {"ro", "rw"}:
            raise Refused(INFO, "data-share: a share needs a name and grants ro or rw")


def _webservice(spec: Any, info: dict[str, str]) -> None:
    if "WebStation" not in re.split(r"[:><=]", info.get("install_dep_packages", "")):
        raise Refused(INFO, 'webservice needs install_dep_packages="WebStation"')
    targets = {one["service"]: one.get("proxy_target", "") for one in spec["services"] if one["display_name"]}
    for one in spec["services"]:
        if one["type"] == "reverse_proxy" and not one["proxy_target"].startswith(("http://", "unix:")):
            raise Refused(INFO, f"webservice: proxy_target {one['proxy_target']} is not http:// or unix:")
    for portal in spec["portals"]:
        if portal["service"] not in targets or not portal["name"]:
            raise Refused(INFO, f"webservice: portal of an unknown service {portal['service']}")
        if portal["type"] == "alias" and not ALIAS.fullmatch(portal["alias"]):
            raise Refused(INFO, f"webservice: {portal['alias']} cannot be an alias")


class Workers:
    """The workers that packages of one machine use."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _spec(self, package: Installed, worker: str) -> Any:
        file = package.base / "conf/resource"
        return (json.loads(file.read_text()).get(worker) if file.exists() else None) or {}

    def _web_config(self, package: Installed) -> WebConfig:
        spec, target = self._spec(package, "web-config"), package.outside(package.folder("target"))
        return WebConfig(self.root, package.name, spec, target)

    def at_install(self, package: Installed) -> list[str]:
        """POSTINST: nginx's files; the ports, for firewall and router pages. A failure is only a warning."""
        return [*self._web_config(package).at_install(), *self._ports(package)]

    def _ports(self, package: Installed) -> list[str]:
        spec = self._spec(package, "port-config")
        if not spec:
            return []
        file = package.outside(package.folder("target")) / spec["protocol-file"]
        wrong = port_file(file)
        if wrong:
            return [f"port-config: {wrong}"]
        (self.root / SERVICES_D / file.name).write_text(file.read_text())
        return []

    def at_start(self, package: Installed) -> None:
        """ENABLE, before start and not at boot: shares, links in /usr/local, nginx's files."""
        self._web_config(package).at_start()
        for share in self._spec(package, "data-share").get("shares", []):
            self._share(package, share)
        for kind, files in self._spec(package, "usr-local-linker").items():
            for file in files:
                link = self.root / "usr/local" / kind / Path(file).name
                link.parent.mkdir(parents=True, exist_ok=True)
                link.unlink(missing_ok=True)
                # What is not there is passed over.
                if (package.outside(package.folder("target")) / file).exists():
                    link.symlink_to(f"{package.folder('target')}/{file}")

    def _share(self, package: Installed, share: dict[str, Any]) -> None:
        path = shares.make(self.root, share["name"])
        for user in share.get("permission", {}).get("rw", []):
            # A name that does not exist is granted to nobody, silently, as DSM does.
            shares.grant(self.root, share["name"], user)
        if package.profile == "7":
            (package.base / "shares").mkdir(exist_ok=True)
            named = package.base / "shares" / share["name"]
            if not named.is_symlink():
                os.symlink(path, named)

    def at_stop(self, package: Installed) -> None:
        """DISABLE, after stop and not at shutdown: links in /usr/local go, and nginx's files."""
        self._web_config(package).at_stop()
        for kind, files in self._spec(package, "usr-local-linker").items():
            for file in files:
                (self.root / "usr/local" / kind / Path(file).name).unlink(missing_ok=True)

    def at_uninstall(self, package: Installed) -> None:
        """Before postuninst: nginx's files and the ports go; a share never does."""
        self._web_config(package).at_uninstall()
        spec = self._spec(package, "port-config")
        if spec:
            (self.root / SERVICES_D / Path(spec["protocol-file"]).name).unlink(missing_ok=True)

    def portals(self, package: Installed) -> dict[str, dict[str, Any]]:
        """{alias: reverse-proxied service} of the package's web portals, while it is switched on."""
        spec = self._spec(package, "webservice")
        if not spec or not package.enabled:
            return {}
        services = {one["service"]: one for one in spec["services"] if one["type"] == "reverse_proxy"}
        aliases = [one for one in spec["portals"] if one["type"] == "alias" and one["service"] in services]
        return {one["alias"]: services[one["service"]] for one in aliases}


def port_file(file: Path) -> str:
    """What is wrong with a .sc file; nothing when it is right."""
    ports = configparser.ConfigParser(interpolation=None)
    try:
        ports.read_string(file.read_text())
    except (OSError, configparser.Error) as reason:
        return f"{file.name} cannot be read: {reason}"
    for name in ports.sections():
        for key in ("title", "desc", "port_forward", "dst.ports"):
            if not ports[name].get(key, "").strip('"'):
                return f"{file.name}: [{name}] lacks {key}"
        if not PORTS.fullmatch(ports[name]["dst.ports"].strip('"')):
            return f"{file.name}: [{name}] dst.ports is not 25,465/tcp or the like"
    return "" if ports.sections() else f"{file.name} names no service"
