"""The host's PAM through ctypes (pam(3)). Runs in worker processes only: a call may block, and may hang for ever."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_size_t, c_uint, c_void_p
from pathlib import Path
from typing import Any

SUCCESS, SYSTEM_ERR, BUF_ERR, PERM_DENIED, AUTH_ERR = 0, 4, 5, 6, 7
USER_UNKNOWN, MAXTRIES, NEW_PASSWORD_WANTED, ACCOUNT_EXPIRED = 10, 11, 12, 13
PROMPT_ECHO_OFF = 1
ITEM_RHOST, ITEM_FAIL_DELAY = 4, 10
SILENT = 0x8000
WRONG = {AUTH_ERR, USER_UNKNOWN, MAXTRIES}
NOT_LET_IN = {ACCOUNT_EXPIRED, NEW_PASSWORD_WANTED, PERM_DENIED, AUTH_ERR, USER_UNKNOWN}

# The host's own library comes with the host's own modules; the bundle's would look for modules elsewhere.
LIBRARIES = (
    "lib/*-linux-gnu*/libpam.so.0",
    "usr/lib/*-linux-gnu*/libpam.so.0",
    "lib64/libpam.so.0",
    "usr/lib64/libpam.so.0",
    "lib/libpam.so.0",
    "usr/lib/libpam.so.0",
)
# Services that ask for nothing but the password. `other` is left out: it refuses everybody on most hosts.
SERVICES = ("login", "sshd", "common-auth", "system-auth", "password-auth", "su-l")
SERVICE_FOLDER = "etc/pam.d"
NOBODY = "mailroom-tries-pam"


class Message(Structure):
    """struct pam_message."""

    _fields_ = (("style", c_int), ("text", c_char_p))


class Response(Structure):
    """struct pam_response."""

    _fields_ = (("text", c_void_p), ("code", c_int))


CONVERSE = CFUNCTYPE(c_int, c_int, POINTER(POINTER(Message)), POINTER(POINTER(Response)), c_void_p)
FAIL_DELAY = CFUNCTYPE(None, c_int, c_uint, c_void_p)


class Conversation(Structure):
    """struct pam_conv."""

    _fields_ = (("converse", CONVERSE), ("data", c_void_p))


# A wrong password must not cost three seconds in a worker: our own back-off holds guessers off (pam_fail_delay(3)).
NO_DELAY = FAIL_DELAY(lambda code, micros, data: None)


class Pam:
    """One PAM service of the host."""

    def __init__(self, library: str, service: str) -> None:
        """Raises OSError when the library does not load."""
        self.service = service.encode()
        self.libc = ctypes.CDLL(None)
        self.libc.calloc.restype = c_void_p
        self.libc.calloc.argtypes = (c_size_t, c_size_t)
        self.libc.strdup.restype = c_void_p
        self.libc.strdup.argtypes = (c_char_p,)
        # Modules are dlopen'ed by libpam and expect its symbols to be there already.
        self.pam = ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
        self.pam.pam_start.argtypes = (c_char_p, c_char_p, POINTER(Conversation), POINTER(c_void_p))
        self.pam.pam_set_item.argtypes = (c_void_p, c_int, c_void_p)
        for name in ("pam_authenticate", "pam_acct_mgmt", "pam_end"):
            getattr(self.pam, name).argtypes = (c_void_p, c_int)

    def check(self, user: str, password: str, address: str) -> str:
        """ "ok", "bad", "disabled" (the password is right, the host does not let the user in) or "temp: reason"."""
        secret = password.encode(errors="surrogateescape")
        converse = CONVERSE(lambda count, asked, answers, data: self._answer(count, asked, answers, secret))
        handle, conversation = c_void_p(), Conversation(converse, None)
        name = user.encode(errors="surrogateescape")
        started = self.pam.pam_start(self.service, name, byref(conversation), byref(handle))
        if started != SUCCESS:
            return f"temp: pam_start answered {started}"
        code = SYSTEM_ERR
        try:
            self.pam.pam_set_item(handle, ITEM_FAIL_DELAY, ctypes.cast(NO_DELAY, c_void_p))
            if address:
                self.pam.pam_set_item(handle, ITEM_RHOST, ctypes.cast(c_char_p(address.encode()), c_void_p))
            code = self.pam.pam_authenticate(handle, SILENT)
            if code != SUCCESS:
                return "bad" if code in WRONG else f"temp: pam_authenticate answered {code}"
            code = self.pam.pam_acct_mgmt(handle, SILENT)
            if code == SUCCESS:
                return "ok"
            return "disabled" if code in NOT_LET_IN else f"temp: pam_acct_mgmt answered {code}"
        finally:
            self.pam.pam_end(handle, code)

    def _answer(self, count: int, asked: Any, answers: Any, secret: bytes) -> int:
        """The password to each hidden prompt; nothing to any other (pam_conv(3)): libpam frees what is given."""
        given = self.libc.calloc(count, ctypes.sizeof(Response))
        if not given:
            return BUF_ERR
        rows = ctypes.cast(given, POINTER(Response))
        for index in range(count):
            if asked[index].contents.style == PROMPT_ECHO_OFF:
                rows[index].text = self.libc.strdup(secret)
        answers[0] = rows
        return SUCCESS


def candidates(root: Path = Path("/")) -> Iterator[tuple[str, str]]:
    """(library, service) pairs that exist on this host, in the order in which they are tried."""
    libraries = [str(found) for pattern in LIBRARIES for found in sorted(root.glob(pattern))]
    for library in libraries[:1]:
        for service in SERVICES:
            if (root / SERVICE_FOLDER / service).is_file():
                yield library, service


def try_out(library: str, service: str) -> str:
    """ "" when this service refuses a user whom nobody has, as it should; why not otherwise."""
    try:
        answer = Pam(library, service).check(NOBODY, "-", "")
    except OSError as reason:
        return str(reason)
    return "" if answer == "bad" else answer
