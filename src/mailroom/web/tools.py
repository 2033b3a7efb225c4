"""What stands before and after every handler: guards (guards.py), body and query, problems as JSON, audit, log.

Deny by default: a route that says nothing is for members of the host's administrators alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import parse_qsl, unquote

from pydantic import BaseModel, ValidationError

from mailroom.core.problems import Invalid, NotFound, Problem
from mailroom.core.surrogates import SENTENCE, place_of_half
from mailroom.web import asking, guards
from mailroom.web.route import WINDOW, Answer, Call, ForeignQuery, Route, Stream, find

LOG = logging.getLogger("mailroom.web")
STREAM_HEADER = "X-Mailroom-Stream"
# Of a program's question. Longer URLs are refused before they come here.
QUERY_LETTERS_MAX = 16_000
# In every URL of a window on DSM's desktop, and no concern of a route.
DESKTOP_WORDS = {"SynoToken", "theme", "lang", "_dc"}
ALWAYS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'self'",
}


class WrongMethod(Problem):
    """The place exists, but not for this method."""

    status = 405
    code = "wrong_method"


class TooLarge(Problem):
    """The body is longer than is taken here."""

    status = 413
    code = "too_large"


@dataclass
class Asking:
    """A request as it came. headers: names in lower case. preflight: the body comes later, only the guards answer."""

    side: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    stream: IO[bytes]
    length: int = 0
    preflight: bool = False

    @property
    def address(self) -> str:
        """Where the client is, as the hub has found out."""
        return self.headers.get("x-mailroom-address", "")

    @property
    def secure(self) -> bool:
        """Whether the browser speaks https to the host."""
        return self.headers.get("x-forwarded-proto", "") == "https"


def answer(asking_: Asking) -> Answer:
    """The answer to a request; never raises."""
    try:
        return _answer(asking_)
    except Problem as problem:
        return told(problem)
    except Exception as reason:
        # The type and place alone: the text of an error could hold what was sent.
        where = reason.__traceback__
        while where and where.tb_next:
            where = where.tb_next
        file = where.tb_frame.f_code.co_filename.rpartition("/")[2] if where else ""
        line = where.tb_lineno if where else 0
        LOG.error("%s failed: %s at %s:%s", asking_.method, type(reason).__name__, file, line)
        return told(Problem("Something failed inside; the log has it.", code="internal"))


def told(problem: Problem) -> Answer:
    """A problem as an answer."""
    found = as_json(problem.as_dict(), problem.status)
    if "retry_after_s" in problem.more:
        found.headers["Retry-After"] = str(problem.more["retry_after_s"])
    return found


def as_json(facts: Any, status: int = 200) -> Answer:
    """JSON-able facts as an answer."""
    body = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Answer(body, status, {"Content-Type": "application/json; charset=utf-8"})


def _answer(asked: Asking) -> Answer:
    route, names, methods = find(asked.side, asked.method, asked.path)
    if route is None:
        if methods:
            raise WrongMethod("This cannot be done here.", allowed=sorted(methods))
        raise NotFound("There is nothing here.")
    call = guards.let_in(route, asked)
    call.path = names
    guards.refuse_forged(route, asked, call)
    call.query = _query(route, asked)
    if route.raw:
        _refuse_long(asked.length, route.raw(call))
        call.stream, call.length = asked.stream, asked.length
    if route.body:
        _refuse_long(asked.length, route.longest)
    if asked.preflight:
        return Answer(status=204)
    if route.body:
        call.body = _body(route.body, asked)
    found = _as_answer(route.handler(call), call)
    if route.changes:
        # The route, not the path: a folder's name is its owner's business.
        LOG.info("%s %s by %s from %s", route.method, route.path, call.user or "nobody", call.address or "here")
        _audit(route, call)
    return found


def _refuse_long(length: int, bytes_max: int) -> None:
    if length > bytes_max:
        raise TooLarge(f"This is larger than {bytes_max / 1024**2:.0f} MB.", next="Send less at once.")


def _query(route: Route, asked: Asking) -> Any:
    if route.query and issubclass(route.query, ForeignQuery):
        return _validated(route.query, _foreign(route.query, asked.query))
    given: dict[str, str] = {}
    try:
        pairs = parse_qsl(asked.query, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise Invalid("The query is not in UTF-8, or has too many parts.") from None
    for name, value in pairs:
        if name in given:
            raise Invalid(f"{name} is given twice.", field=name, fields={name: "Give it once."})
        if asked.side != WINDOW or name not in DESKTOP_WORDS:
            given[name] = value
    if route.query is None:
        if given:
            _raise_unknown(next(iter(given)))
        return None
    return _validated(route.query, given)


def _foreign(model: type[BaseModel], query: str) -> dict[str, str]:
    """The fields of a foreign program's query, each in any case and as given first.

    "+" is a letter of an e-mail address and not a space: not every program writes it as %2B (RFC 3986 2.2).
    """
    names = {name.lower(): name for name in model.model_fields}
    given: dict[str, str] = {}
    for part in query[:QUERY_LETTERS_MAX].split("&"):
        name, _, value = part.partition("=")
        if found := names.get(unquote(name).lower()):
            given.setdefault(found, unquote(value))
    return given


def _body(model: type[BaseModel], asked: Asking) -> Any:
    data = asked.stream.read(asked.length)
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError):
        raise Invalid("The body is no JSON.", fields={"body": "This is no JSON."}) from None
    if not isinstance(facts, dict):
        raise Invalid("The body is no JSON object.", fields={"body": "Send a JSON object."})
    if (place := place_of_half(facts)) is not None:
        name = ".".join(map(str, place)) or "body"
        raise Invalid(f"{name}: {SENTENCE}", field=name, next="Correct the marked fields.", fields={name: SENTENCE})
    return _validated(model, facts)


def _validated(model: type[BaseModel], facts: dict[str, Any]) -> Any:
    try:
        return model.model_validate(facts)
    except ValidationError as reason:
        fields = {}
        for fault in reason.errors(include_url=False, include_input=False):
            name = ".".join(map(str, fault["loc"])) or "body"
            unknown = fault["type"] == "extra_forbidden"
            fields[name] = "There is no such field." if unknown else f"{fault['msg']}."
        first = next(iter(fields))
        raise Invalid(
            f"{first}: {fields[first]}", field=first, next="Correct the marked fields.", fields=fields
        ) from None


def _raise_unknown(name: str) -> None:
    raise Invalid(f"There is no {name!r} here.", field=name, fields={name: "There is no such field."})


def _as_answer(result: Any, call: Call) -> Answer:
    if isinstance(result, Answer):
        return result
    if isinstance(result, Stream):
        # Who listens: the hub looks from time to time whether that one still may.
        own = {"person": call.person, "desktop": call.desktop, "address": call.address}
        who = {**own, "token": call.token["id"] if call.token else ""} if call.session is None else {}
        told_ = json.dumps({"channel": result.channel, **who, **result.facts})
        return Answer(status=200, headers={STREAM_HEADER: told_})
    return as_json(result)


def _audit(route: Route, call: Call) -> None:
    """Write the event of a change whose operation writes none. What was done stays done when it cannot be written."""
    if not route.audit:
        return
    facts = {**(call.body.model_dump() if call.body else {}), **call.path}
    kind, _, words = route.audit.partition(": ")
    try:
        asking.job("events.add", kind=kind, text=words.format_map(facts), who=call.user, where=call.address)
    except Problem as problem:
        LOG.error("event not written: %s", problem.message)
