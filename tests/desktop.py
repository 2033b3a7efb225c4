"""A browser's sessions on the NAS, without a browser: the window's API through the relay, and the mail portal's."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
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

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str | None] | None = None) -> Any:
        """One question to the window's API; its JSON answer. headers: more; None leaves one out. Raises Refusal."""
        known = {"Cookie": self.cookie, "X-SYNO-TOKEN": self.token}
        if body is not None:
            known["Content-Type"] = "application/json"
        sent = {name: value for name, value in {**known, **(headers or {})}.items() if value is not None}
        return told(urllib.request.Request(f"{self.nas.web}{RELAY}/{path}", content_of(body), sent, method=method))

    def get(self, path: str) -> Any:
        """A JSON answer. Raises Refusal."""
        return self.ask("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        """Change something. Raises Refusal."""
        return self.ask("POST", path, body)

    def stream(self, path: str) -> Listening:
        """Listen to an event stream. Raises Refusal."""
        known = {"Cookie": self.cookie, "X-SYNO-TOKEN": self.token}
        return Listening(urllib.request.Request(f"{self.nas.web}{RELAY}/{path}", headers=known))


class Script:
    """A program that asks the window's API with a token."""

    def __init__(self, nas: Office, token: str) -> None:
        self.nas, self.headers = nas, {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        """A JSON answer. Raises Refusal."""
        return told(self._request(path))

    def stream(self, path: str) -> Listening:
        """Listen to an event stream. Raises Refusal."""
        return Listening(self._request(path))

    def _request(self, path: str) -> urllib.request.Request:
        return urllib.request.Request(f"{self.nas.web}{RELAY}/{path}", headers=self.headers)


class Listening:
    """An event stream that somebody listens to."""

    def __init__(self, asked: urllib.request.Request) -> None:
        self.answer = opened(asked)
        self.over = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            while self.answer.readline():
                pass
        self.over.set()

    def is_open(self) -> bool:
        """Whether the server has not ended it."""
        return not self.over.is_set()

    def close(self) -> None:
        """Listen no longer."""
        with contextlib.suppress(OSError, AttributeError):
            self.answer.fp.raw._sock.shutdown(socket.SHUT_RDWR)


class Portal:
    """One browser at /mail."""

    def __init__(self, nas: Office) -> None:
        self.nas = nas
        self.headers: dict[str, str] = {}

    def sign_in(self, user: str, password: str | None = None) -> Any:
        """Sign in with the host's password; what the portal says. Raises Refusal."""
        known = self.nas.passwords.get(user, "") if password is None else password
        asked = self._request("POST", "api/session", {"user": user, "password": known})
        with opened(asked) as answer:
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
            facts = json.loads(answer.read())
        self.headers = {"Cookie": cookie, "X-CSRF-Token": facts["csrf"]}
        return facts

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One question to the portal's API; its JSON answer. Raises Refusal."""
        return told(self._request(method, path, body))

    def stream(self, path: str) -> Listening:
        """Listen to an event stream. Raises Refusal."""
        return Listening(self._request("GET", path, None))

    def _request(self, method: str, path: str, body: Any) -> urllib.request.Request:
        headers = {**self.headers, **({} if body is None else {"Content-Type": "application/json"})}
        return urllib.request.Request(f"{self.nas.web}/mail/{path}", content_of(body), headers, method=method)


def content_of(body: Any) -> bytes | None:
    """A body as JSON, bytes as they are; none for None."""
    return body if body is None or isinstance(body, bytes) else json.dumps(body).encode()


def opened(asked: urllib.request.Request) -> Any:
    """The answer to a request. Raises Refusal."""
    try:
        return urllib.request.urlopen(asked, timeout=120)
    except urllib.error.HTTPError as refused:
        heard = refused.read()
        try:
            raise Refusal(refused.code, json.loads(heard or b"{}")) from None
        except ValueError:
            raise Refusal(refused.code, {"text": heard[:500].decode(errors="replace")}) from None


def told(asked: urllib.request.Request) -> Any:
    """The JSON answer to a request. Raises Refusal."""
    with opened(asked) as answer:
        return json.loads(answer.read())
