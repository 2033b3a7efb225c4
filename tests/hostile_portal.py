"""What the portal reads of mail, of mail servers and of browsers (see hostile.py)."""

from __future__ import annotations

from hostile import parser, text
from mailroom.core.problems import Problem
from mailroom.web.portal import (
    balanced,
    contents,
    drafts,
    html,
    reading,
    sessions,
    split,
    transfer,
    uploads,
    words,
    writing,
)
from mailroom.web.portal.imap import structure, tokens, utf7

HTML_UNITS = (
    b"<p>x", b"<b id=1>", b"<b><p>", b"<div></x>", b"<div>", b"<ul></x><li>", b"<table><tr><td>", b"<svg></x>",
    b"<!-- ", b"<style>", b"<a href=x>", b"</p>", b"</div>", b"<p a=\"'>", b'<p style="a:b;', b'<p style="a:url(a)">',
    b"<br ",    b"<select>", b"<template>", b"http://a.example/ ", b"http://!", b"<td></div>", b"<b></i>",
)  # fmt: skip
OPEN = b"".join(b"<b id=%d>" % number for number in range(400))
DEEP = b"<div>" * 90
WIDE = b"<p " + b" ".join(b"a%d=1" % number for number in range(600)) + b">"


@parser("web.portal.html", own=HTML_UNITS, before=(b"", OPEN, DEEP, WIDE, b'<!-- <p a="', b"<table><tr><td>"))
def clean(content: bytes) -> object:
    return html.clean(content.decode("latin-1"), {}, remote=True).body


@parser("web.portal.html", own=HTML_UNITS, before=(b"", OPEN))
def plain_text(content: bytes) -> object:
    return html.plain_text(content.decode("latin-1"))


@parser("web.portal.html", own=(b"http://a.example/ ", b"http://", b"https://a.", b"http://a)"))
def from_text(content: bytes) -> object:
    return html.from_text(content.decode("latin-1"))


@parser("web.portal.html", bytes_max=100_000, own=(b"/*", b"/**/", b"url(", b"url('a')", b"\\72", b"a:b;", b"a(", b"("))
def style(content: bytes) -> object:
    return html.style(content.decode("latin-1"), lambda url: url)


@parser("web.portal.balanced", own=HTML_UNITS, before=(b"", OPEN, DEEP), refuses=(balanced.TooMuch,))
def rewritten(content: bytes) -> object:
    return balanced.balanced(content.decode("latin-1"), html._tags(), 2_000_000)


@parser("web.portal.words", own=(b"=?utf-8?q?=C3=A9?= ", b"=?utf-8?b?w6k=?= ", b"=?", b"?=", b"=?a?q?", b"=?x-1?q?a?="))
def header(content: bytes) -> object:
    return words.header(content)


@parser("web.portal.words", before=(b"utf-8''", b"'", b""), own=(b"%C3%A9", b"''"))
def parameter(content: bytes) -> object:
    return [
        words.parameter({"name*": content}, "name"),
        words.parameter({"name*0*": content, "name*1": content}, "name"),
    ]


@parser("web.portal.words")
def charsets(content: bytes) -> object:
    return [
        len(words.text(content, name)) for name in ("utf-8", "iso-2022-jp", "utf-7", "hz", "euc-kr", "x-none", "utf-16")
    ]


@parser("web.portal.imap.tokens", refuses=(tokens.Garbled,),
        own=(b"()", b"[]", b'"a" ', b"{1}\r\na", b"NIL ", b"a[", b"]"),
        before=(b"* 1 FETCH (", b'* 1 FETCH ("', b"* OK [", b"a BAD ", b""), grows=40)  # fmt: skip
def responses(content: bytes) -> object:
    incoming = tokens.Incoming()
    count = 0
    for at in range(0, len(content), 65_536):
        incoming.feed(content[at : at + 65_536])
        while incoming.take() is not None:
            count += 1
    return [count, len(tokens.parse(content.replace(b"\r\n", b"  ")).values)]


@parser("web.portal.imap.utf7", own=(b"&AOk-", b"&-", b"&A", b"-"), refuses=(UnicodeError,))
def folder_name(content: bytes) -> object:
    return [utf7.decode(content), utf7.encode(content.decode("latin-1"))]


@parser("web.portal.imap.structure", own=(b"a",))
def body_structure(content: bytes) -> object:
    values = [content[at : at + 8] for at in range(0, len(content), 8)]
    deep: list[object] = [b"text", b"plain", values, None, None, b"7bit", b"1"]
    for _ in range(200):
        deep = [deep, b"mixed"]
    return len(
        list(
            structure.leaves(
                structure.tree([deep, *[[b"image", b"png", values[:20]] for _ in range(len(values) // 20)], b"mixed"])
            )
        )
    )


@parser("web.portal.reading", own=(b"=?utf-8?q?a?= ",))
def row(content: bytes) -> object:
    who = [[content[at : at + 2_000], None, content[:200], b"example.com"] for at in range(0, len(content), 2_000)]
    return reading.row(1, {b"ENVELOPE": [content[:200], content, who, who, who, who, who, who, b"", b""]})


@parser("web.portal.transfer", own=(b"=\r\n", b"=C3=A9", b"=A", b"M" + b"a" * 60 + b"\n"), grows=3,
        before=(b"", b"begin 644 a\n", b"begin "))  # fmt: skip
def transfer_encoding(content: bytes) -> object:
    raw = [content[at : at + 65_536] for at in range(0, len(content), 65_536)]
    names = ("base64", "quoted-printable", "x-uuencode", "7bit")
    return [sum(map(len, transfer.pieces(raw, name))) for name in names]


FOLDED = b"Content-Type: a\n"


@parser("web.portal.split", before=(b"", b"--b\n", b"--b\n" + FOLDED), after=(b"", b"\n--b--\n"),
        own=(b"--b", b"--b\n", b"\n--b\n", b" \n", b" a\n", b"--b\n" + FOLDED + b"\n", b"\n--b "))  # fmt: skip
def split_multipart(content: bytes) -> object:
    node = structure.Multipart("1", "mixed", (), "b", "")
    return type(split.split(node, content)).__name__


@parser("web.portal.split", own=(b'\\"', b";a=b"), before=(b"", b'"', b"text/plain; a="))
def header_value(content: bytes) -> object:
    return len(split.valued(content)[1])


PICTURE = b"<img src=data:image/png;base64," + b"A" * 2_100


@parser("web.portal.contents", own=(PICTURE, PICTURE + b">", b"data:image/png;base64,"))
def cut_text(content: bytes) -> object:
    found = content.decode("latin-1")
    return [len(contents.html_cut(found, is_cut=True).content), len(contents.text_cut(found, is_cut=True).content)]


@parser("web.portal.sessions", bytes_max=65_536, before=(b"mailroom=", b""), own=(b"mailroom=a:", b"; a=b"))
def cookie(content: bytes) -> object:
    return sessions.from_cookie(text(content))


@parser("web.portal.uploads", bytes_max=65_536)
def file_name(content: bytes) -> object:
    return uploads.plain_name(text(content))


@parser("web.portal.writing", refuses=(Problem,), before=(b"", b'"', b"a <"), after=(b"", b">", b"@b.example>"),
        own=(b"a@b.", b"a-."), bytes_max=900_000)  # fmt: skip
def recipient(content: bytes) -> object:
    return str(writing.address(text(content), "to"))


@parser("web.portal.drafts", bytes_max=reading.HEADER_BYTES_MAX,
        before=(b"X-Mailroom-To: ", b"Bcc: ", b"References: ", b"X-Mailroom-Answers: {", b""),
        own=(b"<a@b.example> ", b"[", b'["', b'"a", ', b'"a <a@b.example>", ', b"\r\n "))  # fmt: skip
def draft_fields(content: bytes) -> object:
    fields = reading.header_fields(content)
    people = drafts._people({"to": [], "cc": []}, fields)
    return [people, drafts._answers(fields), drafts._references(fields), drafts._ids(fields, [], 1, 1)]
