from __future__ import annotations

from drystone.release.read import Release
from drystone.search.index import open_segments
from drystone.search.occurrences.rows import KeptFiles, LedgerRows, owners


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
            assert rows.hashes[at].tobytes() == segment.hashes[file].tobytes()
            assert rows.years[at] == segment.years[file]
            assert joined[begins[at] :].startswith(segment.value("path", file).encode())
