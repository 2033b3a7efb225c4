"""What docs/api.md tells people to type works, word for word; so do the commands for tokens."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from office import Office, until

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "api.md"
EXAMPLES = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
SCOPES = ("server:read", "settings:read", "settings:change", "accounts:read", "accounts:change")


@pytest.fixture(scope="module")
def token(server: Office) -> Iterator[str]:
    words = [word for scope in SCOPES for word in ("--scope", scope)]
    yield server.ctl("tokens", "create", "examples", *words, "--for", "anna", "--days", "1")["token"]
    server.ctl("tokens", "revoke", "examples")


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_works(number: int, server: Office, token: str) -> None:
    surroundings = {"NAS": server.web, "TOKEN": token, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ("bash", "-euc", EXAMPLES[number]), env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0 and done.stdout, done
    assert '"code"' not in done.stdout


def test_the_records_name_the_token(server: Office, token: str) -> None:
    test_an_example_works(1, server, token)
    newest = server.ctl("events", "--kind", "accounts", "--limit", "1")[0]
    assert newest["who"] == "token examples of anna" and newest["where"]


def test_a_revoked_token_ends_its_open_stream(server: Office) -> None:
    made = server.ctl("tokens", "create", "listener", "--scope", "server:read", "--for", "anna")
    url = f"{server.web}/webman/3rdparty/Mailroom/index.cgi/api/events"
    argv = ("curl", "-sSN", "--max-time", "60", "-H", f"Authorization: Bearer {made['token']}", url)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as listening:
        assert listening.stdout is not None
        assert listening.stdout.readline() == "retry: 2000\n"
        server.ctl("tokens", "revoke", made["id"])
        # It ends by itself, long before curl's own limit (which would be status 28).
        assert until(lambda: listening.poll() is not None, 40) and listening.returncode == 0
    events = [one["text"] for one in server.ctl("events", "--kind", "token", "--limit", "2")]
    assert events == [
        "Revoked the token listener of anna.",
        "Made the token listener of anna for 90 days: server:read.",
    ]


def test_the_shell_lists_tokens_and_refuses_what_no_token_can_be(server: Office, token: str) -> None:
    listed = server.ctl("tokens", "list")["tokens"]
    mine = next(one for one in listed if one["name"] == "examples")
    assert mine["maker"] == "anna" and mine["state"] == "valid" and token not in str(listed)
    refused = server.ctl("tokens", "create", "x", "--scope", "server:read", "--for", "ben", check=False)
    assert refused["error"]["code"] == "refused"
    refused = server.ctl(
        "tokens", "create", "x", "--scope", "server:read", "--for", "anna", "--days", "366", check=False
    )
    assert "days" in refused["error"]["fields"]
