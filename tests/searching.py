"""Made-up mails and IMAP searches over them, the same for the same seed (RFC 3501 6.4.4)."""

from __future__ import annotations

import base64
import html
import quopri
import random
import unicodedata
from email.header import Header

# Words of many scripts; a ligature, a Roman numeral, wide digits and a letter beyond the basic plane among them.
SCRIPTS = (
    "invoice Rechnung Prüfbericht größer Straße naïve façade Ærø Łódź jalapeño tiếng Việt được ngày 請求書 図書館"
    " 味噌煮 ありがとう カタカナ 北京大学 发票 宾馆 강남구청역 날씨 Привет договор Ωμέγα ben fi b a@b x.y"
    " 2026-11-30 100% #7 A&B order table border left don't (note) a/b C++ \ufb01ne \u2167 \uff11\uff12 \U0001f600"
)
WORDS = SCRIPTS.split()
NAMES = ("Ben Fi", "Jörg Müller", "田中", "김철수", "O'Neil, Pat", "Bob", "Anna (work)", "李小龙")
TAGS = ("b", "i", "span", "font", "o:p", "a")
BREAKS = ("<br>", "</p><p>", "<td>", "<div class=order>", "<!-- border -->", "<style>p{left:0}</style>", "\r\n\t ")
FIELDS = ("Subject", "From", "X-Note", "X-Nope")
KEYS = ("FROM", "TO", "CC", "SUBJECT", "TEXT", "BODY", *(f"HEADER {name}" for name in FIELDS))
ENCODINGS = ("8bit", "base64", "quoted-printable")


def form(chance: random.Random, text: str) -> str:
    """The same letters, composed or decomposed."""
    return unicodedata.normalize(chance.choice(("NFC", "NFD")), text)


def words(chance: random.Random, least: int, most: int) -> str:
    """Some words in a row."""
    signs = (" ", " ", " ", "  ", "", ", ", ": ", "\r\n", "。")
    return "".join(
        form(chance, chance.choice(WORDS)) + chance.choice(signs) for _ in range(chance.randint(least, most))
    )


def reference(chance: random.Random, letter: str) -> str:
    """A letter as HTML may write it."""
    number = ord(letter)
    named = [f"&{name}" for name, text in html.entities.html5.items() if text == letter and name.endswith(";")]
    ways = [f"&#{number};", f"&#x{number:x};", html.escape(letter), *sorted(named)[:1]]
    return chance.choice(ways)


def hypertext(chance: random.Random, text: str) -> str:
    """HTML that reads like this text: character references, tags inside of words, soft hyphens, breaks between them."""
    out = []
    for letter in text:
        roll = chance.random()
        if letter in "\r\n ":
            out.append(chance.choice(BREAKS) if roll < 0.2 else letter)
        elif letter in '<>&"' or roll < 0.1:
            out.append(reference(chance, letter))
        elif roll < 0.16:
            tag = chance.choice(TAGS)
            out.append(f'<{tag} title="a > b" class=border>{letter}</{tag}>')
        elif roll < 0.18:
            out.append(f"&shy;{letter}")
        else:
            out.append(letter)
    return f"<html><head><title>t</title></head><body><p>{''.join(out)}</p></body></html>"


def part(chance: random.Random, text: str) -> bytes:
    """One part with its header: plain or HTML, in any transfer encoding, or a text file."""
    kind = chance.choice(("text/plain", "text/html", "text/html", "text/csv"))
    content = (hypertext(chance, text) if kind == "text/html" else text).encode()
    encoding = chance.choice(ENCODINGS)
    if encoding == "base64":
        content = base64.encodebytes(content).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        content = quopri.encodestring(content).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    head = f'Content-Type: {kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n'
    if kind == "text/csv":
        head += f"Content-Disposition: attachment; filename*=utf-8''{quopri.quote(b'x').decode()}order.csv\r\n"
    return head.encode() + b"\r\n" + content + b"\r\n"


def encoded(chance: random.Random, text: str) -> str:
    """A header's text as RFC 2047 writes it, or raw UTF-8 as some write it."""
    text = " ".join(text.split()) or "-"
    return text if chance.random() < 0.2 else Header(text, "utf-8", maxlinelen=60).encode(linesep="\r\n")


def address(chance: random.Random) -> str:
    """One address: with a name, a comment or neither."""
    name, box = (
        chance.choice(NAMES),
        f"{chance.choice(('ben', 'fi', 'bob', 'anna'))}@{chance.choice(('world', 'b'))}.example",
    )
    ways = (box, f"<{box}>", f"{box} ({name.replace('(', '').replace(')', '')})", f"{encoded(chance, name)} <{box}>")
    return chance.choice(ways)


def mail(chance: random.Random, number: int) -> bytes:
    """One message."""
    text = words(chance, 0, 30)
    if chance.random() < 0.05:
        # Longer than what is read at once.
        text = words(chance, 3000, 5000)
    head = [f"From: {address(chance)}", f"To: {', '.join(address(chance) for _ in range(chance.randint(1, 3)))}"]
    if chance.random() < 0.5:
        head.append(f"Cc: {address(chance)}")
    if chance.random() < 0.9:
        head.append(f"Subject: {encoded(chance, words(chance, 0, 5))}{chance.choice(('', '  double  space', ''))}")
    if chance.random() < 0.3:
        head += [f"X-Note: {encoded(chance, words(chance, 1, 3))}" for _ in range(chance.randint(1, 2))]
    head += [f"Message-ID: <{number}@world.example>", "MIME-Version: 1.0"]
    start = "\r\n".join(head).encode() + b"\r\n"
    roll = chance.random()
    if roll < 0.5:
        return start + part(chance, text)
    if roll < 0.6:
        inner = b"Subject: " + encoded(chance, words(chance, 1, 3)).encode() + b"\r\n" + part(chance, text)
        return start + b"Content-Type: message/rfc822\r\n\r\n" + inner
    parts = [part(chance, text), part(chance, words(chance, 0, 10))]
    parts.append(b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nb3JkZXI=\r\n")
    body = b"".join(b"--cut\r\n" + one for one in parts)
    return start + b"Content-Type: multipart/mixed; boundary=cut\r\n\r\nborder\r\n" + body + b"--cut--\r\nepilogue\r\n"


def mails(seed: int, count: int) -> list[bytes]:
    """So many messages."""
    chance = random.Random(seed)
    return [mail(chance, number) for number in range(count)]


def text_for(chance: random.Random) -> str:
    """What is searched: one to ten letters, now and then none."""
    roll = chance.random()
    if roll < 0.06:
        return ""
    if roll < 0.2:
        return "".join(chance.choice('abeinrst .,@-<>="&;(請の강е\u0301\u00fc') for _ in range(chance.randint(1, 3)))
    row = " ".join(chance.choice((*WORDS, *NAMES)) for _ in range(2))
    at = chance.randrange(len(row))
    text = row[at : at + chance.randint(1, 10)]
    return form(chance, chance.choice((text, text.upper(), text.lower()))).strip() or "a"


def key(chance: random.Random) -> bytes:
    """One search key with its string as a literal (RFC 7888)."""
    text = text_for(chance).encode()
    name = chance.choice(KEYS) if text else chance.choice([one for one in KEYS if one not in ("TEXT", "BODY")])
    return name.encode() + b" {%d+}\r\n%b" % (len(text), text)


def query(chance: random.Random) -> bytes:
    """One search: mostly a single key; NOT, OR and AND of them, and of flags and sizes."""
    roll = chance.random()
    if roll < 0.6:
        return key(chance)
    if roll < 0.7:
        return b"NOT " + key(chance)
    if roll < 0.8:
        return b"OR " + key(chance) + b" " + key(chance)
    if roll < 0.9:
        return key(chance) + b" " + key(chance)
    if roll < 0.95:
        return b"OR NOT " + key(chance) + b" (" + key(chance) + b" LARGER 400)"
    return b"SEEN NOT (OR " + key(chance) + b" " + key(chance) + b")"


def queries(seed: int, count: int) -> list[bytes]:
    """So many searches."""
    chance = random.Random(seed)
    return [query(chance) for _ in range(count)]
