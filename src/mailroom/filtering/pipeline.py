"""From answers to a verdict, and from the verdict to actions. The only place where both meet."""

from __future__ import annotations

import asyncio
import logging
import time

from mailroom.filtering.actions import (
    add_disclaimer,
    auto_bcc,
    complete,
    delete,
    deliver,
    drop_recipients,
    file_into_junk,
    name_transaction,
    quarantine,
    refuse,
    shorten_lines,
    strip_forged,
    tag_subject,
)
from mailroom.filtering.message import Answer, Asked, Changes, Message
from mailroom.filtering.order import BY_TEST, CONTENT, ENVELOPE, Stage
from mailroom.filtering.rules import Rules
from mailroom.filtering.shape import Action, Check

LOG = logging.getLogger("mailroom.filter")
DISK_REFUSED = "452 4.3.1 Insufficient system storage"
RELEASED = Answer("released", "an administrator has released the message from this check")
HELD_AGAIN = "554 5.7.1 Another check holds or deletes this message"
FAILED = Answer("tempfail", "the check failed inside", reply="451 4.3.0 Try again later")
# The first of these that any check answered is the verdict.
WEIGHT = ("reject", "tempfail", "delete", "virus", "spam")
ENDS = {"reject", "tempfail", "delete"}
# Verdicts with which a message goes on to its recipients.
GOES_ON = {"deliver", "spam"}
# Whatever changes the body comes after all that may refuse, and before what signs it (DKIM).
ACTIONS: dict[str, tuple[Action, ...]] = {
    "deliver": (
        complete,
        strip_forged,
        drop_recipients,
        deliver,
        auto_bcc,
        add_disclaimer,
        shorten_lines,
        name_transaction,
    ),
    "spam": (
        complete,
        strip_forged,
        drop_recipients,
        deliver,
        tag_subject,
        file_into_junk,
        auto_bcc,
        add_disclaimer,
        shorten_lines,
        name_transaction,
    ),
    "quarantine": (quarantine,),
    "delete": (delete,),
    "reject": (refuse,),
    "tempfail": (refuse,),
}


async def judge(message: Message, rules: Rules) -> list[Asked]:
    """Ask the checks, stage by stage, until one refuses or deletes."""
    asked: list[Asked] = []
    for stage in (ENVELOPE, *CONTENT):
        asked += await ask(stage, message, rules, skipped(asked))
        if _ended(asked):
            break
    return asked


async def ask(stage: Stage, message: Message, rules: Rules, without: frozenset[str] = frozenset()) -> list[Asked]:
    """Ask one stage's checks that apply; all together, or in order until one refuses. without: names of checks."""
    due = [check for check in stage.checks if check.NAME not in without and check.applies(message, rules)]
    if stage.together:
        return list(await asyncio.gather(*(_ask(check, message, rules) for check in due)))
    asked: list[Asked] = []
    for check in due:
        if check.NAME in skipped(asked):
            continue
        asked.append(await _ask(check, message, rules))
        if _ended(asked):
            break
    return asked


def skipped(asked: list[Asked]) -> frozenset[str]:
    """The names of the checks that a message may skip after these answers (row BW11)."""
    return frozenset(check.NAME for one in asked for test in one.answer.skips for check in BY_TEST.get(test, ()))


def _ended(asked: list[Asked]) -> bool:
    return any(one.answer.result in ENDS for one in asked)


async def _ask(check: Check, message: Message, rules: Rules) -> Asked:
    if message.released and check.NAME in message.released:
        return Asked(check.NAME, RELEASED, 0.0)
    started = time.perf_counter()
    try:
        answer = await check.check(message, rules)
    except Exception as reason:
        # A fault of ours must neither lose a message nor let it pass unchecked.
        LOG.exception("the check %s failed", check.NAME)
        answer = Answer(FAILED.result, f"{type(reason).__name__}", reply=FAILED.reply)
    return Asked(check.NAME, answer, round((time.perf_counter() - started) * 1000, 2))


def join(asked: list[Asked], rules: Rules) -> str:
    """The verdict: "deliver" | "spam" | "quarantine" | "delete" | "reject" | "tempfail"."""
    results = {one.answer.result for one in asked}
    verdict = next((result for result in WEIGHT if result in results), "deliver")
    return rules.antivirus.action if verdict == "virus" else verdict


def act(verdict: str, message: Message, asked: list[Asked], rules: Rules) -> Changes:
    """Take the verdict's actions, in order. A disk that refuses turns the answer into 4xx."""
    changes = Changes()
    try:
        for action in ACTIONS[verdict]:
            action.act(message, asked, rules, changes)
            changes.taken.append(action.NAME)
    except OSError:
        return changes.undo(DISK_REFUSED)
    # What is released goes to its recipients or stays where it is: it neither vanishes nor comes round again.
    if message.released is not None and changes.final == "discard":
        return changes.undo(HELD_AGAIN)
    return changes
