"""What the deliverability check looks at, in which order, and the outside world that it asks."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mailroom.core import paths
from mailroom.core import settings as declared
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.line_socket import ask
from mailroom.core.settings import AllValues
from mailroom.daemons import listening
from mailroom.daemons.listening import Door
from mailroom.dns.authority import Authority
from mailroom.flows.dns_records import REAL, World
from mailroom.flows.doctor_dns_words import State
from mailroom.flows.doctor_words import say
from mailroom.monitor import policy_host, time_server
from mailroom.tls import served
from mailroom.tls.chain import ROOTS

ANSWER_LIMIT_S = 5.0
LINE_BYTES_MAX = 2000


class Look(NamedTuple):
    """One thing to look at. group: what suffers when it is wrong; go: where the window helps, MENU/TAB.

    always: there is something to say about it, whatever is set.
    """

    id: str
    group: str
    title: str
    go: str = ""
    always: bool = True


DNS, OPTIONS = "server_management/dns", "server_management/check_options"
ANNOUNCED = "mail_delivery/security"
ORDER = (
    Look("mx", "receiving", "MX record", DNS),
    Look("a", "receiving", "Address record (A)", DNS),
    Look("aaaa", "receiving", "IPv6 address record (AAAA)", DNS),
    Look("port_in", "receiving", "Port 25 from outside", "service/interface"),
    Look("mta_sts", "receiving", "MTA-STS record", DNS),
    Look("mta_sts_host", "receiving", "Host of the MTA-STS policy", DNS, always=False),
    Look("mta_sts_policy", "receiving", "MTA-STS policy", ANNOUNCED, always=False),
    Look("mta_sts_mx", "receiving", "Mail servers of the MTA-STS policy", ANNOUNCED, always=False),
    Look("tls_rpt", "receiving", "Reports about encryption (TLS-RPT)", DNS),
    Look("ptr", "sending", "Reverse name (PTR)", DNS),
    Look("spf", "sending", "SPF record", DNS),
    Look("dkim", "sending", "DKIM signature"),
    Look("dmarc", "sending", "DMARC record", DNS),
    Look("port_out", "sending", "Port 25 to other servers", OPTIONS),
    Look("lists", "sending", "DNS blocklists", OPTIONS),
    Look("certificate", "programs", "Certificate", "service/certificate"),
    Look("protocols", "programs", "Protocols for mail programs", "service/protocol"),
    Look("sign_in", "programs", "Sign-in", "security/sign_in"),
    Look("clock", "server", "Clock", OPTIONS),
)
BY_ID = {one.id: one for one in ORDER}


@dataclass(frozen=True)
class Item:
    """How one thing is.

    found: what is, expected: what should be, both as values to compare. record: {type, name, value, priority} to copy.
    part: which one of several of the same kind (a blocklist's name). domain: the additional domain that it is about.
    """

    look: str
    state: State
    code: str
    text: str
    next: str
    found: tuple[str, ...] = ()
    expected: str = ""
    record: dict[str, Any] | None = None
    part: str = ""
    domain: str = ""

    @property
    def id(self) -> str:
        """The same in each run."""
        return ":".join(part for part in (self.look, self.part, self.domain) if part)

    def as_dict(self) -> dict[str, Any]:
        """The form that is kept and that the API gives."""
        look = BY_ID[self.look]
        facts = asdict(self)
        del facts["look"], facts["part"]
        title = f"Blocklist {self.part}" if self.part else look.title
        page = declared.pages().get(look.go.replace("/", "."))
        own = {
            "id": self.id,
            "group": look.group,
            "title": title,
            "go": look.go,
            "go_title": page.title if page else "",
            "domain": self.domain,
        }
        return {**own, **facts, "found": list(self.found)}


def item(look: str, code: str, *, found: Iterable[str] = (), expected: str = "", part: str = "", **values: str) -> Item:
    """An item from a sentence and its values; what was found is one of them."""
    seen = tuple(found)
    return Item(look, **say(code, found=", ".join(seen), **values), found=seen, expected=expected, part=part)


def relayed(values: AllValues) -> bool:
    """Whether mail goes out through a relay: what others think of our own address then matters little."""
    return bool(values.get("mail_delivery.delivery", {}).get("enabled"))


def greeting(address: str, port: int) -> str:
    """The first line that a SMTP server says. Raises OSError."""
    with socket.create_connection((address, port), timeout=ANSWER_LIMIT_S) as link:
        heard = b""
        while b"\n" not in heard and len(heard) < LINE_BYTES_MAX:
            if not (part := link.recv(LINE_BYTES_MAX)):
                break
            heard += part
        link.sendall(b"QUIT\r\n")
    return heard.partition(b"\n")[0].decode("utf-8", "replace").strip()


def doors() -> set[Door]:
    """Where anything on this NAS listens."""
    return {door for _, door in listening.sockets()}


def bans() -> list[dict[str, Any]]:
    """Who has to wait after wrong passwords. Raises Problem when the sign-in service does not answer."""
    return list(ask(paths.SIGNIN_SOCKET, {"op": "bans"}, ANSWER_LIMIT_S)["bans"])


@dataclass(frozen=True)
class Outside:
    """What is asked beside the settings; tests have another."""

    dns: World = REAL
    greeting: Callable[[str, int], str] = greeting
    doors: Callable[[], set[Door]] = doors
    certificate: Path = paths.TLS / "current" / "cert.pem"
    served: Callable[[str, int, served.Speaks, float], served.Certificate] = served.served
    host_time_server: Callable[[], str] = time_server.of_the_host
    offset_s: Callable[[str, float], float] = time_server.offset_s
    bans: Callable[[], list[dict[str, Any]]] = bans
    policy: Callable[[str, str, float], tuple[int, str]] = policy_host.fetch
    roots: Path = ROOTS
    clock: Clock = field(default_factory=SystemClock)

    def authority(self, limit_s: float) -> Authority:
        """Who can ask name servers, for so long. Lives in the running event loop."""
        return Authority(self.dns.questions(), self.dns.resolvers(), limit_s)
