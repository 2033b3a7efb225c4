"""One NAS for all tests of the portal."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from portal_house import Browser, House

from nas import bundle_root


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    bundle = bundle_root()
    if bundle is None or os.geteuid() != 0:
        pytest.skip("needs root and a built bundle")
    machine = House(bundle)
    try:
        machine.set_up()
        yield machine
    finally:
        machine.close()


@pytest.fixture
def anna(house: House) -> Browser:
    browser = Browser(house)
    assert browser.sign_in("anna").status == 200
    return browser
