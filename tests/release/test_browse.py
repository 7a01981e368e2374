"""Pages of a release say what its ledger says, and read little of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.release import tables
from drystone.release.inspection import browse
from drystone.release.inspection.browse import View, open_view
from drystone.release.inspection.stats import stats
from drystone.release.read import open_release
from tests.release.sample import FACTS, Row, repository_id, sample_rows, write_sample


@pytest.fixture(scope="module")
def view(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> View:
    return open_view(sample_release, tmp_path_factory.mktemp("cache"))


def test_pages_of_files_are_the_ledger_cut_to_pieces(view: View) -> None:
    for name in {row.repository for row in sample_rows()}:
        id_ = repository_id(name)
        whole = [r for t in view.release.ledger() for r in t.to_pylist() if r["repository_id"] == id_]
        for size in (7, 1000):
            pages = [view.files(id_, start, size) for start in range(0, len(whole) + 1, size)]
            assert [r["path"] for page in pages for r in page.rows] == [r["path"] for r in whole]
            assert {page.total for page in pages} == {len(whole)}
        for decision in ("kept", "dropped"):
            for language in (None, "", "Python", "C++"):
                fits = [
                    r["path"]
                    for r in whole
                    if r["decision"] == decision and (language is None or (r["language"] or "") == language)
                ]
                found = view.files(id_, 0, 10_000, language=language, decision=decision)
                assert [r["path"] for r in found.rows] == fits
                assert found.total == len(fits)
        assert found.languages == sorted({r["language"] for r in whole if r["language"]})
    assert view.files("0" * 64, 0, 10).total == 0


def test_every_occurrence_is_found_with_its_text(view: View) -> None:
    for row in sample_rows()[::7]:
        found = view.occurrence(repository_id(row.repository), row.path)
        assert found is not None
        assert found["swhid"] == row.swhid
        text = view.text(row.swhid, found["shard"]) if found["decision"] == "kept" else None
        assert text == (None if row.dropped else row.text)
    assert view.occurrence(repository_id("pypi/rich"), "/nothing") is None
    assert view.occurrence(repository_id("pypi/rich"), "/rich/pretty.py", entry=1) is None
    assert view.text("swh:1:cnt:" + "0" * 40, None) is None


def test_counts_are_made_once(sample_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_view(sample_release, tmp_path).counts
    assert first == stats(open_release(sample_release))
    monkeypatch.delattr(browse, "stats")
    assert open_view(sample_release, tmp_path).counts == first


def test_a_page_reads_the_groups_of_its_repository_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        Row(f"many/{n:03}", f"/{m}.py", b"x = %d\n" % (1000 * n + m), "Python") for n in range(60) for m in range(4)
    ]
    monkeypatch.setattr("drystone.release.writing.writer._LEDGER_ROWS", 8)
    write_sample(tmp_path / "release", rows, FACTS, parts=12)
    view = open_view(tmp_path / "release", tmp_path / "cache")
    opened: list[Path] = []
    original = tables.open_parquet

    def counting(path: Path, schema: object) -> object:
        opened.append(path)
        return original(path, schema)

    for module in ("browse", "lookup"):
        monkeypatch.setattr(f"drystone.release.inspection.{module}.open_parquet", counting, raising=False)
    monkeypatch.setattr("drystone.release.read.open_parquet", counting)
    monkeypatch.setattr(tables, "open_parquet", counting)
    for name in ("many/000", "many/031", "many/059"):
        opened.clear()
        assert view.files(repository_id(name), 0, 30).total == 4
        assert view.occurrence(repository_id(name), "/2.py") is not None
        assert len(opened) <= 24, "two searches among 12 parts, and the groups found"
