from __future__ import annotations

from pathlib import Path

from drystone.release.read import open_release
from drystone.release.verify import verify
from tests.release.sample import sample_rows, write_sample


def test_a_written_release_verifies_and_reads_back(sample_release: Path) -> None:
    report = verify(sample_release)
    assert report.examples == []
    assert report.holds
    release = open_release(sample_release)
    found = {row["swhid"]: row["content"] for row in release.files(columns=["swhid", "content"])}
    assert found == {row.swhid: row.text for row in sample_rows() if row.dropped is None}


def test_the_root_does_not_depend_on_the_order_of_rows_or_runs(sample_release: Path, tmp_path: Path) -> None:
    again = write_sample(tmp_path / "again", list(reversed(sample_rows())))
    assert again.root == open_release(sample_release).root
    names = [p.relative_to(sample_release) for p in sorted(sample_release.rglob("*")) if p.is_file()]
    assert all((tmp_path / "again" / n).read_bytes() == (sample_release / n).read_bytes() for n in names)
