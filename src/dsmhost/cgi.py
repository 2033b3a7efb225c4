"""Files and CGI programs of packages, under /webman/3rdparty/P: public, run as the owner of the file."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import os
import signal
from pathlib import Path

from dsmhost.http import Request, Response

CHUNK = 64 * 1024
# After its answer a program may tidy up for a while.
LEAVE_S = 10.0
LINGER_S = 5.0
LINKS_MAX = 20
MISSING = Response(b"Not found", "text/plain", "404 Not Found")
NO_ANSWER = Response(b"The program gave no answer", "text/plain", "502 Bad Gateway")


def inside(root: Path, path: Path) -> Path | None:
    """Follow links as the machine sees them; the real file outside, or None when there is none."""
    for _ in range(LINKS_MAX):
        steps = [*[root / parent for parent in reversed(path.relative_to(root).parents)][1:], path]
        link = next((step for step in steps if step.is_symlink()), None)
        if link is None:
            return path if path.exists() else None
        target = link.readlink()
        whole = target if target.is_absolute() else "/" / link.parent.relative_to(root) / target
        # Nothing is above the machine's root.
        path = root / os.path.normpath(f"/{whole}/{path.relative_to(link)}").lstrip("/")
    return None


async def run_cgi(
    root: Path, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Response | None:
    """Serve a file, or run x.cgi and stream what it says."""
    script, cgi, rest = request.path.partition(".cgi")
    if cgi and rest and not rest.startswith("/"):
        script, cgi, rest = request.path, "", ""
    shown = f"{script}{cgi}"
    if ".." in shown.split("/") or "\0" in shown:
        return MISSING
    file = inside(root, root / "usr/syno/synoman" / shown.lstrip("/"))
    if file is None or not file.is_file():
        return MISSING
    if not cgi:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return Response(await asyncio.to_thread(file.read_bytes), kind)
    await _stream(root, file, environment(request, shown, rest), request.length, reader, writer)
    return None


async def _stream(
    root: Path,
    file: Path,
    known: dict[str, str],
    length: int,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    owner = file.stat()
    # The owner's groups too: what join-groupname gives is of use to CGI programs first of all.
    become = ("setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--init-groups", "--")
    program = await asyncio.create_subprocess_exec(
        "chroot", str(root), *(become if owner.st_uid else ()), f"/{file.relative_to(root)}",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=CHUNK * 4, env=known,
        start_new_session=True,
    )  # fmt: skip
    assert program.stdin and program.stdout
    feeding = asyncio.create_task(_feed(length, reader, program.stdin))
    gone = asyncio.create_task(_until_gone(feeding, reader))
    sending = asyncio.create_task(_send(program.stdout, writer))
    try:
        await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        if sending.done() and not sending.exception():
            with contextlib.suppress(OSError):
                await _leave(gone if length else None, writer)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(program.wait(), LEAVE_S)
    finally:
        for task in (sending, gone, feeding):
            task.cancel()
        # With it go its own children: a client that leaves ends all of it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        await program.wait()


async def _leave(gone: asyncio.Task[None] | None, writer: asyncio.StreamWriter) -> None:
    """Close as nginx does: who is still sending a body first gets time to read the answer (lingering_close)."""
    if gone and writer.can_write_eof():
        writer.write_eof()
        await asyncio.wait((gone,), timeout=LINGER_S)
    writer.close()


async def _feed(length: int, reader: asyncio.StreamReader, stdin: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while length > 0 and (chunk := await reader.read(min(CHUNK, length))):
            stdin.write(chunk)
            await stdin.drain()
            length -= len(chunk)
    with contextlib.suppress(OSError):
        stdin.close()


async def _until_gone(feeding: asyncio.Task[None], reader: asyncio.StreamReader) -> None:
    """Until the browser closes its side."""
    await asyncio.wait((feeding,))
    with contextlib.suppress(OSError):
        while await reader.read(CHUNK):
            pass


async def _send(stdout: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    status, lines = "200 OK", []
    try:
        # The head ends with an empty line, whichever line ends the program uses.
        while line := (await stdout.readuntil(b"\n")).decode("latin-1").rstrip("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "status":
                status = value.strip()
            else:
                lines.append(line)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        writer.write(NO_ANSWER.as_bytes())
        return
    writer.write("\r\n".join([f"HTTP/1.1 {status}", *lines, "Connection: close", "", ""]).encode("latin-1"))
    while chunk := await stdout.read(CHUNK):
        writer.write(chunk)
        await writer.drain()


def environment(request: Request, script: str, rest: str) -> dict[str, str]:
    """CGI/1.1 (RFC 3875), as DSM's nginx gives it. What a browser sends can only make HTTP_ names."""
    host, _, port = request.headers.get("host", "nas").partition(":")
    known = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "PATH": "/sbin:/bin:/usr/sbin:/usr/bin",
        "REQUEST_METHOD": request.method,
        "REQUEST_URI": request.target,
        "QUERY_STRING": request.query,
        "SCRIPT_NAME": script,
        "PATH_INFO": rest,
        "REMOTE_ADDR": request.address,
        "SERVER_ADDR": request.server,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "nginx",
        "CONTENT_LENGTH": str(request.length) if request.length else "",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
    }
    # httpoxy: "Proxy" must not become HTTP_PROXY.
    named = {name: value for name, value in request.headers.items() if name not in ("proxy", "content-length")}
    passed = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in named.items()}
    return {**passed, **known}
