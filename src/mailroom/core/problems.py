"""The one error family. Every error that a person may see carries its remedy."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """Something went wrong that a person can do something about.

    code:    stable machine word, e.g. "stale", "invalid", "check_failed".
    message: one plain sentence.
    field:   the input at fault, if one is (API field or settings key).
    setting: `page.key` of the setting at fault, if one is.
    next:    what to do now.
    more:    further JSON-able facts for the answer (e.g. `fields`, `changes`).
    """

    status = 500
    code = "failed"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str | None = None,
        setting: str | None = None,
        next: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.field = field
        self.setting = setting
        self.next = next
        self.more = more

    def as_dict(self) -> dict[str, Any]:
        """The JSON form that the API, the job socket and mailroomctl share."""
        facts = {"code": self.code, "message": self.message}
        optional = {"field": self.field, "setting": self.setting, "next": self.next, **self.more}
        return {**facts, **{name: value for name, value in optional.items() if value is not None}}


class Invalid(Problem):
    """Input that cannot be accepted; nothing was changed. `fields` maps each bad field to its message."""

    status = 422
    code = "invalid"


class Refused(Problem):
    """The caller may not do this."""

    status = 403
    code = "refused"


class NotFound(Problem):
    """The thing named does not exist."""

    status = 404
    code = "not_found"


class Stale(Problem):
    """Somebody else changed the same thing meanwhile; `changes` tells what."""

    status = 409
    code = "stale"


class ApplyFailed(Problem):
    """A check, reload or probe failed; the old configuration is in force. `daemon` names who objected."""

    status = 424
    code = "check_failed"


class TooMany(Problem):
    """Too many attempts; `retry_after_s` says when to come back."""

    status = 429
    code = "too_many"


class Unavailable(Problem):
    """A part that is needed does not answer now; trying again later is right."""

    status = 503
    code = "unavailable"


KINDS: tuple[type[Problem], ...] = (Invalid, Refused, NotFound, Stale, ApplyFailed, TooMany, Unavailable)


def from_dict(facts: dict[str, Any], status: int = 500) -> Problem:
    """The Problem that `as_dict` came from, as received over a socket. `status` picks the class."""
    known = {name: facts[name] for name in facts if name not in ("message",)}
    kind = next((kind for kind in KINDS if kind.status == status), Problem)
    return kind(facts.get("message", "Something failed."), **known)


def cause(reason: BaseException) -> str:
    """What the system said, for a sentence of ours: without the names and numbers of errors ("[Errno -5]")."""
    # Of TLS: why a certificate was refused, or OpenSSL's name of the fault.
    for name in ("verify_message", "reason"):
        said = getattr(reason, name, "")
        if isinstance(said, str) and said:
            return said.replace("_", " ").lower() if said.isupper() else said
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or ("no answer in time" if isinstance(reason, TimeoutError) else type(reason).__name__)
