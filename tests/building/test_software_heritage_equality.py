"""A build over a real export gives what a build over the same git repositories gives, row for row."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pyarrow.orc
import pytest

from drystone import building
from drystone.building.engine import Engine
from drystone.building.settings import Settings
from drystone.release.export import Form, export
from drystone.release.read import Release, open_release
from drystone.release.verify import verify
from drystone.sources import GitSource, SoftwareHeritage, Source, TableSource
from drystone.sources.base import SYMLINK, Collection
from tests.sources import exported

#: What only one of the two can know: the kind, the archive's visit, authors (hashed in an export) and messages.
OWN = {"kind", "visit_date", "metadata"}


def build(sources: list[Source | Collection], folder: Path) -> Release:
    folder.mkdir()
    building.build(Settings(), sources, folder / "release", Engine(threads=1))
    assert verify(folder / "release").holds
    return open_release(folder / "release")


def rows(tables: Any) -> list[dict[str, Any]]:
    found = []
    for row in (row for table in tables for row in table.to_pylist()):
        # Where a link leads stands in its content, which is not fetched from an archive for a remark.
        remark = {"evidence"} if row.get("kind") == SYMLINK else set()
        own = OWN - {"kind"} if "decision" in row else OWN
        found.append({k: v for k, v in row.items() if k not in own | remark})
    return found


@pytest.fixture(scope="module")
def by_git(tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("git")
    paths = exported.unpack_repositories(folder)
    return build([GitSource(path=path) for path in paths], folder / "built")


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contents")
    exported.lay_out_contents(folder)
    return folder


@pytest.mark.parametrize(("layout", "place"), [("orc", "export"), ("orc", "folder"), ("parquet", "folder")])
def test_the_build_over_an_export_is_the_build_over_git(
    by_git: Release, contents: Path, tmp_path: Path, layout: str, place: str
) -> None:
    where = "export" if place == "export" else str(contents)
    by_export = build([SoftwareHeritage(str(exported.DATA / layout), where)], tmp_path / "built")
    assert len(rows(by_git.ledger())) > 100
    assert rows(by_export.ledger()) == rows(by_git.ledger())
    assert rows(by_export.data()) == rows(by_git.data())
    assert rows(by_export.repositories()) == rows(by_git.repositories())
    reasons = {row["branch_reason"] for row in metadata(by_export)}
    assert reasons  # each choice and its reason
    assert all(row["visit_date"] is not None for t in by_export.repositories() for row in t.to_pylist())


def metadata(release: Release) -> list[dict[str, Any]]:
    return [orjson.loads(row["metadata"]) for table in release.repositories() for row in table.to_pylist()]


@pytest.mark.parametrize("form", ["stack-v2", "stack-v2-repos"])
def test_a_release_comes_back_from_the_tables_it_was_exported_to(
    by_git: Release, contents: Path, tmp_path: Path, form: Form
) -> None:
    export(by_git, form, tmp_path / "table")
    source = TableSource(tmp_path / "table", str(contents), "https://example.org/", agreement="Inria, 2026")
    again = build([source], tmp_path / "built")
    same = ("swhid", "path", "content", "origin", "revision_id", "directory_id", "snapshot_id", "branch_name",
            "blob_id", "revision_date", "committer_date", "language", "released_sha256", "length_bytes")  # fmt: skip

    def told(release: Release) -> Counter[Any]:
        return Counter(tuple(row[name] for name in same) for row in rows(release.data()))

    # A table has no licence files of other languages, nor files that were dropped; what it lists is all there.
    assert told(again) == told(by_git)
    assert again.manifest.counts.occurrences == by_git.manifest.counts.kept
    assert "Inria, 2026" in (again.path / "README.md").read_text()


@pytest.mark.slow
def test_the_export_among_the_test_data_is_what_the_archives_tools_make(tmp_path: Path) -> None:
    home = os.environ.get("DRYSTONE_ORACLES")
    if not home or not (Path(home) / "swh-export/bin/python").exists():
        pytest.skip("DRYSTONE_ORACLES names no folder with the environment 'swh-export' (tests/oracles/README.md)")
    (tmp_path / "git").mkdir()
    paths = exported.unpack_repositories(tmp_path / "git")
    recipe = Path(__file__).parents[1] / "oracles/make_swh_export.py"
    named = [f"{exported.origin(name)}={path}" for name, path in zip(exported.NAMES, paths, strict=True)]
    subprocess.run([Path(home) / "swh-export/bin/python", recipe, tmp_path / "made", *named], check=True)
    for folder in exported.ORC.iterdir():
        made = [pyarrow.orc.read_table(file) for file in (tmp_path / "made/orc" / folder.name).glob("*.orc")]
        there = [pyarrow.orc.read_table(file) for file in folder.glob("*.orc")]
        assert [sorted(map(repr, t.to_pylist())) for t in made] == [sorted(map(repr, t.to_pylist())) for t in there]
