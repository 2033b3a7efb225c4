"""How long the API takes: each GET of the window, an Apply that reloads Postfix, the portal's first lists.

The window is asked twice: through the desktop, relay CGI and DSM's own question who is signed in included, and on its
socket directly, which is ours alone. Budgets (design): an answer p95 at most 50 ms, an Apply that reloads Postfix at
most 2 s, the first list of a folder with 100,000 messages at most 300 ms.
"""

from __future__ import annotations

import http.client
import imaplib
import json
import socket
import statistics
import time
import urllib.parse
from collections.abc import Callable
from functools import partial
from typing import Any

import measuring
from desktop import Desktop
from measuring import Budget
from office import Office, office, until
from own_room import bundle

NUMBER = 42
ASKED, APPLIED, LISTED, FIRST = 40, 20, 20, 7
JOURNAL, FOLDER_MESSAGES, SEED = 60, 100_000, 1_000
ANSWER_MS, APPLY_MS, LIST_MS = 50.0, 2_000.0, 300.0
GENERAL = "mail_delivery.general"
# Not searched by its words, so that filling it does not index for an hour; the list is the same in every folder.
BIG = "Trash"
AGAIN, FIRST_LIST = "list of 100,000 messages, again", "first list of 100,000 messages"
Times = list[float]


def timed(work: Callable[[], Any], count: int = 1) -> Times:
    """Milliseconds of each of so many calls."""
    found = []
    for _ in range(count):
        started = time.perf_counter()
        work()
        found.append((time.perf_counter() - started) * 1000)
    return found


def middle_and_most(times: Times) -> tuple[float, float]:
    """p50 and p95."""
    return round(statistics.median(times), 1), round(measuring.percentile(times, 95), 1)


class Unix(http.client.HTTPConnection):
    """HTTP on a unix socket."""

    def __init__(self, file: str) -> None:
        super().__init__("nas", timeout=60)
        self.file = file

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.file)


def ask(link: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """One request and its JSON answer; the connection is closed. Raises RuntimeError for anything but 200."""
    content = None if body is None else json.dumps(body)
    if content:
        headers["Content-Type"] = "application/json"
    try:
        link.request(method, path, content, headers)
        answer = link.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return json.loads(said), answer.headers
    finally:
        link.close()


def window_socket(nas: Office) -> str:
    """The window's socket as this host sees it, on the machine's volume."""
    inside = nas.machine.run("readlink", "-f", "/var/packages/Mailroom/etc/relay/window.sock").stdout.strip()
    return str(nas.machine.folder / inside.lstrip("/"))


def ask_socket(file: str, path: str) -> Any:
    """One GET as the relay hands it on."""
    return ask(Unix(file), "GET", f"/{path}", **{"X-Mailroom-User": "admin", "X-Mailroom-Address": "192.0.2.9"})


def window_paths(desktop: Desktop) -> list[str]:
    """Every GET that the window's own document names, with something real in its path."""
    newest = desktop.get("api/messages?limit=1")["messages"][0]["id"]
    revision = desktop.get("api/settings")["revision"]
    real = {"{page}": GENERAL, "{id}": str(newest)}
    paths = []
    for path, methods in desktop.get("api/openapi.json")["paths"].items():
        path = path.lstrip("/")
        if "get" not in methods or path == "api/events":
            continue
        for name, value in real.items():
            path = path.replace(name, value)
        paths.append(path + (f"?from={revision - 1}&to={revision}" if path == "api/settings/compare" else ""))
    return sorted(paths)


def window(nas: Office, desktop: Desktop) -> dict[str, dict[str, tuple[float, float]]]:
    """{path: {"relay": (p50, p95), "socket": (p50, p95)}}; both ways and all paths in turns."""
    file = window_socket(nas)
    ways: dict[str, Callable[[str], Any]] = {"relay": desktop.get, "socket": partial(ask_socket, file)}
    times: dict[str, dict[str, Times]] = {path: {way: [] for way in ways} for path in window_paths(desktop)}
    for _ in range(ASKED):
        for path, found in times.items():
            for way, asked in ways.items():
                found[way] += timed(partial(asked, path))
    return {path: {way: middle_and_most(found[way]) for way in ways} for path, found in times.items()}


def applies(desktop: Desktop) -> tuple[float, float]:
    """p50 and p95 of an Apply that reloads Postfix alone."""
    turns = iter(range(10**6))

    def once() -> None:
        done = desktop.post(
            "api/settings/apply",
            revision=desktop.get(f"api/settings/{GENERAL}")["revision"],
            page=GENERAL,
            changes={"banner": f"Turn {next(turns)}"},
        )
        if done["reloaded"] != ["postfix"]:
            raise RuntimeError(f"not what was to be measured: {done}")

    return middle_and_most(timed(once, APPLIED))


class Portal:
    """ben at /mail."""

    def __init__(self, nas: Office) -> None:
        self.port, self.cookie = nas.web_port, ""
        _, headers = self.ask("POST", "api/session", {"user": "ben", "password": nas.passwords["ben"]})
        self.cookie = headers["Set-Cookie"].partition(";")[0]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """(facts, headers) of one request through the NAS's web server."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        return ask(link, method, f"/mail/{path}", body, **({"Cookie": self.cookie} if self.cookie else {}))

    def listed(self, folder: str) -> Callable[[], Any]:
        """The folder's first page, to be asked for again and again."""
        path = f"api/folders/{urllib.parse.quote(folder, safe='')}/messages?limit=50"
        return lambda: self.ask("GET", path)[0]


def fill(nas: Office) -> None:
    """Make the large folder, by copies of different messages inside the mail store."""
    with nas.imap("ben") as client:
        done(client.create("Seed"))
        for number in range(SEED):
            done(client.append("Seed", "", imaplib.Time2Internaldate(time.time()), measuring.multipart(number)))
        done(client.select("Seed"))
        for _ in range(FOLDER_MESSAGES // SEED):
            done(client.copy(f"1:{SEED}", BIG))


def done(answer: tuple[str, Any]) -> None:
    """Raises RuntimeError when the server refused."""
    if answer[0] != "OK":
        raise RuntimeError(answer)


def first_lists(nas: Office) -> Times:
    """Milliseconds of the first list of the large folder after a sign-in to a web process that was just started."""
    found = []
    for _ in range(FIRST):
        nas.ctl("restart", "serve")
        ben = Portal(nas)
        # What a browser asks for before it shows a list.
        ben.ask("GET", "api/folders")
        started = time.perf_counter()
        total = ben.listed(BIG)()["total"]
        found.append((time.perf_counter() - started) * 1000)
        if total != FOLDER_MESSAGES:
            raise RuntimeError(f"{total} messages instead of {FOLDER_MESSAGES}")
    return found


def portal(nas: Office) -> dict[str, tuple[float, float]]:
    """{what: (p50, p95)}."""
    fill(nas)
    ben = Portal(nas)
    return {
        "folders": middle_and_most(timed(lambda: ben.ask("GET", "api/folders"), LISTED)),
        "list of a small folder": middle_and_most(timed(ben.listed("INBOX"), LISTED)),
        AGAIN: middle_and_most(timed(ben.listed(BIG), LISTED)),
        FIRST_LIST: middle_and_most(first_lists(nas)),
    }


def journal(nas: Office) -> None:
    """Some mail, so that the lists have rows: sent by a user, which no scanner slows down much."""
    with nas.submission("anna") as client:
        for number in range(JOURNAL):
            client.send_message(nas.mail(f"Row {number}", sender="anna@example.com"))
    until(lambda: len(nas.folder_of("ben")) >= JOURNAL, 120, "all have arrived")


def main() -> dict[str, Any]:
    """{"window", "apply_ms", "portal", "kept"}; times in milliseconds, pairs are p50 and p95."""
    measuring.needs(bundle())
    with office(NUMBER) as nas:
        journal(nas)
        desktop = Desktop(nas)
        apply_ms = applies(desktop)
        answers = window(nas, desktop)
        lists = portal(nas)
    worst = {way: max(found[way][1] for found in answers.values()) for way in ("relay", "socket")}
    budgets = [
        Budget("slowest answer through the relay, p95", worst["relay"], ANSWER_MS, "ms"),
        Budget("slowest answer on the window's socket, p95", worst["socket"], ANSWER_MS, "ms"),
        Budget("Apply that reloads Postfix, p95", apply_ms[1], APPLY_MS, "ms"),
        Budget(f"{FIRST_LIST}, p50", lists[FIRST_LIST][0], LIST_MS, "ms"),
    ]
    rows: list[tuple[Any, ...]] = [
        (f"GET {path}"[:60], *found["relay"], *found["socket"]) for path, found in answers.items()
    ]
    rows.append(("Apply of the banner (reloads Postfix)", *apply_ms, "", ""))
    rows += [(f"portal: {name}", *times, "", "") for name, times in lists.items()]
    heads = ("question (ms)", "p50", "p95", "socket p50", "p95")
    measuring.report(f"API, {ASKED} times each", heads, rows, budgets)
    return {
        "window": answers,
        "apply_ms": apply_ms,
        "portal": lists,
        "kept": all(budget.kept for budget in budgets),
    }


if __name__ == "__main__":
    print(json.dumps({"api_latency": main()}, indent=1))
