"""Who is signed in to the desktop. A session belongs to one client address; without its token nobody is signed in."""

from __future__ import annotations

import ctypes
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from dsmhost.http import cookie_in

BAD, DISABLED = 400, 401


@dataclass
class Session:
    """One signed-in desktop."""

    user: str
    address: str
    token: str


class Sessions:
    """All desktops of one machine."""

    def __init__(self, root: Path) -> None:
        self.root, self.known = root, dict[str, Session]()

    def open(self, user: str, password: str, address: str) -> tuple[str, Session] | int:
        """(id, session), or the error code of SYNO.API.Auth."""
        code = self.check(user, password)
        if code:
            return code
        name = secrets.token_urlsafe(24)
        self.known[name] = Session(user, address, secrets.token_urlsafe(12))
        return name, self.known[name]

    def check(self, user: str, password: str) -> int:
        """0 when the password is right; otherwise an error code."""
        line = next((text for text in self._lines("shadow") if text.startswith(f"{user}:")), "")
        fields = line.split(":")
        if len(fields) < 8 or not fields[1].startswith("$"):
            return DISABLED if fields[1:2] and fields[1].startswith("!") else BAD
        made = crypt(password, fields[1])
        if not secrets.compare_digest(made, fields[1].encode()):
            return BAD
        return DISABLED if fields[7].isdigit() and int(fields[7]) < 10_000 else 0

    def close(self, name: str) -> None:
        self.known.pop(name, None)

    def get(self, name: str, address: str) -> Session | None:
        """The session with this id, from its own address only."""
        found = self.known.get(name)
        return found if found and found.address == address else None

    def who(self, cookies: str, address: str, facts: dict[str, str]) -> str:
        """What authenticate.cgi prints: the user, or nothing without cookie, address and token of one session."""
        session = self.get(cookie_in(cookies, "id"), address)
        token = facts.get("token") or parse_qs(facts.get("query", "")).get("SynoToken", [""])[0]
        if session is None or not secrets.compare_digest(token.encode(), session.token.encode()):
            return ""
        return session.user

    def is_admin(self, user: str) -> bool:
        """Whether the user is in the group administrators."""
        for line in self._lines("group"):
            name, _, _, members = line.split(":")
            if name == "administrators":
                return user in members.split(",")
        return False

    def _lines(self, name: str) -> list[str]:
        return (self.root / "etc" / name).read_text().splitlines()


def crypt(password: str, setting: str) -> bytes:
    """crypt(3) of a password by the host's libcrypt; empty when it cannot be."""
    if "\0" in password:
        return b""
    function = ctypes.CDLL("libcrypt.so.1").crypt
    function.restype = ctypes.c_char_p
    return function(password.encode(), setting.encode()) or b""
