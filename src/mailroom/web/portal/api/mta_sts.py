"""The policy that servers fetch before they send mail to one of our domains (X06-08).

They ask for https://mta-sts.DOMAIN/.well-known/mta-sts.txt; `web/clients/addresses.py` leads them here.
"""

from __future__ import annotations

from mailroom.core.problems import NotFound
from mailroom.web import asking
from mailroom.web.route import ANYBODY, PORTAL, Answer, Call, ForeignQuery, route

# RFC 8461 3.2.
KIND = "text/plain"


@route(
    PORTAL,
    "GET",
    "api/mta-sts/{domain}",
    role=ANYBODY,
    summary="MTA-STS policy of a domain",
    answer="The policy, as RFC 8461 has it. Asked for at https://mta-sts.DOMAIN/.well-known/mta-sts.txt.",
    example="version: STSv1\r\nmode: testing\r\nmx: mail.example.com\r\nmax_age: 604800\r\n",
    query=ForeignQuery,
    errors=(404, 503),
    made=KIND,
    asked={"domain": "example.com"},
)
def policy(call: Call) -> Answer:
    found = asking.policies().get(call.path["domain"])
    if found is None:
        raise NotFound("This server announces nothing for this domain.", next="Ask the domain's own server.")
    return Answer(found.encode("ascii"), headers={"Content-Type": KIND})
