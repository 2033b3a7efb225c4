"""Each message has a record, also one that Postfix refuses by itself; and exactly as much as is announced is taken."""

from __future__ import annotations

import contextlib
import smtplib
from collections.abc import Iterator
from typing import Any

import pytest

from mail_chain import Chain
from mailroom.flows import early_refusals

LIMIT = 1024 * 1024
SETTINGS = {
    "mail_delivery.general": {"max_message_mb": 1},
    "mail_delivery.security": {"messages_per_minute": 40},
    "security.spam": {"enabled": False},
    "security.antivirus": {"enabled": False},
}


@pytest.fixture(scope="module")
def chain(start: Any) -> Chain:
    found: Chain = start("filter", "postfix", settings=SETTINGS)
    return found


def told(chain: Chain) -> None:
    """What the job process does with Postfix's log, once and from its beginning."""
    lines = [line.split(" ", 3)[-1] for line in chain.log("postfix").split("\n")]
    for refusal in early_refusals.Reader().refusals(lines):
        early_refusals.tell(refusal, chain.run_folder / "filter" / "policy.sock")


@contextlib.contextmanager
def logged(chain: Chain) -> Iterator[None]:
    """Ends when Postfix has logged the end of one more connection than before."""

    def ended() -> int:
        return chain.log("postfix").count("disconnect from")

    before = ended()
    yield
    chain.until(lambda: ended() > before)


def sized(count: int) -> bytes:
    head = b"From: a@out.example\r\nSubject: x\r\n\r\n"
    lines, rest = divmod(count - len(head) - 100, 72)
    return head + (b"x" * 70 + b"\r\n") * lines + b"y" * (98 + rest) + b"\r\n"


def send(chain: Chain, sender: str, count: int, declared: bool) -> int:
    content = sized(count)
    assert len(content) == count
    with logged(chain), chain.smtp() as client:
        client.ehlo()
        for code, _ in (client.mail(sender, [f"SIZE={count}"] if declared else []), client.rcpt("alice@example.com")):
            if code != 250:
                return code
        return client.data(content)[0]


def test_what_is_announced_is_taken_and_no_byte_more(chain: Chain) -> None:
    with chain.smtp() as client:
        client.ehlo()
        assert int(client.esmtp_features["size"]) == LIMIT
    for declared in (True, False):
        assert send(chain, f"exact{declared}@out.example", LIMIT, declared) == 250
        assert send(chain, f"over{declared}@out.example", LIMIT + 1, declared) == 552
    # What ended on the way has a record, which is amended.
    chain.record("overFalse@")
    told(chain)
    for declared in (True, False):
        record = chain.record(f"over{declared}@")
        assert (record["verdict"], record["reply"][:9]) == ("reject", "552 5.3.4")
        (check,) = [one for one in record["checks"] if one["check"] == "size_limit"]
        assert check["result"] == "reject" and check["setting"] == "mail_delivery.general.max_message_mb"


@pytest.mark.parametrize(
    "command",
    [
        "MAIL FROM:<form@out.example> FOO=1",
        "MAIL FROM:<form@out.example> SIZE=abc",
        "MAIL",
        f"MAIL FROM:<{'c' * 3000}@x>",
    ],
)
def test_a_form_that_is_not_taken_has_a_record(chain: Chain, command: str) -> None:
    before = len(forms(chain))
    with logged(chain), chain.smtp() as client:
        client.ehlo()
        assert client.docmd(command)[0] in (500, 501, 555)
        assert client.mail("right@out.example")[0] == 250
    told(chain)
    assert len(forms(chain)) > before


def forms(chain: Chain) -> list[dict[str, Any]]:
    return [one for one in chain.journal() if one["reply"] == early_refusals.FORM_REPLY]


@pytest.mark.parametrize("command", ["RCPT TO:<alice@example.com> FOO=1", "RCPT", f"RCPT TO:<{'c' * 300}@>"])
def test_a_recipient_of_a_form_that_is_not_taken_has_a_record(chain: Chain, command: str) -> None:
    def recipients() -> int:
        return len([one for one in chain.journal() if one["reply"] == early_refusals.RECIPIENT_REPLY])

    before = recipients()
    with logged(chain), chain.smtp() as client:
        client.ehlo()
        assert client.mail("right@out.example")[0] == 250
        assert client.docmd(command)[0] in (501, 555)
        # This one the filter records, and it is not counted twice.
        assert client.rcpt("nobody@example.com")[0] == 550
    told(chain)
    assert recipients() > before


def test_who_sends_too_often_has_a_record(chain: Chain) -> None:
    with logged(chain), contextlib.suppress(smtplib.SMTPServerDisconnected), chain.smtp() as client:
        client.ehlo()
        codes = []
        while 450 not in codes and len(codes) < 100:
            codes.append(client.mail("often@out.example")[0])
            client.rset()
        assert codes[-1] == 450
    told(chain)
    assert [one for one in chain.journal() if one["reply"] == early_refusals.TOO_OFTEN_REPLY]
