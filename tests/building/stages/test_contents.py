"""Bytes are read back from packs and from git, in any mixture, and are those that their ids name."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from drystone.building.stages.contents import Contents, Extent, packed_blob
from drystone.building.stages.tables import as_rows
from drystone.errors import BuildError, SourceError
from drystone.identity.hashes import blob_hash
from tests.building.stages.conftest import Line


def extents(line: Line) -> list[Extent]:
    import pyarrow.parquet as pq

    return sorted(as_rows(pq.read_table(line.blobs[0]), Extent, Extent._fields))


def test_every_blob_reads_back_as_what_its_id_names(line: Line) -> None:
    places = extents(line)
    assert {place.partition for place in places} == {0, 1, 2, 3}
    assert [blob_hash(data) for data in line.contents.read(places)] == [place.id for place in places]


def test_one_bad_blob_does_not_hide_its_neighbours(line: Line) -> None:
    first, *others = [place for place in extents(line) if place.offset < 0]
    places = [first, first._replace(id=bytes(20)), *others]
    found = list(line.contents.try_read(places))
    assert isinstance(found[1], SourceError)
    assert [blob_hash(data) for data in found if isinstance(data, bytes)] == [first.id, *(p.id for p in others)]
    with pytest.raises(SourceError):
        list(line.contents.read(places))


def test_a_pack_that_ends_too_early_is_said(line: Line, tmp_path: Path) -> None:
    place = next(place for place in extents(line) if place.offset >= 0)
    short = tmp_path / "short.pack"
    short.write_bytes(b"")
    packs = [short] * len(line.sources)
    with pytest.raises(BuildError, match="ends too early"):
        list(Contents(packs, line.sources, tmp_path, line.contents.limits).read([place]))


def test_a_worker_gets_a_copy_without_open_files(line: Line) -> None:
    place = next(place for place in extents(line) if place.offset >= 0)
    copy = pickle.loads(pickle.dumps(line.contents))
    assert list(copy.read([place])) == list(line.contents.read([place]))


def test_a_blob_is_found_in_the_packs_of_a_work_folder(line: Line, tmp_path: Path) -> None:
    folder = tmp_path / "inventory-0"
    folder.symlink_to(line.inventory.folder)
    place = next(place for place in extents(line) if place.offset >= 0)
    data = packed_blob(tmp_path, f"swh:1:cnt:{place.id.hex()}")
    assert data is not None
    assert blob_hash(data) == place.id
    assert packed_blob(tmp_path, "swh:1:cnt:" + "0" * 40) is None
