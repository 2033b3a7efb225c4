"""Thousands of random searches with and without the index, which must be equal, and what searches cost.

On a running server: made-up mails of all scripts and encodings (tests/searching.py) for equality; 20,000 messages of
2 to 4 KB for time, of which 19,600 have one word and 5 another. Budget: no difference; a rare word 10 ms, the frequent
one 300 ms (median of five, as the server measures its own command).
"""

from __future__ import annotations

import json
import random
import re
import statistics
from collections.abc import Iterator
from email.message import EmailMessage

import measuring
import searching
from full_text import ready, with_index, without_index
from measuring import Budget
from office import Office, office
from own_room import bundle

NUMBER = 47
SEEDS, MAILS, QUERIES = (1, 2, 3, 4, 5), 300, 1_000
MESSAGES, RARE_EVERY, WITHOUT_EVERY = 20_000, 4_000, 50
TIMES = 5
TOOK = re.compile(rb"^t\d+ OK .*\((\d+\.\d+) \+", re.MULTILINE)


def put(server: Office, folder: str, mails: Iterator[bytes]) -> None:
    """Fill a folder of Chloe's, and have it indexed."""
    with server.imap("chloe") as client:
        client.create(folder)
        for number, content in enumerate(mails):
            client.send(b"a APPEND %b (%b) {%d+}\r\n" % (folder.encode(), b"\\Seen" * (number % 3 > 0), len(content)))
            client.send(content + b"\r\n")
            while not client.readline().startswith(b"a OK"):
                pass
    server.ctl("search", "pause")
    server.ctl("search", "resume")
    ready(server)


def differing(server: Office, seed: int) -> int:
    """How many searches find something else without the index."""
    folder = f"Seed{seed}"
    put(server, folder, iter(searching.mails(seed, MAILS)))
    queries = searching.queries(seed, QUERIES)
    there, absent = with_index(server, folder, queries), without_index(server, folder, queries)
    wrong = [query for number, query in enumerate(queries) if there.get(number) != absent.get(number, b"none")]
    for query in wrong[:5]:
        print(f"  differs: {query!r}")
    return len(wrong)


def messages() -> Iterator[bytes]:
    """Messages of random words, a fifth with Chinese letters, a third with HTML."""
    chance = random.Random(9)
    letters = "abcdefghijklmnoprstuvw"
    words = ["".join(chance.choice(letters) for _ in range(chance.randint(3, 9))) for _ in range(5_000)]
    for number in range(MESSAGES):
        text = " ".join(chance.choice(words) for _ in range(250))
        text += " delivery" if number % WITHOUT_EVERY else ""
        text += " zanzibar" if number % RARE_EVERY == 7 else ""
        if number % 5 == 0:
            text += "".join(chr(0x4E00 + chance.randrange(3_000)) for _ in range(200))
        made = EmailMessage()
        made["From"], made["To"] = f"Person {number % 300} <p{number % 300}@world.example>", "chloe@example.com"
        made["Subject"] = " ".join(chance.choice(words) for _ in range(4))
        made.set_content(text + "\n")
        if number % 3 == 0:
            made.add_alternative(f"<p>{text}</p>", subtype="html")
        yield made.as_bytes().replace(b"\n", b"\r\n")


def took_ms(server: Office, folder: str, query: bytes, hits: int) -> float:
    """The median of some searches, one after the other, in ms."""
    found = []
    with server.imap("chloe") as client:
        client.select(folder, readonly=True)
        for number in range(TIMES):
            client.send(b"t%d SEARCH RETURN (SAVE COUNT) %b\r\n" % (number, query))
            heard = b""
            while not (took := TOOK.search(heard)):
                heard += client.readline()
            if b"COUNT %d\r" % hits not in heard:
                raise RuntimeError(f"{query!r}: {heard!r}")
            found.append(float(took[1]) * 1000)
    return statistics.median(found)


def main() -> dict[str, object]:
    measuring.needs(bundle())
    with office(NUMBER) as server:
        wrong = [differing(server, seed) for seed in SEEDS]
        put(server, "Large", messages())
        frequent = MESSAGES - MESSAGES // WITHOUT_EVERY
        searches = {
            "a rare word": (b"TEXT zanzibar", MESSAGES // RARE_EVERY),
            "a frequent word": (b"TEXT delivery", frequent),
            "inside of a frequent word": (b"TEXT eliver", frequent),
        }
        times = {name: took_ms(server, "Large", *search) for name, search in searches.items()}
    rows = [(name, f"{searches[name][1]}", f"{time:.0f}") for name, time in times.items()]
    budgets = [
        Budget(f"searches of {len(SEEDS) * QUERIES} that the index changes", sum(wrong), 0, ""),
        Budget("a rare word in 20,000 messages", round(times["a rare word"], 1), 10, "ms"),
        Budget("19,600 hits in 20,000 messages", round(times["a frequent word"], 1), 300, "ms"),
    ]
    measuring.report("search", ("search", "hits", "ms"), rows, budgets)
    return {"differing": wrong, "times_ms": times, "kept": all(budget.kept for budget in budgets)}


if __name__ == "__main__":
    print(json.dumps({"search_truth": main()}, indent=1))
