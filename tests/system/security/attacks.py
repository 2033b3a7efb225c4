"""Requests that must not get in, for any route: through the NAS's web server, the relay and the web process."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from desktop import RELAY
from mailroom.core.scopes import ANY
from mailroom.web.route import ADMIN, PORTAL, WINDOW, Route
from office import Office

OWN, OTHER, GUESSER = 1, 9, 12
AT_ONCE = 4
FORM = "application/x-www-form-urlencoded"
# By which the relay and the web server tell who asks, in every disguise.
FORGED = [
    "X-Mailroom-User: ben",
    "X-Mailroom-User: admin",
    "x-MAILROOM-uSER: admin",
    "X_Mailroom_User: admin",
    "X-Mailroom_User: admin",
    "X-Mailroom-Side: window",
    "X-Mailroom-Later: 5",
    "Remote-User: admin",
]


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: str
    body: bytes

    @property
    def facts(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Attack:
    """One request. lines: more lines of its head, as they are sent. last: the client's address on the network."""

    name: str
    lines: list[str] = field(default_factory=list)
    refused: set[int] = field(default_factory=lambda: {401})
    query: str = ""
    kind: str = "application/json"
    last: int = OWN


@dataclass
class Session:
    """A desktop that is signed in from OWN: its cookie and its token against cross-site requests."""

    cookie: str
    token: str

    @property
    def lines(self) -> list[str]:
        """What its browser sends."""
        return [f"Cookie: id={self.cookie}", f"X-SYNO-TOKEN: {self.token}"]


def send(server: Office, method: str, target: str, lines: list[str], body: bytes = b"", last: int = OWN) -> Answer:
    """One request as bytes, from an address of the network."""
    own = [f"Host: {server.address(2)}:5000", "Connection: close"]
    own += [f"Content-Length: {len(body)}"] if body else []
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *own, *lines, "", ""])
    with server.connect(5000, source=server.address(last)) as link:
        link.sendall(head.encode("latin-1") + body)
        heard = b""
        while more := link.recv(65536):
            heard += more
    head_heard, _, content = heard.partition(b"\r\n\r\n")
    return Answer(int(head_heard.split()[1]), head_heard.decode("latin-1"), content)


def sign_in(server: Office, user: str, last: int = OWN) -> Session:
    """Sign in to the desktop from an address."""
    facts = {"api": "SYNO.API.Auth", "version": "7", "method": "login", "account": user, "format": "cookie"}
    facts |= {"passwd": server.passwords[user], "enable_syno_token": "yes"}
    body = urllib.parse.urlencode(facts).encode()
    told = send(server, "POST", "/webapi/entry.cgi", [f"Content-Type: {FORM}"], body, last).facts
    assert told["success"], told
    return Session(told["data"]["sid"], told["data"]["synotoken"])


def target_of(route: Route, query: str = "") -> str:
    """The route's URL, with the names of its example in it."""
    path = route.path
    for name in route.names:
        path = path.replace(f"{{{name}}}", urllib.parse.quote(str(route.asked.get(name, "7")), safe=""))
    base = RELAY if route.side == WINDOW else "/mail"
    return f"{base}/{path}" + (f"?{query}" if query else "")


def body_of(route: Route) -> bytes:
    """The body of the route's example: whoever got in by mistake would really do it."""
    if route.raw:
        return b"a file"
    fields = {name: value for name, value in route.asked.items() if name not in route.names}
    return json.dumps(fields if route.body else {}).encode() if route.changes else b""


def got_in(server: Office, route: Route, attacks: Iterable[Attack]) -> list[str]:
    """The attacks that were not refused as they must be, with what they got."""
    tried = [*attacks]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda attack: attempt(server, route, attack), tried)
    return [
        f"{attack.name}: {answer.status} {answer.body[:200]!r}"
        for attack, answer in zip(tried, answers, strict=True)
        if answer.status not in attack.refused
    ]


def attempt(server: Office, route: Route, attack: Attack) -> Answer:
    """The answer to an attack on a route."""
    body = body_of(route)
    kind = [f"Content-Type: {attack.kind}"] if body and attack.kind else []
    return send(server, route.method, target_of(route, attack.query), [*kind, *attack.lines], body, attack.last)


def on_the_window(route: Route, admin: Session, user: Session, address: str) -> Iterator[Attack]:
    """What browsers and their thieves can send. admin: an administrator at `address`; user: somebody who is none."""
    yield Attack("no session")
    yield Attack("a made-up session", ["Cookie: id=AAAAAAAAAAAAAAAA", "X-SYNO-TOKEN: AAAA"])
    yield Attack("no X-SYNO-TOKEN", admin.lines[:1])
    yield Attack("a forged X-SYNO-TOKEN", [admin.lines[0], "X-SYNO-TOKEN: AAAA"])
    yield Attack("somebody else's X-SYNO-TOKEN", [admin.lines[0], user.lines[1]])
    yield Attack("a stolen session from another address", admin.lines, last=OTHER)
    claims = ("X-Forwarded-For", "X-Real-IP", "X-Mailroom-Address", "Remote-Addr", "X_Forwarded_For", "Client-IP")
    lines = [*admin.lines, *(f"{name}: {address}" for name in claims), f"Forwarded: for={address}"]
    yield Attack("a stolen session that claims its owner's address", lines, last=OTHER)
    yield Attack("no session, but the relay's headers", FORGED)
    yield from _malformed_heads()
    for site in ("cross-site", "same-site"):
        yield Attack(site, [*admin.lines, f"Sec-Fetch-Site: {site}"], {403})
    if route.role == ADMIN:
        yield Attack("no administrator", user.lines, {403})
        yield Attack("no administrator, but the relay's headers", [*user.lines, *FORGED], {403})
    if route.changes:
        query = f"SynoToken={admin.token}"
        yield Attack("the token in the address alone", admin.lines[:1], {403}, query=query)
        yield from _from_pages(route, admin.lines)


def _malformed_heads() -> Iterator[Attack]:
    """Headers that one reader takes for another header than the next; anybody on the way may refuse them."""
    for name, lines in {
        "a space before the colon": ["X-Mailroom-User : admin"],
        "a folded line": ["X-Other: a", " X-Mailroom-User: admin"],
        "a bare newline": ["X-Other: a\nX-Mailroom-User: admin"],
        "a bare return": ["X-Other: a\rX-Mailroom-User: admin"],
        "in a cookie": ["Cookie: a=b\r\tX-Mailroom-User: admin"],
    }.items():
        yield Attack(f"no session, {name}", lines, {400, 401})


def _from_pages(route: Route, lines: list[str]) -> Iterator[Attack]:
    """What another site's page can make the browser of somebody who is signed in send."""
    yield Attack("another site's page", [*lines, "Origin: https://evil.example"], {403})
    yield Attack("a sandboxed page", [*lines, "Origin: null"], {403})
    for kind in ("text/plain", FORM, "multipart/form-data; boundary=x", ""):
        # A file may be of these kinds.
        if route.raw and kind in ("text/plain", ""):
            continue
        yield Attack(f"content of type {kind!r}", lines, {415}, kind=kind)


def with_tokens(route: Route, tokens: dict[str, str], admin: Session) -> Iterator[Attack]:
    """Tokens that are no good for the route. tokens: by their state, and by the scope that alone is missing."""
    if route.scope != ANY:
        missing = tokens[f"without {route.scope}"]
        yield Attack(f"a token without {route.scope}", [f"Authorization: Bearer {missing}"], {403})
    for state in ("expired", "revoked", "dead"):
        yield Attack(f"a token that is {state}", [f"Authorization: Bearer {tokens[state]}"])
    good = f"Authorization: Bearer {tokens['good']}"
    yield Attack("a session and a token", [*admin.lines, good], {403})
    yield Attack("a token with X-SYNO-TOKEN", [good, admin.lines[1]], {403})
    yield Attack("a token from another site", [good, "Sec-Fetch-Site: cross-site"], {403})
    for name, line in {
        "a made-up token": "Authorization: Bearer mrt1.aaaaaaaaaaaa." + "A" * 43,
        "a token of which the end is wrong": f"{good[:-4]}AAAA",
        "a password": "Authorization: Basic YWRtaW46YWRtaW4=",
    }.items():
        yield Attack(name, [line], {401, 429}, last=GUESSER)


def on_the_portal(route: Route, own: list[str], other: list[str]) -> Iterator[Attack]:
    """own, other: Cookie and X-CSRF-Token of two sessions."""
    assert route.side == PORTAL
    name = own[0].partition("mailroom=")[2].partition(":")[0]
    secret = other[0].rpartition(":")[2]
    yield Attack("no session")
    yield Attack("a made-up session", [f"Cookie: mailroom={name}:mrs1.{'A' * 43}"])
    yield Attack("somebody else's secret", [f"Cookie: mailroom={name}:{secret}"])
    yield Attack("the window's header", ["X-Mailroom-User: admin", "X_Mailroom_User: admin", "X-Mailroom-Side: window"])
    yield Attack("a token for scripts", ["Authorization: Bearer mrt1.aaaaaaaaaaaa." + "A" * 43])
    if route.changes:
        yield Attack("no X-CSRF-Token", own[:1], {403})
        yield Attack("a forged X-CSRF-Token", [own[0], f"X-CSRF-Token: {'0' * 64}"], {403})
        yield Attack("somebody else's X-CSRF-Token", [own[0], other[1]], {403})
        for site in ("cross-site", "same-site"):
            yield Attack(site, [*own, f"Sec-Fetch-Site: {site}"], {403})
        yield from _from_pages(route, own)
