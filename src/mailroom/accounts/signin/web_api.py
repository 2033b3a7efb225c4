"""DSM's own sign-in, SYNO.API.Auth over loopback: the way for a service without root. Runs in worker processes only."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode

ADDRESS = "127.0.0.1"
PORT = 5000
LIMIT_S = 3.5
ANSWER_BYTES_MAX = 65_536
SESSION_NAME = "Mailroom"
# SYNO.API.Auth's error codes. All but 400 come after a right password; a one-time code cannot be asked for in IMAP.
WRONG, DISABLED, DENIED, ONE_TIME_CODES, EXPIRED, LOCKED = 400, 401, 402, {403, 404, 406}, {408, 409, 410}, 411
NOT_LET_IN = {DISABLED, DENIED, *ONE_TIME_CODES, *EXPIRED, LOCKED}


class WebApi:
    """The web API of the host at one port."""

    def __init__(self, port: int = PORT) -> None:
        self.port = port

    def check(self, user: str, password: str, address: str) -> str:
        """ "ok", "bad", "disabled" or "temp: reason"; a session that was opened is closed again."""
        asked = {
            "api": "SYNO.API.Auth",
            "version": "3",
            "method": "login",
            "account": user,
            "passwd": password,
            "session": SESSION_NAME,
            "format": "sid",
        }
        try:
            path = self._auth_path()
            told = self._ask(path, asked)
        except (OSError, ValueError, http.client.HTTPException) as reason:
            return f"temp: {type(reason).__name__}"
        if told.get("success"):
            self._log_out(path, str(told.get("data", {}).get("sid", "")))
            return "ok"
        return answer_for(int(told.get("error", {}).get("code", 0)))

    def try_out(self) -> str:
        """ "" when the host offers SYNO.API.Auth; why not otherwise."""
        try:
            self._auth_path()
        except (OSError, ValueError, http.client.HTTPException) as reason:
            return f"{ADDRESS}:{self.port} offers no SYNO.API.Auth ({reason or type(reason).__name__})."
        return ""

    def _auth_path(self) -> str:
        """Where sign-in lives on this DSM: auth.cgi on 6, entry.cgi on 7. Raises ValueError when nowhere."""
        asked = {"api": "SYNO.API.Info", "version": "1", "method": "query", "query": "SYNO.API.Auth"}
        known = self._ask("query.cgi", asked).get("data", {}).get("SYNO.API.Auth")
        if not isinstance(known, dict) or "path" not in known:
            raise ValueError("not offered")
        return str(known["path"])

    def _log_out(self, path: str, sid: str) -> None:
        asked = {"api": "SYNO.API.Auth", "version": "3", "method": "logout", "session": SESSION_NAME, "_sid": sid}
        try:
            self._ask(path, asked)
        except (OSError, ValueError, http.client.HTTPException):
            return  # DSM ends it by itself; the password was right all the same.

    def _ask(self, path: str, asked: dict[str, str]) -> dict[str, Any]:
        # In the body, never in the URL: web servers write URLs into their logs.
        link = http.client.HTTPConnection(ADDRESS, self.port, timeout=LIMIT_S)
        try:
            body = urlencode({key: value.encode(errors="surrogateescape") for key, value in asked.items()})
            link.request("POST", f"/webapi/{path}", body, {"Content-Type": "application/x-www-form-urlencoded"})
            answer = link.getresponse()
            if answer.status != 200:
                raise ValueError(f"status {answer.status}")
            told = json.loads(answer.read(ANSWER_BYTES_MAX))
        finally:
            link.close()
        if not isinstance(told, dict):
            raise ValueError("not an object")
        return told


def answer_for(code: int) -> str:
    """Our word for an error code of SYNO.API.Auth; a blocked loopback address (407) says nothing about the password."""
    if code == WRONG:
        return "bad"
    return "disabled" if code in NOT_LET_IN else f"temp: SYNO.API.Auth answered {code}"
