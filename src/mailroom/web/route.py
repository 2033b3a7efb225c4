"""What a route is. Each is declared once, above its handler; matching, guards and OpenAPI follow from that."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import IO, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from mailroom.core.scopes import ANY, NEVER

WINDOW, PORTAL = "window", "portal"
# Who may call: members of the host's administrators, any signed-in user, everybody.
ADMIN, USER, ANYBODY = "admin", "user", "anybody"
READING = ("GET", "HEAD")
PACKAGES = {WINDOW: "mailroom.web.api", PORTAL: "mailroom.web.portal.api"}
JSON_BYTES_MAX = 1_000_000
# A count or a revision: as much as a browser's numbers hold, which is less than SQLite's.
Whole = Annotated[int, Field(ge=0, le=2**53 - 1)]


class Asked(BaseModel):
    """A request's body, or its query: what is not declared is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(Asked):
    """A query: numbers arrive as text."""

    model_config = ConfigDict(extra="forbid", strict=False)


class ForeignQuery(Query):
    """What programs of others ask by habit, for a document that is there for everybody: what it does not need, given
    once or twice, is passed over, and so is what cannot be read."""

    model_config = ConfigDict(extra="ignore", strict=False)


@dataclass
class Call:
    """One request, checked: whose it is, what it asks. address: where the client is.

    user is whom the records name, person the user of the host; they differ when a token asks, which `token` then is.
    desktop: names the session of DSM's desktop.
    query and body hold the models that the route declares. stream, length: the bytes of a raw body.
    """

    user: str
    address: str
    person: str = ""
    token: dict[str, Any] | None = None
    path: dict[str, str] = field(default_factory=dict)
    query: Any = None
    body: Any = None
    session: Any = None
    stream: IO[bytes] | None = None
    length: int = 0
    secure: bool = False
    desktop: str = ""


@dataclass
class Answer:
    """What goes back when plain JSON is not enough. body: bytes, or an iterable of them with `length` bytes."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


@dataclass(frozen=True)
class Stream:
    """The answer of an event stream: the hub sends what happens in `channel` (see hub.py)."""

    channel: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """One route.

    path:    below the base URL; `{name}` takes any text, also with slashes, because folder names have them.
    answer:  what comes back, in words; example: the same as JSON.
    errors:  HTTP statuses beside those that the guards give.
    audit:   the event to write afterwards, with {fields} of path and body; "" when the operation writes its own.
    raw:     the body is a file, not JSON; raw_bytes_max() tells how long it may be.
    asked:   what an example asks: the names in the path, and the fields of query or body.
    asks_only: it is a POST because its question is too long for a query; it changes nothing.
    longest: bytes that a JSON body may have.
    """

    side: str
    method: str
    path: str
    handler: Callable[[Call], Any]
    summary: str
    answer: str
    example: Any
    role: str = ADMIN
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    errors: tuple[int, ...] = ()
    audit: str = ""
    raw: Callable[[Call], int] | None = None
    made: str = "application/json"
    asked: dict[str, Any] = field(default_factory=dict)
    asks_only: bool = False
    longest: int = JSON_BYTES_MAX

    @property
    def changes(self) -> bool:
        """Whether it may change state, and so must come from our own pages."""
        return self.method not in READING

    @property
    def scope(self) -> str:
        """What a token needs for it: the AREA that its module names, to read or to change. No area: no token, ever."""
        area = getattr(sys.modules[self.handler.__module__], "AREA", NEVER)
        if area in (NEVER, ANY):
            return area
        return f"{area}:{'change' if self.changes and not self.asks_only else 'read'}"

    @property
    def names(self) -> list[str]:
        """The names in its path."""
        return re.findall(r"\{(\w+)\}", self.path)


def route(
    side: str,
    method: str,
    path: str,
    *,
    summary: str,
    answer: str,
    example: Any,
    role: str = ADMIN,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    errors: tuple[int, ...] = (),
    audit: str = "",
    raw: Callable[[Call], int] | None = None,
    made: str = "application/json",
    asked: dict[str, Any] | None = None,
    asks_only: bool = False,
    longest: int = JSON_BYTES_MAX,
) -> Callable[[Callable[[Call], Any]], Route]:
    """Declare the handler below as a route; see Route. Who may call is the administrators unless said otherwise."""

    def declared(handler: Callable[[Call], Any]) -> Route:
        return Route(
            side, method, path, handler, summary, answer, example, role, query, body, errors, audit, raw, made,
            asked or {}, asks_only, longest,
        )  # fmt: skip

    return declared


@cache
def routes(side: str) -> tuple[Route, ...]:
    """Every route found in the side's package, the more literal path first."""
    package = importlib.import_module(PACKAGES[side])
    found: list[Route] = []
    for module in pkgutil.iter_modules(package.__path__):
        members = vars(importlib.import_module(f"{package.__name__}.{module.name}")).values()
        found += [member for member in members if isinstance(member, Route)]
    return tuple(sorted(found, key=lambda one: (-one.path.count("/"), len(one.names), one.path, one.method)))


@cache
def _pattern(path: str) -> re.Pattern[str]:
    # Numbers only where a number is meant: then a folder's name cannot be taken for a message of another folder.
    numbered = {"uid": r"\d{1,10}"}
    parts = re.split(r"\{(\w+)\}", path)
    built = "".join(
        re.escape(part) if turn % 2 == 0 else f"(?P<{part}>{numbered.get(part, '.+')})"
        for turn, part in enumerate(parts)
    )
    return re.compile(built, re.DOTALL)


def find(side: str, method: str, path: str) -> tuple[Route | None, dict[str, str], set[str]]:
    """(route, what its path's names stand for, methods that exist at this path)."""
    methods: set[str] = set()
    wanted = "GET" if method == "HEAD" else method
    for candidate in routes(side):
        matched = _pattern(candidate.path).fullmatch(path)
        if matched and candidate.method == wanted:
            return candidate, matched.groupdict(), {wanted}
        if matched:
            methods.add(candidate.method)
    return None, {}, methods
