"""The work folder: what a finished build leaves in it."""

from __future__ import annotations

from pathlib import Path

from drystone.building.store import Store


def test_stages_of_earlier_settings_go_and_downloads_stay(tmp_path: Path) -> None:
    old = Store(tmp_path).stage("decide", {"threshold": 0.7})
    old.finish("00000", {})
    download = tmp_path / "cache/pypi/walls-1.0.tar.gz"
    download.parent.mkdir(parents=True)
    download.write_bytes(b"stones")
    store = Store(tmp_path)
    used = store.stage("decide", {"threshold": 0.8})
    store.remove_unused()
    assert used.folder.is_dir()
    assert not old.folder.exists()
    assert download.read_bytes() == b"stones"
