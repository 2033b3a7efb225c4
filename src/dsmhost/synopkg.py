"""`synopkg`, the package tool: JSON on DSM 7, text on DSM 6."""

from __future__ import annotations

import json
from typing import Any

from dsmhost.center import NOT_THERE, Center
from dsmhost.spk import Refused

RUNNING, STOPPED, STARTING, ABSENT, BROKEN = 0, 17, 55, 255, 150
STOPPED_6, ABSENT_6 = 3, 4
FAILED = 1


class Synopkg:
    """The verbs of the tool: each answers with its exit code and what it prints."""

    def __init__(self, center: Center) -> None:
        self.center = center
        self.json = center.profile == "7"

    def do(self, words: list[str], uid: int) -> tuple[int, str]:
        """One call of the tool by this user."""
        verb, name = (*words, "", "")[:2]
        if uid != 0:
            # Measured on DSM: who may not know is told that it is stopped.
            return (STOPPED, self._state(name, "stop", STOPPED)) if verb == "status" else (ABSENT, "Permission denied")
        if verb == "list":
            return 0, "\n".join(self._listed(one, "--name" in words) for one in self.center.packages())
        asking = {"status": self._status, "is_onoff": self._is_onoff, "version": self._version}
        try:
            if verb in asking:
                return asking[verb](name)
            return 0, self._done(verb, self._act(verb, name))
        except Refused as refused:
            return (ABSENT if refused.code == NOT_THERE else FAILED), self._failed(verb, refused)
        except KeyError:
            return FAILED, f"synopkg: unknown verb {verb}"

    def _act(self, verb: str, name: str) -> dict[str, Any]:
        """Raises Refused, KeyError for an unknown verb."""
        if verb == "install":
            return self.center.install(str(self.center.root / name.lstrip("/")), asked=False)
        if verb == "restart":
            if self.center.get(name).enabled:
                self.center.stop(name)
            return self.center.start(name)
        if verb == "uninstall":
            return self.center.uninstall(name, asked=False)
        return {"start": self.center.start, "stop": self.center.stop}[verb](name)

    def _done(self, verb: str, result: dict[str, Any]) -> str:
        if self.json:
            said = {"message": "\n".join(result["said"])} if result.get("said") else {}
            return json.dumps({"action": verb, "stage": f"{verb}ed", "success": True, **said})
        return "\n".join([*result.get("said", []), f"package {verb} successfully"])

    def _failed(self, verb: str, refused: Refused) -> str:
        if self.json:
            error = {"code": refused.code, "description": refused.message}
            return json.dumps({"action": verb, "stage": f"{verb}_failed", "success": False, "error": error})
        return str(refused)

    def _status(self, name: str) -> tuple[int, str]:
        absent, stopped = (ABSENT, STOPPED) if self.json else (ABSENT_6, STOPPED_6)
        if name not in self.center.packages():
            return absent, self._state(name, "non_installed", absent)
        if name in self.center.running.starting:
            return STARTING, self._state(name, "starting", STARTING)
        known = self.center.status(name)
        if known["state"] == "corrupted":
            return BROKEN, self._state(name, "broken", BROKEN)
        if known["enabled"] and known["code"] == 0:
            return RUNNING, self._state(name, "running", RUNNING)
        return stopped, self._state(name, "stop", stopped)

    def _state(self, name: str, state: str, code: int) -> str:
        if self.json:
            return json.dumps(
                {"package": name, "status": state, "status_code": code, "description": f"Status: [{code}]"}
            )
        return f"package {name} is {state}: Status: [{code}]"

    def _is_onoff(self, name: str) -> tuple[int, str]:
        on = self.center.get(name).enabled
        return (0 if on else FAILED), f"package {name} is turned {'on' if on else 'off'}"

    def _version(self, name: str) -> tuple[int, str]:
        return 0, self.center.get(name).version

    def _listed(self, name: str, only_name: bool) -> str:
        info = self.center.get(name).info
        return name if only_name else f"{name}-{info['version']}: {info['description']}"
