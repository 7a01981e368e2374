from __future__ import annotations

from pathlib import Path

import pytest

from drystone import building
from drystone.building.settings import Settings
from drystone.identity.swhid import from_link, link, parse
from drystone.release.identifiers import occurrence_swhid, repositories_named, repository_swhid, rows_named
from drystone.release.inspection.why import explain, find
from drystone.release.read import Release, open_release
from drystone.sources import FolderSource, GitSource
from drystone.work.engine import Engine
from tests.sources import exported


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Real repositories with names that are not UTF-8, links and a submodule, and a folder without a revision."""
    home = tmp_path_factory.mktemp("identified")
    paths = exported.unpack_repositories(home)
    (home / "loose").mkdir()
    (home / "loose/semi;colon %3B#?.py").write_text("x = 1\n" * 20)
    sources = [*(GitSource(path=path) for path in paths), FolderSource(home / "loose")]
    building.build(Settings(), sources, home / "release", Engine(threads=1))
    return open_release(home / "release")


def test_every_row_of_the_ledger_is_a_link_and_comes_back(release: Release) -> None:
    repositories = {row["repository_id"]: row for table in release.repositories() for row in table.to_pylist()}
    count = 0
    for row in (row for table in release.ledger() for row in table.to_pylist()):
        swhid = occurrence_swhid(row, repositories[row["repository_id"]])
        assert swhid is not None, row
        assert swhid.anchor is not None
        address = link(swhid)
        assert address.isascii()
        assert from_link(address) == swhid
        assert row in list(rows_named(release, swhid))
        assert len(list(rows_named(release, swhid))) == 1
        count += 1
    assert count == release.manifest.counts.occurrences
    assert any(row["path_raw"] for table in release.ledger() for row in table.to_pylist())


def test_every_row_of_data_is_a_link_and_comes_back(release: Release) -> None:
    for row in release.files():
        swhid = occurrence_swhid(row)
        assert swhid is not None
        (found,) = rows_named(release, parse(str(swhid)))
        assert (found["swhid"], found["path"], found["origin"]) == (row["swhid"], row["path"], row["origin"])


def test_every_repository_is_a_link_and_comes_back(release: Release) -> None:
    kinds = set()
    for row in (row for table in release.repositories() for row in table.to_pylist()):
        swhid = repository_swhid(row)
        assert swhid is not None
        kinds.add(swhid.kind)
        assert list(repositories_named(release, from_link(link(swhid)))) == [row]
    assert kinds == {"rev", "dir"}


def test_a_row_whose_bytes_were_never_read_has_no_identifier(release: Release) -> None:
    row = dict.fromkeys(("swhid", "path", "path_raw", "origin"))
    assert occurrence_swhid(row) is None
    assert repository_swhid({"revision_id": None, "directory_id": "", "snapshot_id": None, "origin": "x"}) is None


def test_why_takes_what_it_gives(release: Release, tmp_path: Path) -> None:
    (row,) = find(release, "six:six.py")
    decision = explain(release, row)
    assert decision.link is not None
    assert decision.swhid is not None
    assert find(release, decision.link) == find(release, decision.swhid) == [row]
    # Elsewhere than it says: all places of those bytes.
    assert row in find(release, f"{row['swhid']};origin=https://elsewhere.example/")
