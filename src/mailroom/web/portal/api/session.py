"""Signing in to the portal and out of it (row AC11)."""

from __future__ import annotations

import threading
from typing import Any

from pydantic import Field

from mailroom.core.idn import shown_address
from mailroom.core.net import is_public
from mailroom.core.problems import Refused, TooMany, Unavailable
from mailroom.web import asking
from mailroom.web.portal import sessions
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.portal.outgoing import OUTGOING
from mailroom.web.portal.sessions import Session
from mailroom.web.route import ANYBODY, PORTAL, USER, Answer, Asked, Call, route
from mailroom.web.tools import as_json

SHOWN = {"user": "anna", "address": "anna@example.com", "full_name": "Anna Adler", "csrf": "3f1c0e"}
# Passwords take their time; whoever guesses must not hold every thread while others read their mail.
SIGN_INS = threading.BoundedSemaphore(4)
TURN_LIMIT_S = 2.0
REFUSALS = {
    "bad": ("The user name or the password is wrong.", None),
    "disabled": ("This user is disabled on the NAS.", "Ask an administrator of the NAS."),
    "not_active": ("This user has not been activated for mail.", "Ask an administrator of the NAS."),
}


class SignIn(Asked):
    """The host's own user name and password."""

    user: str = Field(min_length=1, max_length=256)
    password: str = Field(min_length=1, max_length=1_024)


class Nothing(Asked):
    """An empty object."""


@route(
    PORTAL,
    "POST",
    "api/session",
    role=ANYBODY,
    summary="Sign in with the host's user name and password",
    answer="Who has signed in, and the token for changes. Sets the cookie `mailroom`.",
    example=SHOWN,
    body=SignIn,
    errors=(403, 429, 503),
    asked={"user": "anna", "password": "correct horse"},
)
def sign_in(call: Call) -> Answer:
    asked = call.body
    _refuse_in_clear(call)
    if not SIGN_INS.acquire(timeout=TURN_LIMIT_S):
        raise TooMany("Too many people sign in at once.", retry_after_s=2, next="Try again in a few seconds.")
    try:
        told = asking.signin("session_open", user=asked.user, password=asked.password, rip=call.address)
    finally:
        SIGN_INS.release()
    if told["answer"] == "blocked":
        raise TooMany("Too many failed attempts.", retry_after_s=told["retry_after_s"], next="Wait, then try again.")
    if told["answer"] in REFUSALS:
        words, step = REFUSALS[told["answer"]]
        raise Refused(words, code=told["answer"], next=step)
    if told["answer"] != "ok":
        raise Unavailable("Passwords cannot be checked just now.", next="Try again in a minute.")
    session = Session(told["user"], told["token"])
    call.user = session.user
    answer = as_json(_shown(session, told["address"]))
    answer.headers["Set-Cookie"] = sessions.cookie(session, call.secure)
    return answer


def _refuse_in_clear(call: Call) -> None:
    """Raises Refused for a sign-in without https from the Internet: everybody on the way could read the password.

    From the local network it is let in: a NAS without a certificate of its own has nothing else, and a browser's
    warning of an unknown certificate would only teach people to click it away.
    """
    if not call.secure and is_public(call.address):
        raise Refused("Sign in with https from here.", code="needs_https", next="Write https:// in the address.")


@route(
    PORTAL,
    "GET",
    "api/session",
    role=USER,
    summary="Who is signed in",
    answer="As signing in.",
    example=SHOWN,
    errors=(503,),
)
def session(call: Call) -> dict[str, Any]:
    return _shown(call.session)


@route(
    PORTAL,
    "DELETE",
    "api/session",
    role=USER,
    summary="Sign out",
    answer="Whom. The cookie is taken away.",
    example={"signed_out": "anna"},
    body=Nothing,
    errors=(503,),
)
def sign_out(call: Call) -> Answer:
    # What waits for its sender to change his mind can only be sent while the session works.
    OUTGOING.flush(call.session)
    asking.signin("session_close", token=call.session.token)
    sessions.forget(call.session)
    POOL.drop(call.session)
    answer = as_json({"signed_out": call.user})
    answer.headers["Set-Cookie"] = sessions.cookie(None, call.secure)
    return answer


def _shown(session: Session, address: str = "") -> dict[str, Any]:
    person = asking.person(session.user)
    return {
        "user": session.user,
        "address": shown_address(person["address"] or address),
        "full_name": person["full_name"],
        "csrf": sessions.csrf(session),
    }
