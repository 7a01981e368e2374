"""What lies in a release's folder, and what its documents and tombstones say: each tampering shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drystone.errors import ReleaseError
from tests.release.tamperings import SHOWN, SIGNED
from tests.release.test_signatures import checked


@pytest.mark.parametrize("name", [*SHOWN, *SIGNED])
def test_each_tampering_shows(signed_release: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(signed_release[0], tmp_path / "release"))
    {**SHOWN, **SIGNED}[name](folder)
    try:
        found = checked(folder, signed_release[1].with_name("publisher.key.pub"))
    except ReleaseError:
        return  # not even the manifest can be read
    assert found.problems
    if name in SHOWN:
        for signature in folder.rglob("*.sig"):
            signature.unlink()
        assert checked(folder).problems
