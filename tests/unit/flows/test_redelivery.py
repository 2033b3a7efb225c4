"""Waiting mail is tried again when the mailboxes are back, and not otherwise."""

from __future__ import annotations

from mailroom.daemons.shape import DaemonFailed
from mailroom.flows.redelivery import Redelivery


def test_waiting_mail_is_tried_when_all_that_it_needs_is_back() -> None:
    numbers: dict[str, int | None] = {"dovecot": None, "signin": 7}
    tried: list[int] = []
    story = Redelivery(numbers.__getitem__, lambda: tried.append(1))
    assert not story.look() and not tried
    numbers["dovecot"] = 8
    assert story.look() and len(tried) == 1
    assert not story.look() and len(tried) == 1
    numbers["dovecot"] = None
    assert not story.look()
    numbers["dovecot"] = 9
    assert story.look() and len(tried) == 2


def test_a_postfix_that_is_not_there_yet_is_asked_again() -> None:
    refuses = [True]

    def flush() -> None:
        if refuses:
            raise DaemonFailed("the mail system is down", daemon="postfix")

    story = Redelivery(lambda name: 5, flush)
    assert not story.look()
    refuses.clear()
    assert story.look()
