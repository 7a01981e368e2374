"""What fetches left in a cache, found by its place and removed whole."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from drystone.sources.fetched import fetched


def test_mirrors_and_packages_are_found_by_their_place_and_removed(tmp_path: Path) -> None:
    mirror = tmp_path / "git/walls.git"
    subprocess.run(["git", "init", "-q", "--bare", str(mirror)], check=True)
    config = ["git", "-C", str(mirror), "config", "remote.origin.url", "https://example.org/walls"]
    subprocess.run(config, check=True)
    (tmp_path / "git/half.git").mkdir()
    file = tmp_path / "pypi" / ("a" * 64) / "Dry_Stone-1.0.tar.gz"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"packed")
    note = {"sha256": "a" * 64, "filename": file.name}
    (tmp_path / "pypi/dry-stone-1.0.json").write_text(json.dumps(note))
    outside = {"sha256": "../../outside", "filename": "dry_stone-1.0.tar.gz"}
    (tmp_path / "pypi/odd-1.0.json").write_text(json.dumps(outside))
    (tmp_path / "pypi/damaged-1.0.json").write_text("{")

    found = {each.place: each for each in fetched(tmp_path)}
    assert found.keys() == {"https://example.org/walls", "pypi:dry-stone"}
    for each in found.values():
        each.remove()
    assert not mirror.exists()
    assert not file.exists()
    assert list(fetched(tmp_path)) == []
    assert list(fetched(tmp_path / "nowhere")) == []
