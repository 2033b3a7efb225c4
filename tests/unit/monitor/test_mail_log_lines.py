"""What lines of Postfix 3.7's and Dovecot 2.3's logs tell of deliveries."""

from __future__ import annotations

import time

import pytest

from mailroom.core.deliveries import WORDS_MAX, Event
from mailroom.monitor.mail_log import dovecot_events, postfix_events

ID = "4jdXnJ0ly9zPT2Q"
DELAYS = "delay=0.27, delays=0.25/0.01/0/0.01"


def tried(queue_id: str = ID, address: str = "ben@example.com", **more: str) -> Event:
    return Event("tried", 1.0, queue_id, address=address, **more)


CASES = {
    "a stranger's message comes": (
        f"mail postfix/smtp/smtpd[6306]: {ID}: client=unknown[10.77.5.1]",
        Event("begun", 1.0, ID, recorded=True),
    ),
    "a user's message comes, short queue id": (
        "mail postfix/submission/smtpd[77]: 3F2A11C0B: client=u[10.77.5.9], sasl_method=PLAIN, sasl_username=anna",
        Event("begun", 1.0, "3F2A11C0B", login="anna", recorded=True),
    ),
    "it goes round for a sender of ours": (
        f"mail postfix/srs/smtpd[4039]: {ID}: client=localhost[127.0.0.1]",
        Event("begun", 1.0, ID),
    ),
    "requeued by postsuper -r": (
        f"mail postfix/pickup[88]: 4jdXnJ0ly9zPT2R: uid=105 from=<a@world.example> orig_id={ID}",
        Event("begun", 1.0, "4jdXnJ0ly9zPT2R", parent=ID),
    ),
    "queued": (
        f"mail postfix/qmgr[6233]: {ID}: from=<somebody-new@world.example>, size=505, nrcpt=3 (queue active)",
        Event("queued", 1.0, ID, sender="somebody-new@world.example", recipients=3),
    ),
    "a notice of non-delivery": (
        f"mail postfix/qmgr[6233]: {ID}: from=<>, size=2505, nrcpt=1 (queue active)",
        Event("queued", 1.0, ID, recipients=1),
    ),
    "into a mailbox": (
        f"mail postfix/lmtp[6311]: {ID}: to=<ben@example.com>, relay=mail.example.com[/run/dovecot/lmtp], {DELAYS}, "
        "dsn=2.0.0, status=sent (250 2.0.0 <ben@example.com> 0KNiFWTCDWt/FwAA5+UcWA:2 Saved)",
        tried(state="delivered", session="0KNiFWTCDWt/FwAA5+UcWA:2",
              words="250 2.0.0 <ben@example.com> 0KNiFWTCDWt/FwAA5+UcWA:2 Saved"),
    ),
    "a member of an alias": (
        f"mail postfix/lmtp[6311]: {ID}: to=<ben@example.com>, orig_to=<sales@example.com>, "
        f"relay=mail.example.com[/run/dovecot/lmtp], {DELAYS}, dsn=4.2.2, status=deferred (host "
        "mail.example.com[/run/dovecot/lmtp] said: 452 4.2.2 <ben@example.com> Quota exceeded (in reply to DATA))",
        tried(original="sales@example.com", state="waiting", words="host mail.example.com[/run/dovecot/lmtp] said: 452 "
              "4.2.2 <ben@example.com> Quota exceeded (in reply to DATA)"),
    ),
    "to another server": (
        f"mail postfix/smtp[6311]: {ID}: to=<x@world.example>, relay=mx.world.example[198.51.100.7]:25, conn_use=2, "
        f"{DELAYS}, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 77)",
        tried(address="x@world.example", state="delivered", server="mx.world.example",
              words="250 2.0.0 Ok: queued as 77"),
    ),
    "to a server without a name": (
        f"mail postfix/relay/smtp[6311]: {ID}: to=<x@world.example>, relay=unknown[2001:db8::7]:25, delay=3e+02, "
        "delays=0.25/0.01/3e+02/0.01, dsn=2.0.0, status=sent (250 ok)",
        tried(address="x@world.example", state="delivered", server="2001:db8::7", words="250 ok"),
    ),
    "round for a sender of ours": (
        f"mail postfix/srs/smtp[4038]: {ID}: to=<p@else.example>, relay=127.0.0.1[127.0.0.1]:5589, {DELAYS}, "
        "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4jdY5J5jcXzNc2S)",
        tried(address="p@else.example", state="moved", server="127.0.0.1", child="4jdY5J5jcXzNc2S",
              words="250 2.0.0 Ok: queued as 4jdY5J5jcXzNc2S"),
    ),
    "no server answers": (
        f"mail postfix/smtp[6311]: {ID}: to=<x@world.example>, relay=none, {DELAYS}, dsn=4.4.1, status=deferred "
        "(connect to mx.world.example[198.51.100.7]:25: Connection refused)",
        tried(address="x@world.example", state="waiting",
              words="connect to mx.world.example[198.51.100.7]:25: Connection refused"),
    ),
    "not tried, because others had to wait": (
        f"mail postfix/error[6311]: {ID}: to=<x@world.example>, relay=none, {DELAYS}, dsn=4.4.1, status=deferred "
        "(delivery temporarily suspended: connect to mx.world.example[198.51.100.7]:25: Connection refused)",
        tried(address="x@world.example", state="waiting", words="delivery temporarily suspended: connect to "
              "mx.world.example[198.51.100.7]:25: Connection refused"),
    ),
    "refused for good": (
        f"mail postfix/smtp[6311]: {ID}: to=<x@world.example>, relay=mx.world.example[198.51.100.7]:25, {DELAYS}, "
        "dsn=5.1.1, status=bounced (host mx.world.example[198.51.100.7] said: 550 5.1.1 who? (in reply to RCPT TO "
        "command))",
        tried(address="x@world.example", state="returned", server="mx.world.example",
              words="host mx.world.example[198.51.100.7] said: 550 5.1.1 who? (in reply to RCPT TO command)"),
    ),
    "its time is over": (
        f"mail postfix/qmgr[6233]: {ID}: from=<anna@example.com>, status=expired, returned to sender",
        Event("ending", 1.0, ID, state="expired"),
    ),
    "an administrator returns it": (
        f"mail postfix/qmgr[6233]: {ID}: from=<anna@example.com>, status=force-expired, returned to sender",
        Event("ending", 1.0, ID, state="returned"),
    ),
    "an administrator removes it": (
        f"mail postfix/postsuper[99]: {ID}: removed",
        Event("ending", 1.0, ID, state="removed"),
    ),
    "an administrator holds it": (f"mail postfix/postsuper[99]: {ID}: placed on hold", Event("held", 1.0, ID)),
    "and lets it go": (f"mail postfix/postsuper[99]: {ID}: released from hold", Event("released", 1.0, ID)),
    "it leaves the queue": (f"mail postfix/qmgr[6233]: {ID}: removed", Event("ended", 1.0, ID)),
    "the filter keeps it": (
        f"mail postfix/cleanup[9]: {ID}: milter-discard: END-OF-MESSAGE from unknown[10.77.5.1]: milter triggers "
        "DISCARD action; from=<a@world.example> to=<ben@example.com> proto=ESMTP helo=<w>",
        Event("refused", 1.0, ID),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_line(case: str) -> None:
    line, event = CASES[case]
    assert postfix_events([(1.0, line)]) == [event]


@pytest.mark.parametrize(
    "line",
    ["", "x", "mail postfix/smtp[1]: ", f"mail postfix/smtp[1]: {ID}: ", "mail postfix/postsuper[9]: Deleted: 1 mail",
     f"mail postfix/cleanup[1]: {ID}: message-id=<1@x>", "mail postfix/smtp/smtpd[1]: NOQUEUE: reject: RCPT from x[1]",
     f"mail postfix/smtp[1]: {ID}: to=<never", f"mail postfix/smtp[1]: {ID}: to=<a@b>, relay=none, status=sent (x)",
     f"mail postfix/smtpd[1]: {ID}: to=<a@b>, relay=none, {DELAYS}, dsn=2.0.0, status=sent (250 ok)"],
)  # fmt: skip
def test_lines_that_tell_nothing(line: str) -> None:
    assert postfix_events([(1.0, line)]) == dovecot_events([(1.0, line)]) == []


def test_strangers_words_pass_for_no_field() -> None:
    """A quoted local part (RFC 5321 4.1.2) may hold what looks like the rest of a line; so may an answer."""
    address = '"x>, relay=none, delay=1, delays=1/1/1/1, dsn=2.0.0, status=sent (250 ok)\\""@world.example'
    line = (
        f"mail postfix/smtp[1]: {ID}: to=<{address}>, relay=none, {DELAYS}, dsn=4.4.1, "
        "status=deferred (host h[1] said: 450 no, dsn=2.0.0, status=sent (250 ok))"
    )
    (event,) = postfix_events([(1.0, line)])
    assert (event.state, event.address) == ("waiting", address)
    (event,) = postfix_events([(1.0, line.replace("450 no", "450 \x1b[31m<b>no\u2028" + "z" * 3_000))])
    assert len(event.words) <= WORDS_MAX and "\x1b" not in event.words and "\u2028" not in event.words


def test_where_dovecot_files() -> None:
    head = "lmtp(ben)<6015><0KNiFWTCDWt/FwAA5+UcWA>: Info: sieve: msgid=<1@stored mail into mailbox 'Fake'>: "
    assert dovecot_events([(1.0, f"{head}stored mail into mailbox 'Junk'")]) == [
        Event("filed", 1.0, session="0KNiFWTCDWt/FwAA5+UcWA", folder="Junk")
    ]
    saved = "lmtp(ben)<6015><0KNiFWTCDWt/FwAA5+UcWA>: Info: msgid=<1@x>: saved mail to INBOX"
    assert [event.folder for event in dovecot_events([(1.0, saved)])] == ["INBOX"]
    # Neither tells of a folder, whatever the Message-ID says.
    session = "lmtp(ben)<6015><0KNiFWTCDWt/FwAA5+UcWA>: Info: "
    for fake in ("x stored mail into mailbox 'Junk'", "x: saved mail to Junk"):
        for told in ("sent vacation response to <a@b.example>", "forwarded to <a@b.example>"):
            assert dovecot_events([(1.0, f"{session}sieve: msgid=<{fake}>: {told}")]) == []
        (event,) = dovecot_events([(1.0, f"{session}msgid=<{fake}>: saved mail to INBOX")])
        assert event.folder == "INBOX"
    assert dovecot_events([(1.0, "imap(ben)<1><x>: Info: stored mail into mailbox 'Junk'")]) == []


def test_a_line_takes_time_in_proportion_to_its_length() -> None:
    def cost(count: int) -> float:
        line = f"mail postfix/smtp[1]: {ID}: to=<" + '\\"' * count + "@x>, relay=" + "[" * count
        started = time.process_time()
        for _ in range(20):
            postfix_events([(1.0, line)])
            dovecot_events([(1.0, "lmtp(b)<1><aaaaaaaa>: Info: " + "stored mail into mailbox '" * (count // 20))])
        return time.process_time() - started

    cost(1_000)
    assert cost(80_000) < 60 * max(cost(8_000), 0.001)
