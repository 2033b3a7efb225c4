"""What 10,000 rules of the black and white lists cost a message, and how long they take to be made ready.

Pure processor time of the matcher, in this process: a message with one recipient is looked up twice, as by Postfix at
RCPT TO and by the message story. Budget: at most 1 ms a message, whatever the rules look like.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import measuring
from mailroom.core.pages.mail_delivery_lists import MailDeliveryLists
from mailroom.core.settings import clean
from mailroom.filtering.lists import Lists
from measuring import Budget

RULES, MESSAGES, BUDGET_MS = 10_000, 500, 1.0
LOOK_UPS = 2
SEED = 7
Make = Callable[[random.Random, int], tuple[str, str]]


def client(chance: random.Random) -> str:
    return ".".join(str(chance.randrange(1, 255)) for _ in range(4))


def mixed(chance: random.Random, number: int) -> tuple[str, str]:
    """What an admin's lists look like after years."""
    return chance.choice(
        (
            ("ip", client(chance)),
            ("ip_mask", f"{client(chance)}/{chance.randrange(12, 31)}"),
            ("sender", f"user{number}@domain{number % 977}.example"),
            ("sender", f"*@spam{number}.example"),
            ("sender", f"news*@*.list{number}.example"),
            ("recipient", f"former{number}@example.com"),
            ("recipient", f"*{number}*@example.com"),
        )
    )


# The worst that can be typed: no two patterns have ends of the same length, or there are no ends at all.
KINDS: dict[str, Make] = {
    "mixed": mixed,
    "one domain, wildcards before it": lambda chance, number: ("sender", f"a{number}*@spam.example"),
    "ends of all lengths": lambda chance, number: (
        "sender",
        "x" * (number % 60) + f"*{number}" + "y" * (number // 60 % 60),
    ),
    "nothing but the middle": lambda chance, number: ("sender", f"*offers{number}.*"),
    "many asterisks": lambda chance, number: ("recipient", f"*a*b*c*{number}*"),
    "networks of all sizes": lambda chance, number: ("ip_mask", f"{client(chance)}/{number % 32 + 1}"),
}


def rules(make: Make) -> list[dict[str, Any]]:
    """Rules as they are stored."""
    chance = random.Random(SEED)
    typed = (make(chance, number) for number in range(RULES))
    return [
        {
            "id": f"{number:x}",
            "name": f"rule {number}",
            "enabled": True,
            "type": kind,
            "criteria": text,
            "action": "reject",
        }
        for number, (kind, text) in enumerate(typed)
    ]


def cost_ms(lists: Lists) -> float:
    """Milliseconds a message that no rule matches or one of the last."""
    chance = random.Random(SEED + 1)
    senders = [f"xxabc.offers{number}.user@host{number}.spam.example" for number in range(MESSAGES)]
    clients = [client(chance) for _ in senders]
    started = time.process_time()
    for sender, address in zip(senders, clients, strict=True):
        for _ in range(LOOK_UPS):
            lists.about(address, sender).to("abcab.former.user123456789@example.com")
    return (time.process_time() - started) * 1000 / MESSAGES


def main() -> dict[str, Any]:
    """{"cost_ms": {kind: milliseconds a message}, "ready_ms", "clean_ms", "kept"}."""
    costs: dict[str, float] = {}
    rows = []
    for name, make in KINDS.items():
        items = rules(make)
        started = time.process_time()
        items = clean(MailDeliveryLists.page, {"blacklist": items, "whitelist": []})["blacklist"]
        cleaned = time.process_time()
        lists = Lists(items)
        ready = time.process_time()
        costs[name] = round(cost_ms(lists), 3)
        rows.append(
            (name, f"{costs[name]:.3f}", f"{(ready - cleaned) * 1000:.0f}", f"{(cleaned - started) * 1000:.0f}")
        )
    budgets = [Budget(name, cost, BUDGET_MS, "ms a message") for name, cost in costs.items()]
    heads = (f"{RULES} rules", "ms a message", "ready, ms", "checked, ms")
    measuring.report("Black and white lists", heads, rows, budgets)
    return {"cost_ms": costs, "kept": all(budget.kept for budget in budgets)}


if __name__ == "__main__":
    main()
