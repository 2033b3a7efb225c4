"""The one door to CherryPy and cheroot: requests in, answers out, on a unix socket that only the hub can reach."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from http.client import responses
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import cherrypy
from cheroot.wsgi import Server

from mailroom.core.problems import Problem
from mailroom.web import files, tools
from mailroom.web.clients import addresses
from mailroom.web.route import PORTAL, WINDOW, Answer
from mailroom.web.tools import Asking

LOG = logging.getLogger("mailroom.web")
THREADS = 10
WAITING_MAX = 64
CHUNK = 64 * 1024
TIME_LIMIT_S = 130
BASES = {WINDOW: "/", PORTAL: "/mail/"}
API = "api/"


def application() -> cherrypy.Application:
    """The WSGI application."""
    for logger in ("cherrypy.access", "cherrypy.error"):
        # CherryPy writes whole URLs, and with them folders' names and what was searched for. We log by ourselves.
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    cherrypy.config.update({"log.screen": False, "engine.autoreload.on": False})
    known = cherrypy.Application(None, "", {"/": {"request.dispatch": _dispatch}})
    known.request_class = _Request
    for log in (known.log, cherrypy.log):
        log.screen = False
        log.access_log.setLevel(logging.CRITICAL)
        log.error_log.setLevel(logging.CRITICAL)
    return known


def server(socket_file: Path, app: Callable[..., Any]) -> Server:
    """A server with THREADS threads on `socket_file`; start() runs it, stop() ends it."""
    made = Server(str(socket_file), app, numthreads=THREADS, request_queue_size=WAITING_MAX, timeout=TIME_LIMIT_S)
    made.max_request_header_size = 64 * 1024
    made.server_name = "mailroom"
    return made


def _error_page(status: str, **_: str) -> bytes:
    """What CherryPy refuses by itself, before we see it, or fails at: as our own problems, and without its name."""
    code = int(status[:3])
    sentence = "Something failed inside; the log has it." if code >= 500 else "This request is not valid."
    found = tools.told(Problem(sentence, code="internal" if code >= 500 else "invalid"))
    headers = cherrypy.serving.response.headers
    headers.clear()
    for name, value in {**tools.ALWAYS, **found.headers}.items():
        headers[name] = value
    if code >= 500:
        LOG.error("a request failed with %d before it was answered", code)
    return bytes(found.body)


class _Request(cherrypy._cprequest.Request):
    """CherryPy's request; its class decides what it answers before a dispatcher was asked."""

    show_tracebacks = False
    error_page: ClassVar[dict[str, Any]] = {"default": _error_page}

    def process_headers(self) -> None:
        """CherryPy decodes words as RFC 2047 has them: what cannot be decoded is the client's fault, not ours."""
        try:
            super().process_headers()
        except (LookupError, ValueError):
            raise cherrypy.HTTPError(400) from None


def _dispatch(path_info: str) -> None:
    """CherryPy's dispatcher: whatever the path, `_handle` answers, and nothing is read or guessed beforehand."""
    request = cherrypy.serving.request
    request.config = {"request.process_request_body": False, "response.stream": True, "request.show_tracebacks": False}
    request.handler = _handle


def _handle() -> Iterable[bytes]:
    request, response = cherrypy.serving.request, cherrypy.serving.response
    found = respond(_asking(request))
    # What nobody has read is read now: a connection that is closed before that loses the answer as well.
    while request.rfile.read(CHUNK):
        pass
    response.status = f"{found.status} {responses.get(found.status, '')}".strip()
    response.headers.clear()
    for name, value in {**tools.ALWAYS, **found.headers}.items():
        response.headers[name] = value
    length = len(found.body) if isinstance(found.body, bytes) else found.length
    if length is not None and found.status not in (204, 304):
        response.headers["Content-Length"] = str(length)
    return [found.body] if isinstance(found.body, bytes) else found.body


def _asking(request: Any) -> Asking:
    """CherryPy's request as ours. The path is taken as it was sent, because CherryPy leaves some of its %XX alone."""
    environment = request.wsgi_environ
    target = str(environment.get("REQUEST_URI", "/"))
    path, _, query = target.partition("?")
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    return Asking(
        side=headers.get("x-mailroom-side", ""),
        method=request.method,
        path=unquote(path, errors="replace"),
        query=query,
        headers=headers,
        stream=request.rfile,
        length=int(headers.get("x-mailroom-later") or headers.get("content-length") or 0),
        preflight="x-mailroom-later" in headers,
    )


def respond(asking: Asking) -> Answer:
    """API or file, below the side's base."""
    base = BASES.get(asking.side)
    if asking.side == PORTAL:
        asking.path = addresses.inside(asking.path, asking.headers.get("host", "")) or asking.path
    if base is None or not asking.path.startswith(base):
        return Answer(b"Not found\n", 404, {"Content-Type": "text/plain"})
    asking.path = asking.path.removeprefix(base)
    if asking.path.startswith(API):
        return tools.answer(asking)
    return files.answer(asking)
