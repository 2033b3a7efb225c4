"""Files and CGI programs of packages, under /webman/3rdparty/P: public, run as the owner of the file."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
from pathlib import Path

from dsmhost.http import Request, Response

THIRD_PARTY = "/webman/3rdparty/"
CHUNK = 64 * 1024
MISSING = Response(b"Not found", "text/plain", "404 Not Found")


def inside(root: Path, path: Path) -> Path | None:
    """Follow links as the machine sees them; the real file outside, or None when it leaves the machine."""
    for _ in range(20):
        for parent in [*reversed(path.relative_to(root).parents), path.relative_to(root)]:
            step = root / parent
            if step.is_symlink():
                target = step.readlink()
                rest = path.relative_to(step)
                path = (root / str(target).lstrip("/") if target.is_absolute() else step.parent / target) / rest
                break
        else:
            return path if path.exists() and ".." not in path.parts else None
    return None


async def run_cgi(
    root: Path, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Response | None:
    """Serve a file, or run x.cgi and stream what it says."""
    script, cgi, rest = request.path.partition(".cgi")
    shown = f"{script}{cgi}" if cgi else request.path
    if ".." in shown:
        return MISSING
    file = inside(root, root / "usr/syno/synoman" / shown.lstrip("/"))
    if file is None or not file.is_file():
        return MISSING
    if not cgi:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return Response(file.read_bytes(), kind)
    await _stream(root, file, request, shown, rest, reader, writer)
    return None


async def _stream(
    root: Path,
    file: Path,
    request: Request,
    shown: str,
    rest: str,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    owner = file.stat()
    become = [] if owner.st_uid == 0 else ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups", "--"]
    environment = [f"{name}={value}" for name, value in _environment(request, shown, rest).items()]
    inner = "/" + str(file.relative_to(root))
    program = await asyncio.create_subprocess_exec(
        "chroot", str(root), "/usr/bin/env", "-i", *environment, *become, inner,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=CHUNK * 4,
    )  # fmt: skip
    assert program.stdin and program.stdout
    feeding = asyncio.create_task(_feed(request.length, reader, program.stdin))
    gone = asyncio.create_task(_until_gone(feeding, reader))
    try:
        sending = asyncio.create_task(_send(program.stdout, writer))
        await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        sending.cancel()
    finally:
        gone.cancel()
        feeding.cancel()
        with contextlib.suppress(ProcessLookupError):
            program.kill()
        await program.wait()


async def _feed(length: int, reader: asyncio.StreamReader, stdin: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while length > 0 and (chunk := await reader.read(min(CHUNK, length))):
            stdin.write(chunk)
            await stdin.drain()
            length -= len(chunk)
        stdin.close()


async def _until_gone(feeding: asyncio.Task[None], reader: asyncio.StreamReader) -> None:
    """Until the browser closes its side."""
    await asyncio.wait((feeding,))
    while await reader.read(CHUNK):
        pass


async def _send(stdout: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = await stdout.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        writer.write(Response(b"The program gave no answer", "text/plain", "500 Internal Server Error").as_bytes())
        return
    status, lines = "200 OK", []
    for line in head.decode("latin-1").strip().split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "status":
            status = value.strip()
        else:
            lines.append(line)
    writer.write("\r\n".join([f"HTTP/1.1 {status}", *lines, "Connection: close", "", ""]).encode("latin-1"))
    while chunk := await stdout.read(CHUNK):
        writer.write(chunk)
        await writer.drain()


def _environment(request: Request, script: str, rest: str) -> dict[str, str]:
    """CGI/1.1 (RFC 3875), as DSM's nginx gives it."""
    known = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "PATH": "/sbin:/bin:/usr/sbin:/usr/bin",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query,
        "SCRIPT_NAME": script,
        "PATH_INFO": rest,
        "REMOTE_ADDR": request.address,
        "SERVER_ADDR": "127.0.0.1",
        "SERVER_NAME": "nas",
        "SERVER_PORT": "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(request.length) if request.length else "",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
    }
    passed = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    return {**passed, **known}
