from __future__ import annotations

from typing import cast

import pyarrow as pa
import pytest

from drystone.errors import ReleaseError
from drystone.release.columns import LedgerRow
from drystone.release.read import Release
from drystone.search import filters
from drystone.search.index import open_segments
from drystone.search.occurrences.rows import KeptFiles, LedgerRows, evidence_of, owners
from drystone.search.query import Term


def test_kept_files_are_found_by_their_hash_with_their_text(release: Release) -> None:
    kept = KeptFiles(release, open_segments(release))
    rows = list(release.files(columns=["swhid", "content", "path"]))
    for row in rows:
        place = kept.place(row["swhid"])
        assert place is not None
        assert place[0].value("path", place[1]) == row["path"]
        assert bytes(kept.text(*place)) == row["content"].encode()
    assert kept.place("swh:1:cnt:" + "0" * 40) is None
    assert kept.place(None) is None
    assert KeptFiles(release, []).place(rows[0]["swhid"]) is None


def test_rows_look_as_the_files_of_a_segment_do(release: Release) -> None:
    """What filters ask of rows is what they ask of segments: the same values for the same kept files."""
    (segment,) = open_segments(release)
    kept = KeptFiles(release, [segment])
    for table in release.ledger():
        rows = LedgerRows(table, owners(release))
        names, codes = rows.codes("repo_name")
        joined, begins = rows.path_lines
        for at, row in enumerate(table.to_pylist()):
            place = kept.place(row["swhid"])
            if row["decision"] != "kept" or place is None:
                continue
            file = place[1]
            assert names[codes[at]] == segment.value("repo_name", file)
            assert rows.hashes[at].tolist() == segment.hashes[file].tolist()
            assert rows.years[at] == segment.years[file]
            assert joined[begins[at] :].startswith(segment.value("path", file).encode())


def test_a_row_without_a_hash_fits_no_identifier(release: Release) -> None:
    table = next(iter(release.ledger())).slice(0, 3)
    at = table.schema.get_field_index("swhid")
    none = ["swh:1:rev:" + "0" * 40, None, "swh:1:cnt:" + "0" * 40]
    rows = LedgerRows(table.set_column(at, table.schema.field(at), pa.array(none, pa.string())), {})
    fits = filters.swhid(Term("swhid", "00000"), "")(rows)
    assert fits.tolist() == [False, False, True]


def test_evidence_that_nobody_can_read_is_not_taken_for_none() -> None:
    assert evidence_of(cast(LedgerRow, {"path": "/a.py", "evidence": None})) is None
    assert evidence_of(cast(LedgerRow, {"path": "/a.py", "evidence": '{"why":"x"}'})) == {"why": "x"}
    with pytest.raises(ReleaseError, match=r"/a\.py: its evidence in the ledger cannot be read"):
        evidence_of(cast(LedgerRow, {"path": "/a.py", "evidence": '{"why":'}))
