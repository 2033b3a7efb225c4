"""A certificate that somebody brings, read and judged in a process of its own that may take only so much.

A file says itself how often its password is hashed (PBKDF2, scrypt, PKCS #12: RFC 8018, RFC 7292), and a key how long
it is. OpenSSL does as told, for minutes if need be, and lets nothing else of a Python process run meanwhile.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from mailroom.core.problems import Invalid, TooMany, Unavailable, from_dict
from mailroom.tls import chain
from mailroom.tls.brought import KEY, PASSWORD, Files, read, refused, strong
from mailroom.tls.chain import Pair, joined

# Usual files need a tenth of a second; those of a password manager that is careful, one.
CPU_LIMIT_S = 8
MEMORY_BYTES_MAX = 1024**3
# For a machine that has much else to do; below what the API waits for an answer.
LIMIT_S = 16.0
TURNS = threading.BoundedSemaphore(2)
SLOW = "It takes too long to read this file: its password is hashed far more often than is usual, or its key is huge."


def judged(files: Files, now: float) -> Pair:
    """The pair that the files hold, in order and fit for use (see chain.joined). Raises Invalid, TooMany."""
    if not TURNS.acquire(timeout=1.0):
        raise TooMany("Other certificates are being judged.", retry_after_s=5, next="Try again in a few seconds.")
    try:
        told = _asked(files, now)
    finally:
        TURNS.release()
    if "code" in told:
        raise from_dict(told, Invalid.status)
    # The other process has seen whether the key is sound, and how long it is.
    key = serialization.load_pem_private_key(told["key"].encode(), None, unsafe_skip_rsa_key_validation=True)
    certificates = x509.load_pem_x509_certificates(told["chain"].encode())
    return Pair(strong(key), tuple(certificates), told["spare"], told["known"])


def _asked(files: Files, now: float) -> dict[str, Any]:
    """What the other process says. Raises Invalid when it needs too much, Unavailable when it does not work."""
    parts = {name: base64.b64encode(getattr(files, name)).decode() for name in ("certificate", "key", "chain")}
    question = {**parts, "password": files.password, "now": now, "roots": str(chain.ROOTS)}
    try:
        # -P: nothing is imported from the folder in which we happen to be.
        done = subprocess.run(
            [sys.executable, "-B", "-P", "-m", "mailroom.tls.judged", str(CPU_LIMIT_S)],
            input=json.dumps(question).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LIMIT_S,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except subprocess.TimeoutExpired:
        raise _slow(files) from None
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise _slow(files)
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        raise Unavailable("The files could not be read just now.", next="Try again.") from None


def _slow(files: Files) -> Invalid:
    field = PASSWORD if files.password else KEY
    return refused(field, SLOW, "Write the file anew with usual settings, for example with openssl.")


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """{key, chain, spare, known} with PEM texts, or a problem's facts."""
    files = Files(
        *(base64.b64decode(question[name]) for name in ("certificate", "key", "chain")), password=question["password"]
    )
    try:
        pair = joined(*read(files), question["now"], Path(question["roots"]))
    except Invalid as problem:
        return problem.as_dict()
    texts = {"key": pair.key_pem().decode(), "chain": pair.chain_pem().decode()}
    return {**texts, "spare": pair.spare, "known": pair.known}


def main() -> None:
    """The other process: argument: its seconds; standard input: the question; standard output: the answer."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), int(sys.argv[1])))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))))


if __name__ == "__main__":
    main()
