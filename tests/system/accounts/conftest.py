"""One NAS for all tests of the account story; each test uses users and addresses of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from nas import Nas, bundle_root


@pytest.fixture(scope="module")
def nas() -> Iterator[Nas]:
    bundle = bundle_root()
    if bundle is None or os.geteuid() != 0:
        pytest.skip("needs root and a built bundle")
    machine = Nas(bundle)
    try:
        machine.start_signin()
        yield machine
    finally:
        machine.close()
