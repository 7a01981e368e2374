"""What of a release falls by a plain table of what must go: repositories, paths, contents, and what hangs on them."""

from __future__ import annotations

from pathlib import Path

from drystone.release.read import open_release
from drystone.release.versions.falls import Fallen, contents_of, folders_above, key_of, take_inventory, total_of
from tests.release.sample import repository_id
from tests.release.test_retract import Table


def test_nothing_falls_where_nothing_must_go(sample_release: Path) -> None:
    found = take_inventory(open_release(sample_release), Table())
    assert found.empty
    assert (found.rows, found.parts, found.shards, found.requests) == ({}, set(), set(), {})


def test_a_repository_falls_as_a_whole_and_is_counted(sample_release: Path) -> None:
    release = open_release(sample_release)
    found = take_inventory(release, Table(("pypi/click",)))
    rows = [row for table in release.ledger() for row in table.to_pylist()]
    mine = [row for row in rows if row["repository_id"] == repository_id("pypi/click")]
    kept = [row for row in mine if row["decision"] == "kept"]
    assert found.repositories == {repository_id("pypi/click"): "request-1"}
    assert found.rows == {}  # its rows leave the ledger
    assert found.total == Fallen(len(mine), len(kept), sum(row["size"] for row in kept), 1)
    assert found.shards == {row["shard"] for row in kept}
    assert found.kept[repository_id("pypi/click")] == -len(kept)


def test_bytes_fall_wherever_they_lie_and_their_duplicates_are_orphans(sample_release: Path) -> None:
    release = open_release(sample_release)
    rows = [row for table in release.ledger() for row in table.to_pylist()]
    copy = next(row for row in rows if row["reason"] == "exact_duplicate")
    found = take_inventory(release, Table(contents={copy["swhid"]}))
    same = [row for row in rows if row["swhid"] == copy["swhid"]]
    assert found.rows == dict.fromkeys(map(key_of, same), "request-3")
    assert set(found.gone) == {copy["swhid"]}
    assert not found.handed  # the copies fall too


def test_the_best_copy_takes_over_what_falls_elsewhere(sample_release: Path) -> None:
    release = open_release(sample_release)
    rows = [row for table in release.ledger() for row in table.to_pylist()]
    copy = next(row for row in rows if row["reason"] == "exact_duplicate" and row["origin"].endswith("fork/click"))
    found = take_inventory(release, Table(("pypi/click",)), prefer=lambda row, owner: (owner["origin"], row["path"]))
    handed = found.handed[copy["swhid"]]
    assert handed.key == key_of(copy)
    assert handed.owner["repository_id"] == copy["repository_id"]
    assert handed.shard in {entry.path for entry in release.manifest.of_kind("data")}
    assert copy["swhid"] not in found.gone


def test_contents_of_repositories_are_their_files(sample_release: Path) -> None:
    release = open_release(sample_release)
    ids = [repository_id("pypi/click"), repository_id("fork/click")]
    rows = [row for table in release.ledger() for row in table.to_pylist()]
    expected = {id_: {row["swhid"] for row in rows if row["repository_id"] == id_} for id_ in ids}
    assert contents_of(release, ids) == expected


def test_folders_above_end_with_the_root() -> None:
    assert list(folders_above(b"a/b/c.py")) == [b"a/b", b"a", b""]
    assert list(folders_above(b"c.py")) == [b""]


def test_sums() -> None:
    assert total_of([Fallen(1, 2, 3, 4), Fallen(10, 20, 30, 40)]) == Fallen(11, 22, 33, 44)
    assert total_of([]) == Fallen()
