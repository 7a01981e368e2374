"""Releases that older programs wrote, and one of a newer format: each is verified, read, retracted or told apart."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.building.retract import retract
from drystone.errors import ReleaseError
from drystone.release import verbs
from drystone.release.checking.verify import verify
from drystone.release.columns import OPTIONAL, TABLES
from drystone.release.documents.notice import read_notices
from drystone.release.layout import MANIFEST
from drystone.release.manifest import FORMAT_VERSION, present_columns, read_manifest
from drystone.release.read import open_release
from tests.release.kept import kept_formats, unpacked, verified_and_read
from tests.release.test_retract import Table

NEWER = "3-of-tomorrow"
OLDER = [name for name in kept_formats() if name != NEWER and int(name.split("-")[0]) < FORMAT_VERSION]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    folder = tmp_path_factory.mktemp("formats")
    yield {name: unpacked(name, folder) for name in kept_formats()}


@pytest.mark.parametrize("name", kept_formats())
def test_every_kept_release_is_verified_and_read(name: str, tmp_path: Path) -> None:
    report = verified_and_read(name, tmp_path)
    assert report.problems == {}
    assert (report.notes == []) == (name != NEWER)


def test_each_version_is_kept_and_its_columns_do_not_change(kept: dict[str, Path]) -> None:
    """Where this fails: a new column is `since` the next version; keep a release of this one before (`kept.py`)."""
    assert {int(name.split("-")[0]) for name in kept} >= set(range(1, FORMAT_VERSION + 1))
    for folder in kept.values():
        manifest = read_manifest(folder)
        for kind, table in TABLES.items():
            if kind in OPTIONAL and kind not in manifest.columns:
                assert not manifest.of_kind(kind)
            elif manifest.format_version == FORMAT_VERSION:
                assert manifest.columns[kind] == present_columns()[kind]
            elif 1 < manifest.format_version < FORMAT_VERSION:
                assert manifest.columns[kind] == tuple(c.name for c in table if c.since <= manifest.format_version)


def test_what_an_older_release_lacks_is_null_and_the_rest_is_there(kept: dict[str, Path]) -> None:
    release = open_release(kept["1-first"])
    rows = {row["path"]: row for row in release.files()}
    assert rows["/latin.py"]["content"] == "# café\nx = 'naïve'\n"
    assert {row["language_evidence"] for row in rows.values()} == {None}
    assert [row["license_basis"] for row in release.files(columns=["license_basis"])] == [None] * len(rows)
    assert "language_evidence" not in release.columns("data")
    assert open_release(kept["1-languages"]).columns("data") == [
        name for name in present_columns()["data"] if not name.startswith(("license_", "line_")) or name in
        ("license_type", "license_expression", "license_evidence")
    ]  # fmt: skip
    assert release.dataset().to_table(columns=["line_endings"]).num_rows == len(rows)
    assert read_notices(release.path, 1) is None, "unknown, and not none"


@pytest.mark.parametrize("name", OLDER)
def test_older_releases_are_counted_explained_and_compared(name: str, kept: dict[str, Path]) -> None:
    assert verbs.stats(kept[name]).counts.kept == 5
    assert [row["reason"] for row in verbs.occurrences(kept[name], "/near.py")] == ["near_duplicate"]
    assert verbs.diff(kept[name], kept["2"]).changes == {"added": 0, "removed": 0, "changed": 0}


@pytest.mark.parametrize("name", OLDER)
def test_an_older_release_is_retracted_with_the_columns_that_it_has(
    name: str, kept: dict[str, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(kept[name], tmp_path / "copy"))
    columns = open_release(folder).columns("data")
    for paths in (("secret.py",), ("latin.py",)):  # and once more, for then it is of this format
        retract([str(folder)], Table(paths=paths), "head-2")
        report = verify(folder)
        assert (report.problems, report.notes) == ({}, [])
    after = open_release(folder)
    assert after.manifest.format_version == FORMAT_VERSION
    assert after.columns("data") == columns
    assert {row["path"] for row in after.files()}.isdisjoint({"/secret.py", "/latin.py"})
    assert "Pallets" in (folder / "NOTICE").read_text(), "of the old text what belongs to others stays"


def test_what_a_newer_release_has_besides_is_named_and_covered(kept: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(kept[NEWER], tmp_path / "copy"))
    manifest = read_manifest(folder)
    unknown = ["data: smell", "data: weights", "ledger: mood", "LETTER.txt", "manifest.json: facts.weather"]
    assert manifest.unknown() == [*unknown, "manifest.json: files.flavour"]
    (note,) = verify(folder).notes
    assert all(name in note for name in unknown)
    assert {row["path"] for row in open_release(folder).files(columns=["path"])} >= {"/latin.py"}
    with pytest.raises(ReleaseError, match=r"no column smell"):
        list(open_release(folder).files(columns=["smell"]))
    with pytest.raises(ReleaseError, match="would lose it"):
        retract([str(folder)], Table(paths=("secret.py",)), "head-2")
    # What it does not know it still checks: another value in such a column, and a column that nobody announced.
    shard = folder / manifest.of_kind("data")[0].place
    table = pq.read_table(shard)
    at = table.schema.get_field_index("smell")
    pq.write_table(table.set_column(at, "smell", pa.array(["of mould"] * table.num_rows)), shard)
    assert {"checksums", "roots"} <= verify(folder).problems.keys()
    pq.write_table(table.append_column("more", pa.array([1] * table.num_rows)), shard)
    assert "schemas" in verify(folder).problems


def test_a_repository_is_found_behind_columns_of_several_leaves(kept: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(kept[NEWER], tmp_path / "copy"))
    (entry,) = read_manifest(folder).of_kind("ledger")
    table = pq.read_table(folder / entry.place)
    aside = pa.array([{"of": "zz", "and": "zz"}] * table.num_rows)
    pq.write_table(table.add_column(0, "aside", aside), folder / entry.place)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["columns"]["ledger"].insert(0, "aside")
    (folder / MANIFEST).write_text(json.dumps(manifest))
    release = open_release(folder)
    ids = set(table.column("repository_id").to_pylist())
    assert {id_ for id_ in ids if any(part.num_rows for part in release.ledger_of(id_))} == ids
