"""What all packages share: a note beside a file, by which a second fetch finds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drystone.errors import SourceError
from drystone.sources import Limits, NpmSource, PackageSource, PypiSource


@pytest.mark.parametrize("source", [PypiSource("six", "1.17.0"), NpmSource("left-pad", "1.3.0")], ids=lambda s: s.kind)
@pytest.mark.parametrize("note", ["", "[]", "{}", json.dumps({"sha256": "x", "filename": "y"})])
def test_a_damaged_note_is_no_fetch(tmp_path: Path, source: PackageSource, note: str) -> None:
    folder = tmp_path / source.kind
    folder.mkdir()
    (folder / f"{source.name}-{source.release}.json").write_text(note)
    with pytest.raises(SourceError, match="was not fetched yet"), source.open(tmp_path, Limits()):
        pass
