"""A browser's session on the NAS's desktop, without a browser: the window's API through the relay."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from office import Office

RELAY = "/webman/3rdparty/Mailroom/index.cgi"


class Refusal(Exception):
    """The API refused: status and the problem it told."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem}")
        self.status, self.problem = status, problem


class Desktop:
    """One signed-in desktop."""

    def __init__(self, nas: Office, user: str = "admin") -> None:
        self.nas = nas
        facts = {
            "api": "SYNO.API.Auth",
            "version": "6",
            "method": "login",
            "account": user,
            "passwd": nas.passwords[user],
            "format": "cookie",
            "enable_syno_token": "yes",
        }
        with urllib.request.urlopen(f"{nas.web}/webapi/entry.cgi", urllib.parse.urlencode(facts).encode()) as answer:
            told = json.loads(answer.read())
        assert told["success"], told
        self.cookie, self.token = f"id={told['data']['sid']}", told["data"]["synotoken"]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One question to the window's API; its JSON answer. Raises Refusal."""
        known = {"Cookie": self.cookie, "X-SYNO-TOKEN": self.token}
        if body is not None:
            known["Content-Type"] = "application/json"
        content = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.nas.web}{RELAY}/{path}", content, {**known, **headers}, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=120) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            raise Refusal(refused.code, json.loads(refused.read() or b"{}")) from None

    def get(self, path: str) -> Any:
        """A JSON answer. Raises Refusal."""
        return self.ask("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        """Change something. Raises Refusal."""
        return self.ask("POST", path, body)
