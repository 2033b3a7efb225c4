"""Processor time of the action that appends a disclaimer, for messages of 10 KB and for one with a large attachment.

It counts against the filter's 4 ms for 10 KB (design); this is its own share.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import measuring
from filter_rules import RULES
from mailroom.filtering import milter
from mailroom.filtering.actions import add_disclaimer
from mailroom.filtering.body import Body
from mailroom.filtering.disclaimers import compiled
from mailroom.filtering.message import Changes, Client, Message, Recipient
from mailroom.filtering.rules import Rules
from measuring import Budget
from unit.filtering.footer.odd_mime import B, Q, b64, mail, multi, part, qp
from unit.filtering.footer.reading import split

ROUNDS, MESSAGES = 7, 200
BUDGET_MS, LARGE_BUDGET_MS = 0.5, 50.0
LINE = b"The quick brown fox jumps over the lazy dog, number 000001 of them all.\r\n"
TEMPORARY = Path(tempfile.gettempdir())
GERMAN, CHINESE = "Grüße aus Köln am Rhein, und bis bald.\r\n", "您好 请查收附件 谢谢您的合作。\r\n"
FOOTER = "示例有限公司 Example Ltd., registered in Springfield.\n" * 5
DISCLAIMER = {
    "enabled": True, "name": "Legal", "skip_inside": True, "match": "any", "senders": ["*@example.com"],
    "recipients": [], "except_senders": ["ceo"], "except_recipients": ["*@friends.example"], "html": f"<p>{FOOTER}</p>",
    "text": FOOTER,
}  # fmt: skip


def messages() -> dict[str, bytes]:
    """Usual mail of 10 KB, one kind each."""
    html = b"<html><body>" + b"<p>Hello there, </p>\r\n" * 230 + b"</body></html>\r\n"
    versions = (part("text/plain", LINE * 70), part("text/html; charset=utf-8", qp(html), Q))
    return {
        "plain, moved to UTF-8": mail(part("text/plain", LINE * 138)),
        "quoted-printable": mail(part("text/plain; charset=utf-8", qp((GERMAN * 220).encode()), Q)),
        "base64, Chinese": mail(part("text/plain; charset=utf-8", b64((CHINESE * 170).encode()), B)),
        "plain and HTML": mail(multi("alternative", *versions)),
    }


def large() -> bytes:
    """20 MB, nearly all of it an attachment."""
    return mail(multi("mixed", part("text/plain"), part("application/pdf", b64(bytes(15_000_000)), B)))


def cost_ms(content: bytes, rules: Rules, count: int) -> float:
    """Processor milliseconds a message: the action and the packets of the new body."""
    headers, body = split(content)
    started = time.process_time()
    for _ in range(count):
        message = Message(
            "M", 0.0, Client(), Body(1 << 30, TEMPORARY), login="bob", sender="bob@example.com", headers=headers
        )
        message.recipients.append(Recipient("carol@out.example"))
        message.body.add(body)
        changes = Changes()
        add_disclaimer.act(message, [], rules, changes)
        assert sum(map(len, milter.verdict(changes))) > len(body)
        message.body.close()
    return (time.process_time() - started) * 1000 / count


def main() -> dict[str, Any]:
    """Measured values, in milliseconds a message."""
    rules = Rules(**{**vars(RULES), "disclaimers": compiled([DISCLAIMER])})
    found = {
        name: round(statistics.median(cost_ms(content, rules, MESSAGES) for _ in range(ROUNDS)), 3)
        for name, content in messages().items()
    }
    large_ms = round(statistics.median(cost_ms(large(), rules, 1) for _ in range(ROUNDS)), 1)
    budgets = [
        Budget("the dearest of them", max(found.values()), BUDGET_MS, "ms a message"),
        Budget("one of 20 MB", large_ms, LARGE_BUDGET_MS, "ms a message"),
    ]
    rows = [(name, f"{value:.2f}") for name, value in found.items()]
    measuring.report("Appending a disclaimer, 10 KB", ("message", "CPU ms"), rows, budgets)
    return {"cpu_ms": found, "large_cpu_ms": large_ms, "kept": all(budget.kept for budget in budgets)}


if __name__ == "__main__":
    print(json.dumps({"footer_cost": main()}, indent=1))
