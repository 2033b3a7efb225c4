"""Who may come in, and whether a change comes from our own pages. Deny by default.

Two ways to be somebody in the window: DSM's session, for which the relay vouches, or a token for scripts; never both in
one request, because then nobody could say on whose word it was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailroom.core.problems import Problem, Refused, TooMany
from mailroom.core.scopes import ANY, NEVER
from mailroom.web import asking, waiting
from mailroom.web.portal import sessions
from mailroom.web.route import ADMIN, ANYBODY, PORTAL, WINDOW, Call, Route

if TYPE_CHECKING:
    from mailroom.web.tools import Asking

BEARER = "bearer "
NO_GOOD = {
    "wrong": "This token is not valid.",
    "expired": "This token has expired.",
    "revoked": "This token was revoked.",
    "dead": "Who made this token is no administrator any more.",
}


class SignedOut(Problem):
    """Nobody is signed in, or no longer."""

    status = 401
    code = "signed_out"


class WrongType(Problem):
    """The body is of a type that is not read here."""

    status = 415
    code = "wrong_type"


def let_in(route: Route, asked: Asking) -> Call:
    """Whose request this is. Raises SignedOut, Refused or TooMany."""
    call = Call("", asked.address, secure=asked.secure)
    if asked.side == WINDOW:
        _refuse_other_site(asked)
        (_let_in_script if asked.headers.get("authorization") else _let_in_desktop)(route, asked, call)
        if route.role == ADMIN and asking.person(call.person)["role"] != ADMIN:
            raise Refused("Only members of administrators may do this.", next="Ask an administrator of this NAS.")
        return call
    call.session = sessions.from_cookie(asked.headers.get("cookie", ""))
    if route.role == ANYBODY:
        return call
    if call.session is None or not sessions.proven(call.session, call.address):
        raise SignedOut("You are signed out.", next="Sign in again.")
    if route.role == ADMIN:
        raise Refused("This cannot be done in the mail portal.", next="Use the window on DSM's desktop.")
    call.user = call.person = call.session.user
    return call


def _let_in_desktop(route: Route, asked: Asking, call: Call) -> None:
    call.user = call.person = asked.headers.get("x-mailroom-user", "")
    if not call.user:
        raise SignedOut("Nobody is signed in to DSM.", next="Sign in to DSM again.")
    call.desktop = asked.headers.get("x-mailroom-session", "")
    # Before the activation there are no accounts, and nobody who could have ended anything.
    if call.desktop and not waiting.is_waiting() and asking.window_is_over(call.user, call.desktop, call.address):
        raise SignedOut("This session was ended.", next="Sign out of DSM and sign in again.")


def _let_in_script(route: Route, asked: Asking, call: Call) -> None:
    """A request with a token. Wrong ones are counted like wrong passwords, and waited out in the same place."""
    if asked.headers.get("x-mailroom-user") or asked.headers.get("x-syno-token"):
        raise Refused(
            "This request names both a session of DSM and a token.", code="two_identities", next="Send one of them."
        )
    given = asked.headers["authorization"]
    token = given[len(BEARER) :].strip() if given[: len(BEARER)].lower() == BEARER else ""
    wait_s = asking.signin("held", rip=asked.address)["retry_after_s"]
    if wait_s > 0:
        raise TooMany("Too many wrong tokens or passwords came from this address.", retry_after_s=max(1, round(wait_s)))
    found = asking.job("tokens.check", token=token, address=asked.address)
    if found["answer"] == "wrong":
        asking.signin("wrong_token", rip=asked.address, token=token)
    if found["answer"] != "valid":
        raise SignedOut(NO_GOOD[found["answer"]], code="token", next="Make a new one: Server Management > API Tokens.")
    if route.scope == NEVER or (route.scope != ANY and route.scope not in found["scopes"]):
        needed = f"It needs {route.scope}." if route.scope else "No token may do this."
        raise Refused(f"This token may not do this. {needed}", code="scope", next="Use another token.")
    call.person, call.token = found["maker"], found
    call.user = f"token {found['name']} of {found['maker']}"


def still_allowed(facts: dict[str, str]) -> bool:
    """Whether who opened an event stream may still listen to it. Raises Problem."""
    if not facts.get("person"):
        return asking.portal_is_open(facts["user"], facts["token"])
    if facts.get("token") and not asking.job("tokens.works", id=facts["token"]):
        return False
    if facts.get("desktop") and asking.window_is_over(facts["person"], facts["desktop"], facts["address"]):
        return False
    return bool(asking.person(facts["person"])["role"] == ADMIN)


def _refuse_other_site(asked: Asking) -> None:
    if asked.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused("This request comes from another site.", code="forged")


def refuse_forged(route: Route, asked: Asking, call: Call) -> None:
    """A state change must come from our own pages: another site can make a browser send neither header nor JSON."""
    if not route.changes:
        return
    _refuse_other_site(asked)
    _refuse_other_origin(asked)
    if asked.side == WINDOW and call.token is None and not asked.headers.get("x-syno-token"):
        raise Refused("The header X-SYNO-TOKEN is missing.", code="forged", next="Open the window again.")
    if (
        asked.side == PORTAL
        and route.role != ANYBODY
        and not sessions.is_csrf(call.session, asked.headers.get("x-csrf-token", ""))
    ):
        raise Refused("The header X-CSRF-Token is missing or wrong.", code="forged", next="Load the page again.")
    kind = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
    if route.raw:
        if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            raise WrongType("Send the file itself as the body.")
    elif kind != "application/json":
        raise WrongType("Send JSON, with the header Content-Type: application/json.")


def _refuse_other_origin(asked: Asking) -> None:
    """For browsers that do not send Sec-Fetch-Site. Behind a proxy the Host header may be another than the browser's,
    and then its Sec-Fetch-Site alone decides."""
    origin = asked.headers.get("origin")
    if origin is None or asked.headers.get("sec-fetch-site"):
        return
    if urlsplit(origin).netloc != asked.headers.get("host", ""):
        raise Refused("This request comes from another site.", code="forged")
