"""Mail Delivery > Auto BCC beside the settings page itself: import and export of sender and recipient rules (BC06)."""

from __future__ import annotations

from typing import Any, Literal

from mailroom.policy.text_file import BYTES_MAX
from mailroom.web import asking
from mailroom.web.api.aliases import as_file, content
from mailroom.web.route import WINDOW, Answer, Call, Query, Whole, route

AREA = "settings"
NEW = [{"criterion": "from", "text": "@example.com", "target": "archive"}]
REFUSED = [{"line": 3, "name": "sales", "reason": "There already is a rule like this.", "kept": False}]


class Which(Query):
    """Rules about senders (from) or about recipients (to)."""

    criterion: Literal["from", "to"]


class Based(Which):
    """revision: the one that the page shows; without it, the one in force."""

    revision: Whole | None = None


@route(
    WINDOW,
    "GET",
    "api/auto-bcc/export",
    summary="The sender or recipient rules as a file in the format of Postfix",
    answer="Text as regexp_table(5) has it.",
    example="/@example[.]com/ archive",
    query=Which,
    errors=(503,),
    asked={"criterion": "from"},
    made="text/plain",
)
def export(call: Call) -> Answer:
    criterion = call.query.criterion
    name = {"from": "sender_bcc", "to": "recipient_bcc"}[criterion]
    return as_file(str(asking.job("auto_bcc.export", criterion=criterion)), name)


@route(
    WINDOW,
    "POST",
    "api/auto-bcc/import-preview",
    summary="What a file of rules would add; the body is the file itself. Nothing is changed",
    answer="The new rules, and each line that is refused.",
    example={"new": NEW, "refused": REFUSED},
    query=Which,
    raw=lambda call: BYTES_MAX,
    errors=(503,),
    asked={"criterion": "from"},
    asks_only=True,
)
def preview_import(call: Call) -> Any:
    return asking.job("auto_bcc.preview_import", criterion=call.query.criterion, content=content(call))


@route(
    WINDOW,
    "POST",
    "api/auto-bcc/import",
    summary="Add the rules of a file; the body is the file itself. A rule that exists already stays as it is",
    answer="The new rules, each line that was refused, and the revision. The job process records it.",
    example={"new": NEW, "refused": REFUSED, "revision": 8},
    query=Based,
    raw=lambda call: BYTES_MAX,
    errors=(409, 424, 503),
    asked={"criterion": "from", "revision": 7},
)
def import_file(call: Call) -> Any:
    asked = call.query.model_dump()
    return asking.job("auto_bcc.import", **asked, content=content(call), who=call.user, where=call.address)
