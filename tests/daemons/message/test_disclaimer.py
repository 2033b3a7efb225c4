"""Disclaimers below real mail: through Postfix and the filter, out to LMTP (rows DI01-DI08)."""

from __future__ import annotations

import email
import hashlib
import os
from collections.abc import Iterator
from typing import Any

import pytest

from daemons.message.conftest import Start
from mail_chain import Chain
from own_room import CLIENT, LAN_CLIENT
from unit.filtering.footer.odd_mime import SAMPLES, B, b64, mail, multi, part
from unit.filtering.footer.reading import leaves, text_of

OFF = {
    "security.spam": {"enabled": False},
    "security.antivirus": {"enabled": False},
    "mail_delivery.general": {"skip_auth_on_lan": True, "lan_networks": [f"{LAN_CLIENT}/32"]},
}
# Everybody in the test's network is one of ours, and all mail ends in the sink, also that to other domains.
TRUSTED = (
    "mynetworks = 192.0.2.0/24, 198.51.100.0/24, 10.0.0.0/8, 127.0.0.0/8",
    "default_transport = lmtp:unix:/run/dovecot/lmtp",
)
# As the port for users, for a client that need not sign in: for that Dovecot would be needed.
USERS_PORT = 2526
USERS_SERVICE = f"{USERS_PORT} inet n - n - - smtpd\n    -o milter_macro_daemon_name=submission\n"
USUAL: dict[str, Any] = {
    "enabled": True, "skip_inside": False, "match": "all", "senders": [], "recipients": [],
    "except_senders": [], "except_recipients": [], "html": "<p>Legal &amp; such</p>", "text": "Legal & such 法律",
}  # fmt: skip
OUT = "carol@out.example"
FOOTER = "Legal & such 法律"


def disclaimer(name: str, **values: Any) -> dict[str, Any]:
    return {"id": name.lower(), "name": name, **USUAL, **values}


@pytest.fixture(scope="module")
def chain(start: Start) -> Iterator[Chain]:
    made = start("filter", settings=OFF)
    made.postconf(*TRUSTED)
    with (made.data_seen / "conf/rev-1/postfix/master.cf").open("a") as file:
        file.write(USERS_SERVICE)
    made.run_all("postfix")
    yield made


def put_in_force(chain: Chain, *disclaimers: dict[str, Any]) -> None:
    """As an Apply does: the file anew, then the filter starts with it."""
    chain.render({"mail_delivery.disclaimer": {"disclaimers": list(disclaimers)}})
    chain.postconf(*TRUSTED)
    chain.stop("filter")
    chain.run_all("filter")


def sent(chain: Chain, message: bytes, *to: str, sender: str = "alice@example.com", port: int = 25) -> bytes:
    """Send it; how it came out."""
    mark = os.urandom(8).hex()
    client = LAN_CLIENT if port == USERS_PORT else CLIENT
    marked = b"X-Mark: " + mark.encode() + b"\r\n" + message
    code, text = chain.send(marked, *(to or (OUT,)), sender=sender, port=port, client=client)
    assert code == 250, text
    return chain.sink.holding(mark.encode()).content


def has(chain: Chain, *to: str, text: str = FOOTER, **how: Any) -> bool:
    after = sent(chain, mail(part("text/plain")), *to, **how)
    return text in text_of(email.message_from_bytes(after))


def test_di01_di03_di04_di07_di08_the_first_that_matches_and_no_other(chain: Chain) -> None:
    """DI01, DI03, DI04, DI07, DI08."""
    off = disclaimer("Off", enabled=False, text="is off")
    bobs = disclaimer(
        "Bobs", senders=["bob@*"], recipients=["*@out.example"], except_recipients=["dave@*"], text="of Bob"
    )
    rest = disclaimer("Rest")
    put_in_force(chain, off, bobs, rest)
    bob = "bob@example.com"
    assert has(chain) and not has(chain, text="is off")
    assert has(chain, sender=bob, text="of Bob") and not has(chain, sender=bob)
    assert has(chain, "x@else.example", sender=bob)
    assert has(chain, OUT, "dave@out.example", sender=bob)
    put_in_force(chain, rest, bobs)
    assert has(chain, sender=bob) and not has(chain, sender=bob, text="of Bob")
    put_in_force(chain, {**bobs, "match": "any"})
    assert has(chain, text="of Bob") and not has(chain, "x@else.example", text="of Bob")


def test_di02_not_within_the_domain(chain: Chain) -> None:
    """DI02: one recipient elsewhere is enough for it."""
    put_in_force(chain, disclaimer("Legal", skip_inside=True))
    assert not has(chain, "alice@example.com", "carol@example.com", port=USERS_PORT)
    assert has(chain, "alice@example.com", OUT, port=USERS_PORT)
    put_in_force(chain, disclaimer("Legal"))
    assert has(chain, "alice@example.com", "carol@example.com", port=USERS_PORT)


def test_mail_from_outside_gets_none(chain: Chain) -> None:
    """DI01: outbound mail alone."""
    put_in_force(chain, disclaimer("Legal"))
    assert not has(chain, "alice@example.com", sender="stranger@out.example")
    assert has(chain, OUT)


def test_di05_both_texts_reach_the_mailbox_and_all_else_is_as_it_was(chain: Chain) -> None:
    """DI05: with a large attachment, whose body goes through a file."""
    put_in_force(chain, disclaimer("Legal"))
    pdf = part("application/pdf", b64(os.urandom(3_000_000)), B, "Content-Disposition: attachment")
    texts = multi("alternative", part("text/plain"), part("text/html", b"<body>Hi</body>\r\n"), boundary="b2")
    before = mail(multi("mixed", texts, pdf))
    plain, html, attached = leaves(sent(chain, before))
    assert text_of(plain) == f"Hello\r\n\r\n{FOOTER}\r\n"
    assert text_of(html) == "<body>Hi<div><p>Legal &amp; such</p></div>\r\n</body>\r\n"
    old = leaves(before)[2]
    assert attached.items() == old.items()
    assert (
        hashlib.sha256(str(attached.get_payload()).encode()).digest()
        == hashlib.sha256(str(old.get_payload()).encode()).digest()
    )


@pytest.mark.parametrize("name", ["signed", "encrypted", "S/MIME", "inline PGP", "invitation alone", "no end"])
def test_protected_and_broken_mail_is_untouched_and_the_journal_says_why(chain: Chain, name: str) -> None:
    put_in_force(chain, disclaimer("Legal"))
    sample = SAMPLES[name]
    after = sent(chain, sample.message)
    assert after.partition(b"\r\n\r\n")[2] == sample.message.partition(b"\r\n\r\n")[2]
    told = chain.record(OUT)["told"]
    assert told == [f"The disclaimer “Legal” was not appended, because {sample.why}."]


def test_the_journal_names_the_disclaimer(chain: Chain) -> None:
    put_in_force(chain, disclaimer("Legal"))
    sent(chain, mail(part("text/plain")))
    assert chain.record(OUT)["told"] == ["The disclaimer “Legal” was appended."]


def test_every_odd_message_arrives(chain: Chain) -> None:
    """DI05: what the filter sends is taken by Postfix as it is, headers and all."""
    put_in_force(chain, disclaimer("Legal"))
    for name in [name for name, sample in SAMPLES.items() if sample.edited]:
        after = sent(chain, SAMPLES[name].message)
        assert b"Legal" in after or b"TGVnYWw" in after or any("Legal" in text_of(leaf) for leaf in leaves(after)), name
