"""No leaf of a message is lost to its reader: it is shown, used by what is shown, or listed (decision 0037)."""

from __future__ import annotations

import time
from typing import Any

import pytest

import mime_trees
from mailroom.web.portal import leaves, reading, split
from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.structure import Multipart, Part
from mime_trees import Holder, Leaf, Maker

SEED, COUNT = 20_261_130, 1_500


class Server:
    """Sections of one message, as IMAP gives them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.sections: dict[str, bytes] = {}
        self.asked: list[str] = []
        patch.setattr(mailbox, "whole_part", self.whole_part)
        patch.setattr(mailbox, "part", self.part)

    def whole_part(self, link: Any, uid: int, name: str, bytes_max: int) -> bytes:
        self.asked.append(name)
        return self.sections[name][:bytes_max]

    def part(self, link: Any, uid: int, name: str, offset: int, length: int) -> bytes:
        return self.sections[name][offset : offset + length]

    def read(self, structure: Any, **items: Any) -> tuple[str, dict[str, Any]]:
        """(the document, the facts) of a message."""
        known = {b"BODYSTRUCTURE": structure, **{name.encode(): value for name, value in items.items()}}
        message = reading.message(1, known)
        link: Any = None
        return reading.document(link, message, False, "light"), reading.view(link, message)

    def read_tree(self, tree: Leaf | Holder) -> tuple[str, dict[str, Any]]:
        mime_trees.raw(tree)
        self.sections = mime_trees.sections(tree)
        return self.read(mime_trees.structure(tree))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def test_no_leaf_is_lost_whatever_the_shape(server: Server) -> None:
    maker = Maker(SEED)
    for _ in range(COUNT):
        tree = maker.tree()
        body, facts = server.read_tree(tree)
        assert mime_trees.lost(tree, body, facts) == [], tree
        # Once each, and in their order.
        places = [body.index(leaf.word) for leaf in mime_trees.leaves(tree) if leaf.word and leaf.word in body]
        assert places == sorted(places)
        for leaf in mime_trees.leaves(tree):
            assert not leaf.word or body.count(leaf.word) <= 1


def test_no_leaf_is_lost_where_the_server_finds_no_parts(server: Server) -> None:
    """The same messages, raw, with a boundary that only we can read."""
    maker = Maker(SEED)
    for _ in range(COUNT):
        tree = maker.tree()
        if isinstance(tree, Leaf):
            continue
        mime_trees.raw(tree)
        server.sections = {"TEXT": tree.content}
        named = [b"boundary*", b"us-ascii''" + tree.boundary.encode()]
        body, facts = server.read([NOTHING, tree.kind.encode(), named, None, None, None])
        for leaf in mime_trees.leaves(tree):
            leaf.number = "TEXT:" + leaf.number.replace(".", ":")
        assert mime_trees.lost(tree, body, facts) == [], tree


NOTHING = [b"text", b"plain", [b"charset", b"us-ascii"], None, None, b"7bit", b"0", b"0", None, None, None, None]


def shown(server: Server, tree: Leaf | Holder) -> tuple[list[str], list[str]]:
    """(words that are shown, names of files that are listed) of a message."""
    body, facts = server.read_tree(tree)
    words = [leaf.word for leaf in mime_trees.leaves(tree) if leaf.word and leaf.word in body]
    return words, [one["name"] for one in facts["attachments"]]


def plain(word: str, **more: str) -> Leaf:
    return Leaf("text/plain", word, **more)


def page(word: str, *refers: str, **more: str) -> Leaf:
    return Leaf("text/html", word, refers=refers, **more)


def picture(cid: str = "", name: str = "") -> Leaf:
    return Leaf("image/png", "png", cid=cid, name=name)


def of(kind: str, *children: Leaf | Holder) -> Holder:
    return Holder(kind, list(children), f"edge-{kind}-{len(children)}-{id(children)}")


@pytest.mark.parametrize(
    ("tree", "words", "files"),
    [
        (of("mixed", plain("one"), picture(name="a.png"), plain("two")), ["one", "two"], ["a.png"]),
        (of("mixed", page("one"), picture(name="a.png"), page("two")), ["one", "two"], ["a.png"]),
        (of("mixed", plain("one"), page("report", name="report.html")), ["one"], ["report.html"]),
        (of("mixed", plain("one"), page("footer")), ["one", "footer"], []),
        (of("mixed", plain(""), page("two")), ["two"], []),
        (of("mixed", plain("", name="a.txt"), picture(name="a.png")), [], ["a.png"]),
        (of("alternative", plain("one"), page("two")), ["two"], []),
        (of("alternative", page("one"), plain("two")), ["two"], []),
        (of("alternative", plain("one"), page("")), ["one"], []),
        (of("alternative", plain("one"), page("two"), Leaf("text/calendar", "cal")), ["two"], ["invite.ics"]),
        (of("alternative", plain("one"), of("mixed", page("two"), picture(name="a.png"))), ["two"], ["a.png"]),
        (of("alternative", of("mixed", plain("one"), picture(name="a.png")), page("two")), ["two"], ["a.png"]),
        (of("alternative", picture(name="a.png")), [], ["a.png"]),
        (of("related", page("one", "x@y"), picture("x@y", "l.png")), ["one"], []),
        (of("related", page("one"), picture("x@y", "l.png")), ["one"], ["l.png"]),
        (of("related", page("one", "x@y"), picture("x@y"), plain("two")), ["one"], ["part-3.txt"]),
        (of("related", picture("x@y", "l.png"), page("one", "x@y")), ["one"], []),
        (of("mixed", page("one", "x@y"), picture("x@y", "l.png")), ["one"], []),
        (Leaf("text/calendar", "cal"), ["cal"], ["invite.ics"]),
        (Leaf("text/markdown", "md"), ["md"], ["part-1.md"]),
        (plain("one", name="a.txt"), ["one"], []),
        (plain("one", disposition="attachment"), [], ["part-1.txt"]),
        (of("mixed", Leaf("text/csv", "row"), Leaf("text/vcard", "")), ["row"], ["table.csv", "contact.vcf"]),
        (
            of("report", plain("one"), Leaf("message/delivery-status", "4711"), Leaf("text/rfc822-headers", "4712")),
            ["one"],
            ["delivery-status.txt", "headers.txt"],
        ),
        (of("signed", plain("one"), Leaf("application/pgp-signature", "sig4711")), ["one"], ["signature.asc"]),
    ],
)  # fmt: skip
def test_what_becomes_of_each(server: Server, tree: Leaf | Holder, words: list[str], files: list[str]) -> None:
    assert shown(server, tree) == (words, files)


def test_plain_text_is_that_of_all_that_is_shown(server: Server) -> None:
    _, facts = server.read_tree(of("mixed", of("alternative", plain("one"), page("two")), page("three")))
    assert facts["text"].split() == ["one", "three"]


@pytest.mark.parametrize("name", [b"cid:x%40y", b"cid:x@y", b"CID:x@y"])
def test_a_picture_is_found_however_its_url_is_written(server: Server, name: bytes) -> None:
    tree = of("related", page("one"), picture("x@y", "l.png"))
    mime_trees.raw(tree)
    server.sections = mime_trees.sections(tree) | {"1": b'<img src="%b">' % name}
    body, facts = server.read(mime_trees.structure(tree))
    assert 'src="parts/2"' in body and facts["attachments"] == []
    assert facts["pictures"] == [{"part": "2", "name": "l.png", "type": "image/png", "size": 3}]


@pytest.mark.parametrize("structure", [[b"text", b""], [b"", b""], [b"", b"plain"], [None, None], []])
def test_a_type_that_is_none_is_plain_text(server: Server, structure: list[Any]) -> None:
    server.sections = {"1": b"body words"}
    body, facts = server.read([*structure, None, None, None, b"7bit", b"10", b"1"] if structure else [])
    assert "body words" in body and facts["attachments"] == [] and "body words" in facts["text"]


@pytest.mark.parametrize(
    ("parameters", "content", "words"),
    [
        ([b"boundary*", b"us-ascii''b%20x"], b"--b x\r\n\r\ninside\r\n--b x--\r\n", "inside"),
        ([b"boundary*0", b"ab", b"boundary*1*", b"%63d"], b"--abcd\n\ninside\n--abcd--", "inside"),
        (None, b"just words", "just words"),
        (None, b"--found\nContent-Type: text/html\n\n<b>inside</b>\n--found--\n", "<b>inside</b>"),
        ([b"boundary", b"aa"], b"--bb\n\ninside\n--bb--\n", "inside"),
        ([b"boundary", b"aa"], b"a preamble alone\n--aa--\n", "a preamble alone"),
        ([b"boundary", b"aa"], b"--aa\n\nnever ended", "never ended"),
        ([b"boundary", b"aa"], b"--aa\nno header but words\n--aa--", "no header but words"),
    ],
)
def test_parts_that_the_server_did_not_find(server: Server, parameters: Any, content: bytes, words: str) -> None:
    server.sections = {"TEXT": content}
    body, facts = server.read([NOTHING, b"mixed", parameters, None, None, None])
    assert words in body and facts["attachments"] == []
    assert "us-ascii" not in body


def test_a_file_in_parts_that_the_server_did_not_find_is_whole(server: Server) -> None:
    content = b"--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/x-y;\n"
    content += b" name*=utf-8''%C3%A4.bin\nContent-Transfer-Encoding: base64\n\nAAEC\n\n--b--\n--a--\n"
    server.sections = {"1": content}
    structure = [[NOTHING, b"mixed", [b"boundary*", b"''a"], None], b"mixed", [b"boundary", b"z"]]
    _, facts = server.read(structure)
    assert [(one["part"], one["name"]) for one in facts["attachments"]] == [("1:1:1", "ä.bin")]
    message = reading.message(1, {b"BODYSTRUCTURE": structure})
    link: Any = None
    part, pieces = reading.attachment(link, message, "1:1:1")
    assert (part.kind, b"".join(pieces)) == ("application/x-y", b"\0\1\2")


def test_what_is_nested_too_deeply_or_too_much_is_a_file(server: Server) -> None:
    deep: Any = [b"text", b"plain", None, None, None, b"7bit", b"4", b"1"]
    for _ in range(200):
        deep = [deep, b"mixed", None]
    leaf = [b"text", b"plain", None, None, None, b"7bit", b"4", b"1"]
    server.sections = {str(at): b"word" for at in range(2_000)}
    for structure in (deep, [*[leaf] * 1_500, b"mixed", None]):
        _, facts = server.read(structure)
        assert [one["name"] for one in facts["attachments"]] == ["message.txt"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/plain", b"line of words\r\n" * 400_000),
        ("text/html", b"<p>Before.</p>" + (b"<p>" + b"more words " * 100 + b"</p>") * 3_000),
        ("text/html", b"<p>Before.</p><a title='" + b"x" * 5_000_000 + b"'>AFTER</a>"),
        ("text/html", b'<p>Before.</p><img src="data:image/png;base64,' + b"A" * 5_000_000 + b'"><p>AFTER</p>'),
    ],
    ids=["plain", "many", "tag", "picture"],
)
def test_what_is_too_long_ends_at_a_whole_line_or_element_and_says_so(
    server: Server, kind: str, content: bytes
) -> None:
    server.sections = {"1": content}
    main, _, sub = kind.encode().partition(b"/")
    body, facts = server.read([main, sub, None, None, None, b"8bit", str(len(content)).encode(), b"1"])
    assert facts["truncated"] and [one["part"] for one in facts["attachments"]] == ["1"]
    assert body.endswith(f"<pre>{reading.CUT}</pre></body></html>")
    before = body[: body.rindex("<pre>")]
    assert before.endswith(("line of words\r\n</pre>", "</p>")), before[-100:]
    assert "xxxx" not in body and "AAAA" not in body


def test_a_large_picture_inside_a_text_hides_nothing(server: Server) -> None:
    picture = b"A" * 1_070_000
    content = b'<p>Before.</p><img src="data:image/png;base64,' + picture + b'"><p>AFTER</p>'
    server.sections = {"1": content}
    body, facts = server.read([b"text", b"html", None, None, None, b"8bit", b"9", b"1"])
    assert picture.decode() in body and body.index("Before.") < body.index("AFTER")
    assert not facts["truncated"] and facts["attachments"] == [] and "AFTER" in facts["text"]


def test_of_fields_that_must_be_there_once_the_first_counts(server: Server) -> None:
    header = (
        b"From: first@b.example\r\nfrom: second@b.example\r\nSubject: first\r\n and more\r\nSUBJECT: second\r\n"
        b"Date: Mon, 30 Nov 2026 10:00:00 +0000\r\nDate: Tue, 1 Dec 2026 10:00:00 +0000\r\n\r\n"
    )
    first, second = ([None, None, name, b"b.example"] for name in (b"first", b"second"))
    envelope = [b"Tue, 1 Dec 2026 10:00:00 +0000", b"second", [first, second], *[None] * 7]
    items = {b"ENVELOPE": envelope, b"BODY[HEADER.FIELDS (FROM SUBJECT DATE)]": header, b"BODYSTRUCTURE": NOTHING}
    server.sections = {"1": b""}
    link: Any = None
    facts = reading.view(link, reading.message(1, items))
    assert (facts["from"]["address"], facts["subject"]) == ("first@b.example", "first and more")
    assert facts["date"] == "2026-11-30T10:00:00+00:00" and facts["repeated"] == ["from", "subject", "date"]
    row = reading.row(1, items)
    assert [row[name] for name in ("from", "subject", "date")] == [facts[name] for name in ("from", "subject", "date")]


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (b"Mon, 30 Nov 2026 10:00:00 -0000", "2026-11-30T10:00:00+00:00"),
        (b"Mon, 30 Nov 2026 10:00:00", "2026-11-30T10:00:00+00:00"),
        (b"Mon, 30 Nov 2026 10:00:00 CET", "2026-11-30T10:00:00+00:00"),
        (b"Mon, 30 Nov 2026 10:00:00 CEST", "2026-11-30T10:00:00+00:00"),
        (b"Mon, 30 Nov 2026 10:00:00 GMT+0100", "2026-11-30T10:00:00+00:00"),
        (b"Mon, 30 Nov 2026 10:00:00 X", "2026-11-30T10:00:00+00:00"),
        (b"30 Nov 26 10:00 UT", "2026-11-30T10:00:00+00:00"),
        (b"Mon, 30 Nov 2026 10:00:00 +0100", "2026-11-30T10:00:00+01:00"),
        (b"Mon, 30 Nov 2026 10:00:00 EST", "2026-11-30T10:00:00-05:00"),
        (b"Mon, 30 Nov 2026 10:00:00 +9999", "2026-11-29T09:00:00+00:00"),
        (b"yesterday", "2026-11-29T09:00:00+00:00"),
    ],
)
def test_every_date_has_a_zone(server: Server, sent: bytes, meant: str) -> None:
    items = {b"ENVELOPE": [sent, *[None] * 9], b"INTERNALDATE": b"29-Nov-2026 09:00:00 +0000"}
    assert reading.message(1, items).date == meant


def test_pieces_of_a_boundary_are_found_in_time_that_grows_with_length() -> None:
    """CPU time of four times as much, with room for a busy machine."""
    for piece in (b"--a\n", b"--a", b"\n--a", b"\n", b"--", b"--a\nContent-Type: multipart/mixed; boundary=a\n\n"):
        taken = []
        for size in (250_000, 1_000_000):
            began = time.process_time()
            split.split(Multipart("", "mixed", (), "a"), piece * (size // len(piece)))
            taken.append(time.process_time() - began)
        assert taken[1] < 10 * taken[0] + 0.1, (piece, taken)


def test_every_text_kind_has_a_name_as_a_file() -> None:
    names = {leaves.file_name(Part("2", kind)) for kind in (*leaves.FILE_NAMES, *leaves.ENDINGS, "text/x-rst", "a/b+c")}
    assert all(name.count(".") == 1 and "/" not in name for name in names), names
    assert leaves.file_name(Part("2", "message/rfc822", title="Offer 4711")) == "Offer 4711.eml"
