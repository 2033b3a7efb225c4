"""Where certificates lie: one link to the one in force, former ones kept, keys for root alone."""

from __future__ import annotations

import stat
from pathlib import Path

from mailroom.tls import self_signed
from mailroom.tls.kept import KEPT_MAX, Kept
from mailroom.tls.served import of_file


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_the_first_one_is_made_once(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    self_signed.settle(kept, "mail.example.com", 5.0)
    first = kept.current()
    assert first and first.note == {"source": "self_signed", "time": 5.0, "who": "Mailroom"}
    found = of_file(tmp_path / "current" / "cert.pem")
    assert found.covers("mail.example.com") and found.self_signed and found.key == "ECDSA P-256"
    self_signed.settle(kept, "other.example.com", 6.0)
    assert kept.current() == first


def test_a_link_that_leads_nowhere_is_mended(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    self_signed.settle(kept, "mail.example.com", 5.0)
    (tmp_path / "1" / "key.pem").unlink()
    assert kept.current() is None and kept.all() == []
    self_signed.settle(kept, "mail.example.com", 6.0)
    found = kept.current()
    assert found and found.key.is_file() and found.note["time"] == 6.0


def test_keys_are_for_root_alone(tmp_path: Path) -> None:
    entry = Kept(tmp_path).add(b"key", b"chain", {"source": "uploaded"})
    assert (mode(entry.key), mode(entry.chain), mode(entry.folder / "note.json")) == (0o600, 0o644, 0o600)


def test_former_ones_are_kept_for_a_while_and_the_one_in_force_always(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    first = kept.add(b"key", b"first", {})
    kept.use(first)
    for number in range(KEPT_MAX + 3):
        kept.use(kept.add(b"key", str(number).encode(), {}))
    assert len(kept.all()) == KEPT_MAX and kept.one(first.id) is None
    oldest = kept.all()[-1]
    kept.use(oldest)
    current = kept.current()
    assert current and current.id == oldest.id and len(kept.all()) == KEPT_MAX
    kept.remove(oldest)
    assert kept.current() == oldest


def test_no_id_leads_out_of_the_folder(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "tls")
    kept.folder.mkdir()
    entry = kept.add(b"key", b"chain", {})
    (tmp_path / "7").mkdir()
    for file in entry.folder.iterdir():
        (tmp_path / "7" / file.name).write_bytes(file.read_bytes())
    assert kept.one("../7") is None and kept.one("") is None and kept.one("current") is None


def test_what_a_power_cut_left_is_no_certificate(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    (tmp_path / ".new").mkdir()
    (tmp_path / ".new" / "key.pem").write_bytes(b"half")
    (tmp_path / ".current-new").symlink_to("9")
    entry = kept.add(b"key", b"chain", {})
    kept.use(entry)
    assert [one.id for one in kept.all()] == ["1"] and kept.current() == entry


def test_a_note_grows_and_a_damaged_one_costs_nothing_else(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    entry = kept.remember(kept.add(b"key", b"chain", {"who": "anna"}), warned=14)
    found = kept.one(entry.id)
    assert found and found.note == {"who": "anna", "warned": 14}
    (entry.folder / "note.json").write_text("{")
    again = kept.one(entry.id)
    assert again and again.note == {}
