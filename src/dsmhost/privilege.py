"""conf/privilege: who a package's scripts and files belong to, and what DSM 7 allows to nobody but Synology."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dsmhost.spk import ATTRIBUTES, PRIVILEGE, Refused, Spk

FORBIDDEN_GROUPS = {"administrators", "root", "wheel", "admin"}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")


@dataclass(frozen=True)
class Privilege:
    """What a conf/privilege says. An absent file, possible on DSM 6 only, means root."""

    run_as: str
    user: str
    group: str
    join_group: str = ""
    scripts: dict[str, str] = field(default_factory=dict)

    def as_root(self, action: str) -> bool:
        """Whether a script, or a verb of start-stop-status, runs as root."""
        return self.scripts.get(action, self.run_as) != "package"


def parse(content: Any, name: str) -> Privilege:
    """A conf/privilege that was read as JSON, of the package `name`. Raises Refused."""
    try:
        run_as = content["defaults"]["run-as"]
        scripts = {one["action"]: one["run-as"] for one in content.get("ctrl-script", [])}
        user = str(content.get("username", name))
        group = str(content.get("groupname", user))
        join = str(content.get("join-groupname", ""))
    except (KeyError, TypeError, AttributeError):
        raise Refused(PRIVILEGE, "conf/privilege is not valid") from None
    for asked in (run_as, *scripts.values()):
        if asked not in ("package", "root", "system"):
            raise Refused(PRIVILEGE, f"run-as {asked} is not known")
    for known in (user, group):
        if not NAME.fullmatch(known) or known in ("root", "admin", "http", "guest"):
            raise Refused(PRIVILEGE, f"{known} cannot be a package's account")
    return Privilege(run_as, user, group, join, scripts)


def of_spk(spk: Spk) -> Privilege:
    """The privilege that an SPK asks for. Raises Refused."""
    if "conf/privilege" not in spk.members:
        return Privilege("root", spk.name, spk.name)
    return parse(_content(spk), spk.name)


def of_installed(base: Path) -> Privilege:
    """The privilege of an installed package, as its file says now: it was judged only when it was installed."""
    file = base / "conf/privilege"
    if not file.exists():
        return Privilege("root", base.name, base.name)
    try:
        return parse(json.loads(file.read_text()), base.name)
    except ValueError:
        raise Refused(PRIVILEGE, "the installed conf/privilege is not valid") from None


def _content(spk: Spk) -> Any:
    try:
        return spk.json("conf/privilege")
    except ValueError:
        raise Refused(PRIVILEGE, "conf/privilege is not valid JSON") from None


def judge(spk: Spk, profile: str) -> None:
    """What an SPK that Synology has not signed may ask for. Raises Refused."""
    privilege = of_spk(spk)
    if profile != "7":
        return
    if "conf/privilege" not in spk.members:
        raise Refused(PRIVILEGE, "conf/privilege is missing")
    if privilege.run_as != "package":
        raise Refused(PRIVILEGE, "unable to install because it runs with root privileges")
    content = _content(spk)
    for section in ("ctrl-script", "executable"):
        if section in content:
            raise Refused(PRIVILEGE, f"{section} is only for packages signed by Synology")
    if privilege.join_group in FORBIDDEN_GROUPS:
        raise Refused(PRIVILEGE, "join-groupname must not be a group of administrators")
    for tool in content.get("tool", []):
        if tool.get("user") != "package" or "capabilities" in tool:
            raise Refused(ATTRIBUTES, "tool user should be package, without capabilities")


def judge_upgrade(spk: Spk, base: Path) -> None:
    """A package keeps its account from version to version. Raises Refused."""
    old, fresh = of_installed(base), of_spk(spk)
    if (old.user, old.group) != (fresh.user, fresh.group):
        raise Refused(ATTRIBUTES, f"account changed from {old.user}:{old.group} to {fresh.user}:{fresh.group}")
