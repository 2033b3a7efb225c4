"""The port to the host's passwords, and the ways that are tried behind it when the service starts."""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from mailroom.accounts.signin import pam, web_api
from mailroom.accounts.signin.workers import NoAnswer, Task, Workers

LOG = logging.getLogger("mailroom.signin")
LIMIT_S = 4.0
SECRET_BYTES_MAX = 512
TRY_AGAIN_AFTER_S = 30.0
OK, BAD, DISABLED, TEMP = "ok", "bad", "disabled", "temp"
ANSWERS = (OK, BAD, DISABLED)


class HostPasswords(Protocol):
    """Whoever can tell whether a password is a host user's. It is neither empty nor huge: the caller has seen to it."""

    async def check(self, user: str, password: str, address: str) -> str:
        """ok | bad | disabled (right, but the host does not let the user in) | temp. Answers within LIMIT_S."""
        ...


@dataclass(frozen=True)
class Way:
    """One way that was tried. why: what it is, or why it cannot be used."""

    way: str
    usable: bool
    why: str


class Ways:
    """The first way that works on this host: its PAM, then its web API, and else nobody can sign in for now."""

    def __init__(self, workers: Workers, *, as_root: bool | None = None) -> None:
        self.workers = workers
        self.as_root = os.geteuid() == 0 if as_root is None else as_root
        self.chosen: tuple[str, tuple[Any, ...]] | None = None
        self.tried: list[Way] = []
        self.has_tried = asyncio.Event()

    async def keep_choosing(self) -> None:
        """Choose a way; as long as none works, try again every now and then: the host may still be starting."""
        while self.chosen is None:
            await self.choose()
            LOG.info("passwords: %s", self.as_dict()["why"])
            if self.chosen is None:
                await asyncio.sleep(TRY_AGAIN_AFTER_S)

    async def choose(self) -> None:
        """Try the ways in order; keep the first that works."""
        tried: list[Way] = []
        for attempt in (self._try_pam, self._try_web_api):
            if self.chosen is None:
                tried += await attempt()
        self.tried = tried
        self.has_tried.set()

    async def check(self, user: str, password: str, address: str) -> str:
        await self.has_tried.wait()
        if self.chosen is None:
            return TEMP
        task, arguments = self.chosen
        try:
            told = str(await self.workers.do(task, *arguments, user, password, address, limit_s=LIMIT_S))
        except NoAnswer:
            return TEMP
        return told if told in ANSWERS else TEMP

    def as_dict(self) -> dict[str, Any]:
        """What was tried and what is in use, for the window: {way, why, tried: [...]}."""
        used = next((way for way in self.tried if way.usable), None)
        return {
            "way": used.way if used else None,
            "why": used.why if used else "No way to check passwords works on this host; nobody can sign in.",
            "tried": [asdict(way) for way in self.tried],
        }

    async def _try_pam(self) -> list[Way]:
        if not self.as_root:
            return [Way("pam", False, "Only root may ask the host's PAM about other users.")]
        tried = []
        for library, service in pam.candidates():
            why = await self._outcome("pam_try", library, service)
            tried.append(Way("pam", not why, why or f"Service {service} of {library}."))
            if not why:
                self.chosen = ("pam", (library, service))
                return tried
        return tried or [Way("pam", False, "The host has no PAM library, or none of the services we know.")]

    async def _try_web_api(self) -> list[Way]:
        why = await self._outcome("web_api_try", web_api.PORT)
        if not why:
            self.chosen = ("web_api", (web_api.PORT,))
        return [Way("web_api", not why, why or f"SYNO.API.Auth at {web_api.ADDRESS}:{web_api.PORT}.")]

    async def _outcome(self, task: str, *arguments: Any) -> str:
        try:
            return str(await self.workers.do(task, *arguments, limit_s=LIMIT_S))
        except NoAnswer as reason:
            return str(reason)


def tasks() -> dict[str, Task]:
    """What a worker can do about passwords."""
    return {"pam": _pam_check, "pam_try": pam.try_out, "web_api": _web_check, "web_api_try": _web_try}


# A worker keeps the library it has loaded; the process is thrown away when it misbehaves.
_loaded: dict[tuple[str, str], pam.Pam] = {}


def _pam_check(library: str, service: str, user: str, password: str, address: str) -> str:
    if (library, service) not in _loaded:
        _loaded[library, service] = pam.Pam(library, service)
    return _loaded[library, service].check(user, password, address)


def _web_check(port: int, user: str, password: str, address: str) -> str:
    return web_api.WebApi(port).check(user, password, address)


def _web_try(port: int) -> str:
    return web_api.WebApi(port).try_out()
