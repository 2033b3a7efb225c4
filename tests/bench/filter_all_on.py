"""What our filter adds to bare Postfix -> LMTP with everything on that can be set, scanners off: 10 KB in four parts.

10,000 rules in each list, 5,000 aliases, 100 Auto BCC rules, 20 disclaimers, the daily quota, SRS, every policy and
limit. Mail that comes in goes to an alias, and a copy elsewhere; mail that goes out is of a user who has signed in,
counts for the quota and gets a disclaimer. Bare Postfix delivers the same to one mailbox. One session; the chains run
at the same time and are measured in turns; the medians of the rounds are compared. Budget (design): at most 4 ms of
processor time and 8 ms of latency a message.
"""

from __future__ import annotations

import contextlib
import json
import socket
import statistics
import threading
import time
from typing import Any

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import list_rules
from filter_overhead import CPU_BUDGET_MS, LATENCY_BUDGET_MS, MESSAGES, OFF, ROUNDS, WARM_UP

import measuring
from mail_chain import Chain
from mailroom.core.settings import clean
from measuring import Budget
from own_room import CLIENT, bundle

GENERAL, LISTS, SECURITY, BCC, DISCLAIMER, QUOTA = (
    f"mail_delivery.{name}" for name in ("general", "lists", "security", "auto_bcc", "disclaimer", "daily_quota")
)
ALIASES, BCC_RULES, DISCLAIMERS, MANY = 5_000, 100, 20, 100_000
WORDS = "This message is for its recipient alone. Whoever else reads it, forget it please. 示例有限公司"
# Who sends, to whom: in to an alias, out from one who has signed in.
WAYS = {"in": ("bob@out.example", "sales@example.com"), "out": ("ben@example.com", "friend@world.example")}
SIGNS_IN = "/run/dovecot/signs-in"
PLAIN_POSTFIX = (
    "smtpd_sasl_auth_enable = yes",
    "smtpd_tls_auth_only = no",
    f"smtpd_sasl_path = {SIGNS_IN}",
    # Stands for the servers outside, too.
    "default_transport = lmtp:unix:/run/dovecot/lmtp",
)
NAMES = {
    ("7.100.51.198.in-addr.arpa.", "PTR"): "client.example.net.",
    ("client.example.net.", "A"): CLIENT,
    ("out.example.", "A"): "192.0.2.80",
}


def everything() -> dict[str, Any]:
    """The settings of an admin who has switched everything on, for years."""
    rules = list_rules.rules(list_rules.mixed)
    copies = [{"criterion": "from", "text": f"nobody{turn}@", "target": "archive"} for turn in range(BCC_RULES - 1)]
    texts = [
        {"name": f"No {turn}", "match": "any", "senders": [f"a{turn}*@example.com", f"*{turn}@*"], "text": "none"}
        for turn in range(DISCLAIMERS - 1)
    ]
    wanted: dict[str, dict[str, Any]] = {
        GENERAL: {"attachment_limit": True, "address_separator": "plus", "srs": True},
        LISTS: {"blacklist": rules, "whitelist": [{**one, "action": ""} for one in rules]},
        SECURITY: {
            **dict.fromkeys(("sender_fqdn", "sender_domain", "client_name", "pipelining"), True),
            **dict.fromkeys(("helo_fqdn", "helo_name"), True),
            **{"messages_per_minute": MANY, "connections_per_minute": MANY, "unknown_accounts": 100},
        },
        BCC: {"rules": [*copies, {"criterion": "to", "text": "sales@", "target": "archive"}]},
        DISCLAIMER: {"disclaimers": [*texts, {"name": "All", "text": WORDS, "html": f"<p>{WORDS}</p>"}]},
        QUOTA: {"limit_messages": True, "messages": MANY, "limit_volume": True, "volume_mb": MANY},
    }
    for items in (wanted[BCC]["rules"], wanted[DISCLAIMER]["disclaimers"]):
        for turn, one in enumerate(items):
            one["id"] = f"{turn:x}"
    for one in wanted[LISTS]["whitelist"]:
        del one["action"]
    return {**OFF, **{page: clean_part(page, values) for page, values in wanted.items()}}


def clean_part(page: str, values: dict[str, Any]) -> dict[str, Any]:
    """Some values of a page as they are stored."""
    found = clean(page, values)
    return {key: found[key] for key in values}


class Named(Chain):
    """A chain whose resolver knows the client and the sender's domain, and in which everybody's password is right."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.signs_in = socket.socket(socket.AF_UNIX)
        file = self.run_folder / "dovecot" / "signs-in"
        self.signs_in.bind(str(file))
        file.chmod(0o777)
        self.signs_in.listen()
        threading.Thread(target=self._sign_in, daemon=True).start()

    def named(self, question: bytes) -> bytes:
        asked = dns.message.from_wire(question)
        (one,) = asked.question
        kind = dns.rdatatype.to_text(one.rdtype)
        if (told := NAMES.get((one.name.to_text().lower(), kind))) is None:
            return super().named(question)
        answer = dns.message.make_response(asked, recursion_available=True)
        answer.answer.append(dns.rrset.from_text(one.name, 60, "IN", kind, told))
        return answer.to_wire()

    def _sign_in(self) -> None:
        """Dovecot's side of its authentication protocol, to one smtpd after the other."""
        while True:
            try:
                link, _ = self.signs_in.accept()
            except OSError:
                return
            threading.Thread(target=_agree, args=(link,), daemon=True).start()

    def end(self) -> None:
        super().end()
        self.signs_in.close()


def _agree(link: socket.socket) -> None:
    with link, link.makefile("rwb", buffering=0) as talk:
        talk.write(b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n")
        for line in talk:
            word, *rest = line.rstrip(b"\n").split(b"\t")
            if word == b"AUTH":
                talk.write(b"OK\t%b\tuser=ben\n" % rest[0])


def start(settings: dict[str, Any] | None, rooms: contextlib.ExitStack) -> Named:
    """A chain with our filter and these settings, or bare Postfix; it ends with `rooms`."""
    root = bundle()
    measuring.needs(root)
    assert root is not None
    chain = Named(root, settings or OFF)
    rooms.callback(chain.end)
    known = {f"{name}@example.com": "OK" for name in ("alice", "archive", "ben", *([] if settings else ["sales"]))}
    aliases = {f"list{turn}@example.com": f"list{turn + 1}@example.com" for turn in range(ALIASES - 1)}
    chain.maps(recipients=known, aliases={**aliases, "sales@example.com": "alice@example.com"} if settings else {})
    chain.postconf(*PLAIN_POSTFIX, *(() if settings else ("smtpd_milters =",)))
    chain.run_all(*(("filter",) if settings else ()), "postfix")
    return chain


def measure(chain: Chain, way: str, count: int) -> tuple[float, float]:
    """(processor milliseconds a message, median latency in milliseconds) of one session with `count` messages."""
    sender, recipient = WAYS[way]
    before, taken, latencies = chain.cpu_ms(), len(chain.sink.taken), []
    with chain.smtp() as client:
        client.ehlo()
        if way == "out":
            client.login("ben", "any")
        for number in range(count):
            content, started = measuring.multipart(number), time.perf_counter()
            client.mail(sender)
            code, text = client.rcpt(recipient)
            assert code == 250, text
            code, text = client.data(content)
            latencies.append((time.perf_counter() - started) * 1000)
            assert code == 250, text
    chain.sink.wait(lambda found: len(found) >= taken + count)
    return (chain.cpu_ms() - before) / count, statistics.median(latencies)


def prove(chain: Chain) -> None:
    """That everything is on: a message of each way has met it."""
    copied, signed = (
        [one for one in chain.sink.taken if name in one.recipients] for name in ("archive@example.com", WAYS["out"][1])
    )
    assert copied and "alice@example.com" in copied[-1].recipients
    assert signed and signed[-1].content.count(b"for its recipient alone") == 2
    (record,) = chain.journal(WAYS["out"][1])[:1]
    asked = {one["check"] for one in record["checks"]}
    assert {"black_white_list", "daily_quota"} <= asked, asked


def main() -> dict[str, Any]:
    """Measured values, in milliseconds a message."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with contextlib.ExitStack() as rooms:
        chains = {"bare": start(None, rooms), "all on": start(everything(), rooms)}
        for chain in chains.values():
            for way in WAYS:
                measure(chain, way, WARM_UP)
        prove(chains["all on"])
        for _ in range(ROUNDS):
            for way in WAYS:
                for name, chain in chains.items():
                    found.setdefault((way, name), []).append(measure(chain, way, MESSAGES))
    middle = {key: [statistics.median(one[n] for one in rounds) for n in (0, 1)] for key, rounds in found.items()}
    budgets = []
    for way in WAYS:
        cpu, latency = (middle[way, "all on"][n] - middle[way, "bare"][n] for n in (0, 1))
        budgets.append(Budget(f"added processor time, {way}", round(cpu, 2), CPU_BUDGET_MS, "ms a message"))
        budgets.append(Budget(f"added latency, {way}", round(latency, 2), LATENCY_BUDGET_MS, "ms a message"))
    rows = [(f"{way}, {name}", *(f"{one:.2f}" for one in both)) for (way, name), both in middle.items()]
    measuring.report(
        "Filter, everything on but scanners, one session", ("chain", "CPU ms", "latency ms"), rows, budgets
    )
    return {
        "ms": {f"{way}, {name}": [round(one, 2) for one in both] for (way, name), both in middle.items()},
        "kept": all(budget.kept for budget in budgets),
    }


if __name__ == "__main__":
    print(json.dumps({"filter_all_on": main()}, indent=1))
