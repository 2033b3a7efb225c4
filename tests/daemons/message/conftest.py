"""Chains of real daemons, one for each module of tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mail_chain import Chain
from own_room import bundle

USERS = {"alice@example.com": "OK", "carol@example.com": "OK", "gone@example.com": "OK"}
MANY = {f"u{number}@example.com": "OK" for number in range(10_000)}
HELD = {"gone@example.com": "450 4.2.1 This mailbox cannot be reached now; try again later"}

Start = Callable[..., Chain]


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """start(*daemons, settings=..., data_size=...): a running chain with three users, ended after the module."""
    root = bundle()
    if root is None:
        pytest.skip("needs root and a built bundle")
    chains: list[Chain] = []

    def make(*daemons: str, **how: Any) -> Chain:
        chains.append(Chain(root, **how))
        chains[-1].maps(recipients={**USERS, **MANY}, held=HELD)
        chains[-1].run_all(*daemons)
        return chains[-1]

    yield make
    for chain in chains:
        chain.end()
