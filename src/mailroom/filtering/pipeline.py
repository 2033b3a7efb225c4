"""From answers to a verdict, and from the verdict to actions. The only place where both meet."""

from __future__ import annotations

import asyncio
import logging
import time

from mailroom.filtering.actions import (
    add_disclaimer,
    delete,
    deliver,
    file_into_junk,
    quarantine,
    refuse,
    strip_forged,
    tag_subject,
)
from mailroom.filtering.message import Answer, Asked, Changes, Message
from mailroom.filtering.order import CONTENT, ENVELOPE, Stage
from mailroom.filtering.rules import Rules
from mailroom.filtering.shape import Action, Check

LOG = logging.getLogger("mailroom.filter")
DISK_REFUSED = "452 4.3.1 Insufficient system storage"
FAILED = Answer("tempfail", "the check failed inside", reply="451 4.3.0 Try again later")
# The first of these that any check answered is the verdict.
WEIGHT = ("reject", "tempfail", "virus", "spam")
# Whatever changes the body comes after all that may refuse, and before what signs it (DKIM).
ACTIONS: dict[str, tuple[Action, ...]] = {
    "deliver": (strip_forged, deliver, add_disclaimer),
    "spam": (strip_forged, deliver, tag_subject, file_into_junk, add_disclaimer),
    "quarantine": (quarantine,),
    "delete": (delete,),
    "reject": (refuse,),
    "tempfail": (refuse,),
}


async def judge(message: Message, rules: Rules) -> list[Asked]:
    """Ask the checks, stage by stage, until one refuses."""
    asked: list[Asked] = []
    for stage in (ENVELOPE, *CONTENT):
        asked += await ask(stage, message, rules)
        if _refused(asked):
            break
    return asked


async def ask(stage: Stage, message: Message, rules: Rules) -> list[Asked]:
    """Ask one stage's checks that apply; all together, or in order until one refuses."""
    due = [check for check in stage.checks if check.applies(message, rules)]
    if stage.together:
        return list(await asyncio.gather(*(_ask(check, message, rules) for check in due)))
    asked: list[Asked] = []
    for check in due:
        asked.append(await _ask(check, message, rules))
        if _refused(asked):
            break
    return asked


def _refused(asked: list[Asked]) -> bool:
    return any(one.answer.result in ("reject", "tempfail") for one in asked)


async def _ask(check: Check, message: Message, rules: Rules) -> Asked:
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
    return changes
