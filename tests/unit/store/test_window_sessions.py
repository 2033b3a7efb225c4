"""Sessions of the window: a window that opens asks several things at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailroom.store.window_sessions import WindowSession, WindowSessionStore


def test_two_first_requests_at_once_are_one_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = WindowSessionStore(tmp_path / "sessions.sqlite")
    forget = store._forget

    def meanwhile() -> None:
        """The other request is written between this one's look and its own row."""
        monkeypatch.setattr(store, "_forget", forget)
        WindowSession.create(id="a", user="anna", opened=1.0, seen=1.0, address="192.0.2.1")

    monkeypatch.setattr(store, "_forget", meanwhile)
    assert store.seen("a", "anna", "192.0.2.1", 2.0).opened == 1.0
    assert [one.id for one in store.all()] == ["a"]
