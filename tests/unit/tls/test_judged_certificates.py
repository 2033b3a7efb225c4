"""A certificate is judged in a process of its own: whatever a file demands, this one goes on."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from authority import Authority
from mailroom.core.problems import Invalid
from mailroom.tls import brought, chain, judged
from mailroom.tls.brought import Files

# An EC key whose password is hashed 200,000,000 times (PBKDF2): over a minute of work.
SLOW_KEY = b"""-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHuMFkGCSqGSIb3DQEFDTBMMCsGCSqGSIb3DQEFDDAeBAjsX1RoxZlteAIEC+vC
ADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQsrJ739BvVrjq0NTKf80+7ASB
kEJtZ+AhIivNH/4aeRGxq1kqysMpdYSyPQj+qV44o1kZI4gB2YB7CI07ZZeq2UJB
xbmXKEkXqbMLGLNGuSNlSe877VeOJ2bU/SKIAQuhYTfadbbU9+8yn8smu99Nq1+u
CHbHrHsSSsrHL8aYlO7qrCy0HXwP89UjKgcdSsPvJav07NxiaI0PnOIKxm4ZkeIH
2A==
-----END ENCRYPTED PRIVATE KEY-----
"""
CA = Authority()
ONE = CA.give("mail.example.com")


@pytest.fixture(autouse=True)
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "roots.pem"
    file.write_bytes(CA.root.pem)
    monkeypatch.setattr(chain, "ROOTS", file)


def test_what_is_good_comes_back_whole() -> None:
    found = judged.judged(Files(ONE.pem + CA.middle.pem, ONE.key_pem()), time.time())
    assert found.known and found.spare == 0 and len(found.certificates) == 2
    assert found.key.public_key() == ONE.key.public_key()


def test_what_is_wrong_is_told_at_its_field() -> None:
    with pytest.raises(Invalid) as refused:
        judged.judged(Files(ONE.pem, CA.give("other.example.com").key_pem(), CA.middle.pem), time.time())
    assert refused.value.field == "key" and refused.value.as_dict()["fields"]


def test_a_key_that_needs_minutes_is_refused_and_nothing_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged, "CPU_LIMIT_S", 1)
    beats: list[float] = []
    done = threading.Event()

    def beat() -> None:
        while not done.wait(0.01):
            beats.append(time.monotonic())

    beating = threading.Thread(target=beat)
    beating.start()
    with pytest.raises(Invalid) as refused:
        judged.judged(Files(ONE.pem, SLOW_KEY, CA.middle.pem, "x"), time.time())
    done.set()
    beating.join()
    assert refused.value.message == judged.SLOW and refused.value.field == "password"
    # Without the other process nothing else would have run for a minute.
    assert len(beats) > 10


def test_keys_that_never_end_are_looked_for_a_few_times() -> None:
    begun = b"".join(b"-----BEGIN %s PRIVATE KEY-----" % name for name in (b"A" * n for n in range(1, 30)))
    assert brought._key_block(begun * 100) is None
    assert brought._key_block(begun + SLOW_KEY) is None
    assert brought._key_block(b"x\n" + SLOW_KEY).strip() == SLOW_KEY.strip()
