"""The maps for Postfix: made when something differs, and opened anew when one had been lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mailroom.core.settings import defaults
from mailroom.flows.account_maps import MapFiles, texts


def postmap(argv: Sequence[str]) -> None:
    """As postmap does: an index beside its source."""
    source = Path(argv[-1].removeprefix("lmdb:"))
    source.with_name(f"{source.name}.lmdb").write_text(source.read_text())


def test_a_lost_map_is_made_and_postfix_told(tmp_path: Path) -> None:
    told: list[str] = []
    maps = MapFiles(tmp_path, postmap, lambda: told.append("reopen"))
    wanted = texts([], ["example.com"], defaults())
    assert maps.write(wanted) == list(wanted)
    told.clear()
    assert maps.write(wanted) == [] and told == []
    assert maps.write({**wanted, "recipients": "ben@example.com\tOK\n"}) == ["recipients"] and told == []
    (tmp_path / "held.lmdb").unlink()
    assert maps.write({**wanted, "recipients": "ben@example.com\tOK\n"}) == ["held"] and told == ["reopen"]
