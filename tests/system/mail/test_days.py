"""What lasts a day ends with it: a user's count, and an address's block (DQ05, PO10). Days go by in the records."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from test_daily_quota import DAY_S, PAGE, send, used
from test_policies import PAGE as SECURITY
from test_policies import guess

from changing import changed
from office import Office, until

PYTHON = "/usr/bin/python3.11"
CHANGE = """import json, sqlite3, sys
file, statement, values = json.loads(sys.argv[1])
with sqlite3.connect(f"/data/records/{file}.sqlite", timeout=20) as database:
    database.execute(statement, values)"""


def change(server: Office, file: str, statement: str, *values: object) -> None:
    """Change what is recorded."""
    server.inside(PYTHON, "-c", CHANGE, json.dumps([file, statement, values]))


@pytest.fixture
def fresh(server: Office) -> Iterator[Office]:
    """The server with nothing counted."""
    server.ctl("usage", "clear", "--all")
    yield server
    server.ctl("usage", "clear", "--all")


def test_a_count_begins_anew_24_hours_after_the_users_first_message(fresh: Office) -> None:
    """DQ05: not before, not at midnight, and with the first message that comes then."""
    with changed(fresh, PAGE, limit_messages="yes", messages=1):
        assert send(fresh) == "250" and send(fresh).startswith("550")
        first = used(fresh)["since"]
        change(fresh, "usage", "UPDATE usage SET since = since - ?", DAY_S - 120)
        assert send(fresh).startswith("550") and used(fresh)["messages"] == 1
        change(fresh, "usage", "UPDATE usage SET since = since - ?", 120)
        assert send(fresh) == "250"
        again = used(fresh)
        assert again["messages"] == 1 and again["since"] >= first
        assert send(fresh).startswith("550")


def test_a_blocked_address_may_send_again_the_next_day(server: Office) -> None:
    """PO10: and is counted afresh then."""
    with changed(server, SECURITY, unknown_accounts=2):
        guess(server, "nobody-a", "nobody-b", "nobody-c", last=17)
        until(lambda: guess(server, last=17) == [554], 10, "blocked for today")
        change(server, "guesses", "UPDATE blocks SET day = date(day, '-1 day')")
        assert guess(server, "ben", "nobody-d", "nobody-e", last=17) == [250, 250, 550, 550]
        assert guess(server, "ben", last=17) == [250, 250]
        guess(server, "nobody-f", last=17)
        until(lambda: guess(server, last=17) == [554], 10, "blocked for this day, too")
        server.ctl("bans", "lift", "mail", server.address(17))
