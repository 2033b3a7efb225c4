"""Whether somebody may sign in: the one place that decides, for IMAP, POP3, sending, Sieve, the portal and the window.

In this order: held back? → known? → password, asked of the host → may this account use mail? Nothing is remembered from
one question to the next but the failures, and nobody learns anything about an account before giving its password.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from mailroom.accounts.names import key_of, split_login
from mailroom.accounts.signin.failures import Failures
from mailroom.accounts.signin.known import Known, TableUnreadable
from mailroom.accounts.signin.pace import Pace
from mailroom.accounts.signin.passwords import BAD, DISABLED, LIMIT_S, OK, SECRET_BYTES_MAX, TEMP, HostPasswords
from mailroom.accounts.signin.sessions import Sessions, is_token
from mailroom.accounts.signin.workers import NoAnswer
from mailroom.accounts.sources.local import SourceUnreadable
from mailroom.core.net import counted_as, plain_address

NOT_ACTIVE, BLOCKED = "not_active", "blocked"
SERVICES = ("imap", "pop3", "smtp", "sieve", "portal", "window")
WINDOW = "window"
TOKEN_SERVICES = ("imap", "smtp")


class Accounts(Protocol):
    """The account table. Both raise TableUnreadable."""

    def find(self, key: str) -> Known | None: ...
    def domain(self) -> str: ...
    def domains(self) -> list[str]: ...


class HostUsers(Protocol):
    """The host's users. Raises SourceUnreadable or NoAnswer."""

    async def find(self, key: str) -> dict[str, Any] | None: ...
    def signature(self) -> object: ...


@dataclass(frozen=True)
class Attempt:
    """One attempt. address: where the client is, "" for this machine itself."""

    user: str
    password: str
    service: str
    address: str


@dataclass(frozen=True)
class Person:
    """Whom a name means. account: what the table knows, None for a host user without mail."""

    name: str
    disabled: bool
    account: Known | None


class SignIn:
    """Decides attempts."""

    def __init__(
        self,
        accounts: Accounts,
        users: HostUsers,
        passwords: HostPasswords,
        failures: Failures,
        sessions: Sessions,
        pace: Pace,
        elapsed: Callable[[], float],
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self.accounts, self.users, self.passwords = accounts, users, passwords
        self.failures, self.sessions, self.pace = failures, sessions, pace
        self.elapsed, self.sleep = elapsed, sleep
        self.turns: dict[str, tuple[asyncio.Lock, int]] = {}
        self.host_signature: object = None

    async def check(self, attempt: Attempt) -> dict[str, Any]:
        """{answer, user, address, retry_after_s?}; answer: ok | bad | disabled | not_active | temp | blocked."""
        name, domain = split_login(attempt.user)
        key, address = key_of(name), plain_address(attempt.address)
        if is_token(attempt.password) and attempt.service in TOKEN_SERVICES and is_this_machine(address):
            return self._result(self.by_token(key, attempt.password), key)
        started = self.elapsed()
        try:
            async with asyncio.timeout(LIMIT_S), self._turn(self._queue_of(key, address)):
                wait_s = self.failures.retry_after_s(key, address)
                if wait_s > 0:
                    return {**self._result(BLOCKED, key), "retry_after_s": max(1, round(wait_s))}
                self._note_host_changes()
                if self.failures.repeats(key, address, attempt.password):
                    answer = BAD
                else:
                    answer = await self._by_password(attempt, key, domain)
                    self._count(answer, key, address, attempt.password)
        except TimeoutError:
            answer = TEMP
        if answer == BAD:
            await self.sleep(max(0.0, self.pace.refusal_s() - (self.elapsed() - started)))
        return self._result(answer, key)

    def _note_host_changes(self) -> None:
        """A password that was set, or a user unlocked, counts at the next sign-in."""
        try:
            signature = self.users.signature()
        except SourceUnreadable:
            return
        if signature != self.host_signature:
            self.host_signature = signature
            self.failures.host_changed()

    async def _by_password(self, attempt: Attempt, key: str, domain: str) -> str:
        try:
            person = await self._person(key, domain, attempt.service)
        except (TableUnreadable, SourceUnreadable, NoAnswer):
            return TEMP
        if person is None or not is_possible(attempt.password):
            return BAD
        asked = self.elapsed()
        answer = await self.passwords.check(person.name, attempt.password, plain_address(attempt.address))
        if answer in (OK, BAD):
            self.pace.learn(self.elapsed() - asked)
        return may_use(person, attempt.service) if answer == OK else answer

    def _count(self, answer: str, key: str, address: str, password: str) -> None:
        if answer == BAD:
            self.failures.add(key, address, password)
        elif answer != TEMP:
            self.failures.succeeded(key, address)

    def _queue_of(self, key: str, address: str) -> str:
        """In which queue an attempt waits: strangers' attempts do not hold up an account where it is familiar."""
        return f"{key} {counted_as(address)}" if self.failures.is_familiar(key, address) else key

    async def _person(self, key: str, domain: str, service: str) -> Person | None:
        """Whom this name means. Raises TableUnreadable, SourceUnreadable or NoAnswer when that cannot be told now."""
        if domain and domain not in self.accounts.domains():
            return None
        if service == WINDOW:
            user = await self.users.find(key)
            return Person(user["name"], bool(user["disabled"]), None) if user else None
        account = self.accounts.find(key)
        if account is not None:
            return Person(account.name, account.disabled, account)
        user = await self.users.find(key)
        return Person(user["name"], bool(user["disabled"]), None) if user else None

    def by_token(self, key: str, token: str) -> str:
        """A session's token: never counted as a guess, because it cannot be guessed, and never shown to the host."""
        if not self.sessions.is_open(key, token):
            return BAD
        try:
            account = self.accounts.find(key)
        except TableUnreadable:
            return TEMP
        return may_use(Person(key, account.disabled, account), "imap") if account else BAD

    def _result(self, answer: str, key: str) -> dict[str, Any]:
        if answer != OK:
            return {"answer": answer, "user": key, "address": ""}
        try:
            domain = self.accounts.domain()
        except TableUnreadable:
            domain = ""
        return {"answer": answer, "user": key, "address": f"{key}@{domain}" if domain else ""}

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        """One attempt on an account at a time, or a hundred guesses at once would be made before one is counted."""
        lock, users = self.turns.get(key, (asyncio.Lock(), 0))
        self.turns[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self.turns[key]
            if users == 1:
                del self.turns[key]
            else:
                self.turns[key] = (lock, users - 1)


def may_use(person: Person, service: str) -> str:
    """The answer to somebody whose password is right."""
    if person.disabled:
        return DISABLED
    if service == WINDOW or (person.account is not None and person.account.active):
        return OK
    return NOT_ACTIVE


def is_possible(password: str) -> bool:
    """Whether this may be shown to the host at all: an empty password opens accounts without one (pam_unix, nullok)."""
    length = len(password.encode(errors="surrogateescape"))
    return 0 < length <= SECRET_BYTES_MAX and "\0" not in password


def is_this_machine(address: str) -> bool:
    """Whether the client is on this machine: loopback, or a unix socket, which has no address."""
    return address in ("", "::1") or address.startswith("127.")
