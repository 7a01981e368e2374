"""The public face: its names, and a build in three lines."""

from __future__ import annotations

from pathlib import Path

import drystone


def test_the_public_names_are_these() -> None:
    assert drystone.__all__ == sorted(drystone.__all__)
    assert drystone.__all__ == ["DrystoneError", "Manifest", "Reader", "Release", "build", "open_release"]
    for name in drystone.__all__:
        assert getattr(drystone, name).__name__ == name


def test_build_and_read_from_python(tmp_path: Path) -> None:
    (tmp_path / "walls").mkdir()
    (tmp_path / "walls/stack.py").write_text("def stack(stones):\n    return sorted(stones, key=lambda s: -s.weight)\n")
    release = drystone.build([tmp_path / "walls"], tmp_path / "release", settings={"quality": {"profile": "off"}})
    assert [row["path"] for batch in release.data() for row in batch.to_pylist()] == ["/stack.py"]
    assert drystone.open_release(tmp_path / "release").manifest == release.manifest
    assert release.daft().count_rows() == 1
