from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from drystone.errors import ReleaseError
from drystone.release.read import Release
from drystone.search import index
from drystone.search.indexes import copies
from tests.release.sample import sample_rows
from tests.search.conftest import write


def test_the_rows_of_all_occurrences_are_listed(release: Release) -> None:
    expected: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for part, entry in enumerate(release.manifest.of_kind("ledger")):
        rows = [row for table in release.rows(entry) for row in table.to_pylist()]
        for at, row in enumerate(rows):
            if row["kind"] == "file":
                expected[row["swhid"]].append((part, at))
    listed = index.open_copies(release)
    assert max(map(len, expected.values())) > 1
    for swhid, places in expected.items():
        hash_ = bytes.fromhex(swhid[-40:])
        assert listed.times(hash_) == len(places)
        assert listed.rows(hash_) == (places if len(places) > 1 else [])
    assert listed.times(b"\0" * 20) == 1


def test_a_release_without_copies_has_an_empty_list(tmp_path: Path) -> None:
    made = write(tmp_path / "a", [row for row in sample_rows() if row.dropped is None])
    index.build(made)
    assert index.open_copies(made).rows(b"\1" * 20) == []
    assert index.open_copies(made).times(b"\1" * 20) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [(lambda data: data[:-20], "is damaged"), (lambda data: b"", "is damaged"), (lambda data: b"x" * 99, "is damaged")],
)
def test_damage_is_told(copy: Release, change, message: str) -> None:
    path = next((copy.path / "index").glob("*.copies"))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ReleaseError, match=message):
        index.open_copies(copy)
    path.unlink()
    with pytest.raises(ReleaseError, match="is missing"):
        index.open_copies(copy)


def test_a_list_of_another_ledger_is_not_read(copy: Release) -> None:
    path = next((copy.path / "index").glob("*.copies"))
    with pytest.raises(ReleaseError, match="made for another ledger"):
        copies.read(path, copy.manifest.of_kind("ledger")[:1])
