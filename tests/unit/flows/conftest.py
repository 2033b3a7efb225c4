"""The settings story and the account story with everything around them pretending."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from account_house import House
from pretend import open_again

from mailroom.flows import setting_start
from mailroom.flows.setting import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = open_again(tmp_path)
    setting_start.start(made, tmp_path / "setup.json")
    yield made
    made.store.database.close()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def synced(house: House) -> House:
    house.accounts.sync_now()
    return house
