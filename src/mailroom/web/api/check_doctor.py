"""The deliverability check: its last result, a new one, and the ones before (row CL08)."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, route

AREA = "server"
ITEM = {
    "id": "mx",
    "group": "receiving",
    "title": "MX record",
    "go": "server_management/dns",
    "go_title": "",
    "domain": "",
    "state": "problem",
    "code": "mx_elsewhere",
    "text": "Mail for example.com goes to 10 mx.example.net, not to mail.example.com.",
    "next": "At your DNS provider, change the MX record to mail.example.com when this server shall receive the mail.",
    "found": ["10 mx.example.net"],
    "expected": "0 mail.example.com",
    "record": {"type": "MX", "name": "example.com", "value": "mail.example.com", "priority": 0},
    "since": 1790000000.0,
    "known": "problem",
}
COUNTS = {"problem": 1, "advice": 0, "unknown": 0, "not_set_up": 0, "right": 0}
RESULT = {
    "time": 1790000000.0,
    "seconds": 2.4,
    "domain": "example.com",
    "hostname": "mail.example.com",
    "address": "203.0.113.25",
    "counts": COUNTS,
    "items": [ITEM],
}


class Run(Asked):
    """Nothing: everything is looked at."""


@route(
    WINDOW,
    "GET",
    "api/check/doctor",
    summary="The last result of the deliverability check",
    answer="Each thing on which it depends whether mail comes and goes: how it is (right, problem, advice, unknown, "
    "not_set_up) and since when, what was found, what should be, what to do, and the record to copy. 404 with the code "
    "not_checked before the first check.",
    example=RESULT,
    errors=(404, 503),
)
def last(call: Call) -> Any:
    return asking.job("check.doctor")


@route(
    WINDOW,
    "POST",
    "api/check/doctor/run",
    summary="Check deliverability now",
    answer="The new result. Takes 20 s at most; it is also made once a day.",
    example=RESULT,
    body=Run,
    errors=(503,),
    audit="check: Checked deliverability.",
)
def run(call: Call) -> Any:
    return asking.job("check.doctor_run")


@route(
    WINDOW,
    "GET",
    "api/check/doctor/history",
    summary="Former results of the deliverability check",
    answer="The results that are kept, newest first: when, how many things were how, and what had changed.",
    example=[
        {
            "time": 1790000000.0,
            "counts": COUNTS,
            "changed": [{"id": "mx", "title": "MX record", "domain": "", "state": "right"}],
        }
    ],
    errors=(503,),
)
def history(call: Call) -> Any:
    return asking.job("check.doctor_history")
