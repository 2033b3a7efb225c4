"""Parts of a multipart that the server could not find: its boundary in RFC 2231's form, none, or a wrong one.

What has no parts here either is one plain text, so that nothing of it is lost to the reader.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailroom.web.portal.imap.structure import Multipart, Node, Part, kind_of, multipart_facts, part_facts

DEPTH_MAX = 8
PARTS_MAX = 200
HEADER_BYTES_MAX = 64 * 1024
BOUNDARY_MAX = 200
BLANKS = b" \t\r"
FIELDS = ("content-type", "content-transfer-encoding", "content-disposition", "content-id")


def split(node: Multipart, content: bytes) -> Node:
    """The multipart with the parts of its content, numbered below its own section; or its content as a text."""
    return _multipart(node.section, node.kind, node.boundary, node.start, content, 0)


def whole(content: bytes) -> Node:
    """A whole message with its header, as it lies on a disk."""
    return _part("1", content, "text/plain", 0)


def _multipart(number: str, kind: str, boundary: str, start: str, content: bytes, depth: int) -> Node:
    found: list[bytes] = []
    if depth < DEPTH_MAX:
        given = boundary.encode("utf-8", "replace")
        found = list(_pieces(content, given)) or list(_pieces(content, _boundary_in(content)))
    if not found:
        return Part(number, "text/plain", size=len(content), raw=content)
    default = "message/rfc822" if kind == "digest" else "text/plain"
    children = tuple(_part(f"{number}:{turn}", piece, default, depth + 1) for turn, piece in enumerate(found, 1))
    return Multipart(number, kind, children, boundary, start)


def _pieces(content: bytes, boundary: bytes) -> Iterator[bytes]:
    """What stands between the lines of a boundary (RFC 2046 5.1.1), without the line end before each."""
    if not boundary:
        return
    mark, start, count = b"--" + boundary, -1, 0
    at = 0 if content.startswith(mark) else _next(content, mark, 0)
    while at >= 0:
        line = content[at + len(mark) : at + len(mark) + BOUNDARY_MAX].partition(b"\n")[0]
        rest = line.strip(BLANKS)
        if rest in (b"", b"--"):
            if start >= 0:
                yield content[start:at].removesuffix(b"\n").removesuffix(b"\r")
                count += 1
            start = at + len(mark) + len(line) + 1
            # The last piece that is taken is the rest of all.
            if rest or count == PARTS_MAX:
                break
        at = _next(content, mark, at + len(mark))
    if 0 <= start < len(content) and (at < 0 or count == PARTS_MAX):
        yield content[start:]


def _next(content: bytes, mark: bytes, at: int) -> int:
    """Where the next line begins that begins so, or -1."""
    found = content.find(b"\n" + mark, at)
    return found + 1 if found >= 0 else -1


def _boundary_in(content: bytes) -> bytes:
    """The first line that looks like a boundary, if the same one ends the content."""
    for line in content[:HEADER_BYTES_MAX].split(b"\n"):
        if line.startswith(b"--") and 2 < len(line := line.rstrip(BLANKS)) <= BOUNDARY_MAX:
            return line[2:] if b"\n" + line + b"--" in content else b""
    return b""


def _part(number: str, piece: bytes, default: str, depth: int) -> Node:
    fields, content = _headed(piece)
    kind, parameters = valued(fields.get("content-type", b""))
    disposition, given = valued(fields.get("content-disposition", b""))
    main, _, sub = (kind or default).partition("/")
    if main == "multipart" and sub:
        facts = multipart_facts(parameters)
        return _multipart(number, sub, facts["boundary"], facts["start"], content, depth)
    return Part(
        number=number,
        kind=kind_of(main, sub),
        encoding=valued(fields.get("content-transfer-encoding", b""))[0] or "7bit",
        size=len(content),
        cid=fields.get("content-id", b"").decode("utf-8", "replace").strip().strip("<>"),
        raw=content,
        **part_facts(parameters, disposition, given),
    )


def _headed(piece: bytes) -> tuple[dict[str, bytes], bytes]:
    """(the fields that matter, the content) of a part."""
    at, fields, name = 0, dict[str, bytes](), ""
    while at < min(len(piece), HEADER_BYTES_MAX):
        end = piece.find(b"\n", at)
        end = len(piece) if end < 0 else end + 1
        line = piece[at:end].rstrip(b"\r\n")
        if not line:
            return fields, piece[end:]
        if line[:1] in (b" ", b"\t"):
            if name in fields:
                fields[name] += line
        else:
            key, colon, value = line.partition(b":")
            if not colon:
                # No header at all.
                return fields, piece[at:]
            name = key.strip().decode("ascii", "replace").lower()
            if name in FIELDS and name not in fields:
                fields[name] = value.strip()
            else:
                name = ""
        at = end
    return fields, piece[at:]


def valued(field: bytes) -> tuple[str, dict[str, bytes]]:
    """(value in lower case, parameters) of a field like Content-Type; its quotes are taken off."""
    pieces, current, quoted, escaped = [], bytearray(), False, False
    for byte in field[:HEADER_BYTES_MAX]:
        if escaped:
            current.append(byte)
            escaped = False
        elif quoted and byte == ord("\\"):
            escaped = True
        elif byte == ord('"'):
            quoted = not quoted
        elif byte == ord(";") and not quoted:
            pieces.append(bytes(current))
            current.clear()
        else:
            current.append(byte)
    value, *rest = [*pieces, bytes(current)]
    pairs = (one.partition(b"=") for one in rest)
    parameters = {name.strip().decode("ascii", "replace").lower(): text.strip() for name, _, text in pairs}
    return value.strip().decode("ascii", "replace").lower(), parameters
