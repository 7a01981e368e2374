"""A build over a real export gives what a build over the same git repositories gives, row for row."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from drystone import building
from drystone.building.settings import Settings
from drystone.registry import NewRequest, Registry, Subject
from drystone.registry.requests import subjects
from drystone.release.checking.verify import verify
from drystone.release.exports.export import Form, export
from drystone.release.read import Release, open_release
from drystone.sources import GitSource, SoftwareHeritage, Source, TableSource
from drystone.sources.base import SYMLINK, Collection
from drystone.work.engine import Engine
from tests.sources import exported

#: What only one of the two can know: the kind, the archive's visit, authors (hashed in an export) and messages.
OWN = {"kind", "visit_date", "metadata"}


def build(sources: list[Source | Collection], folder: Path, registry: Path | None = None) -> Release:
    folder.mkdir()
    settings = Settings(registry=str(registry) if registry else None)
    building.build(settings, sources, folder / "release", Engine(threads=1))
    assert verify(folder / "release").holds
    return open_release(folder / "release")


def rows(tables: Any) -> list[dict[str, Any]]:
    found = []
    for row in (row for table in tables for row in table.to_pylist()):
        own = OWN - {"kind"} if "decision" in row else OWN
        found.append({k: v for k, v in row.items() if k not in own})
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
    links = [row for row in rows(by_export.ledger()) if row["kind"] == SYMLINK]
    assert any("out of the tree" in str(row["evidence"]) for row in links)


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
            "blob_id", "revision_date", "committer_date", "language", "released_sha256", "length_bytes",
            "license_type")  # fmt: skip

    def told(release: Release) -> Counter[Any]:
        return Counter(
            (*(row[name] for name in same), *sorted(row["detected_licenses"])) for row in rows(release.data())
        )

    # A table has no licence files of other languages, nor files that were dropped; what it lists is all there, under
    # the licence that it names.
    assert told(again) == told(by_git)
    assert again.manifest.counts.occurrences == by_git.manifest.counts.kept
    assert "Inria, 2026" in (again.path / "README.md").read_text()


@pytest.mark.parametrize("form", ["stack-v2", "stack-v2-repos"])
def test_the_licence_of_a_table_counts_where_its_licence_files_did_not_travel(
    by_git: Release, contents: Path, tmp_path: Path, form: Form
) -> None:
    export(by_git, form, tmp_path / "table")
    speaking = ("license", "copying", "readme", "pyproject.toml", "setup.cfg", "setup.py", "notice", "authors")
    for file in (tmp_path / "table").rglob("*.parquet"):
        table = pq.read_table(file)
        if form == "stack-v2":
            kept = [not any(word in path.lower() for word in speaking) for path in table.column("path").to_pylist()]
            table = table.filter(kept)
        else:
            column = [
                [f for f in files if not any(word in f["path"].lower() for word in speaking)]
                for files in table.column("files").to_pylist()
            ]
            at = table.schema.get_field_index("files")
            table = table.set_column(at, table.schema.field(at), pa.array(column, table.schema.field(at).type))
        pq.write_table(table, file)
    again = build([TableSource(tmp_path / "table", str(contents), "https://example.org/")], tmp_path / "built")
    before = {(row["origin"], row["path"]): row for row in rows(by_git.data())}
    after = {(row["origin"], row["path"]): row for row in rows(again.data())}
    assert len(after) == again.manifest.counts.occurrences == 40
    assert {row["license_basis"] for row in after.values()} <= {"table", "header"}
    assert sum(row["license_basis"] == "table" for row in after.values()) > 20
    for key, row in after.items():
        assert row["license_type"] == before[key]["license_type"]
        assert set(row["detected_licenses"]) <= set(before[key]["detected_licenses"])


def opt_out(registry: Path, subject: Subject) -> Path:
    with Registry.open(str(registry)) as opened:
        request, _ = opened.requests.receive(NewRequest((subject,), contact="ada@example.org"))
        opened.requests.vouch(request.id, "moderator-mo", "known")
        opened.requests.decide(request.id, "accepted", "moderator-mo")
    return registry


def revision(repository: Path, name: str) -> str:
    command = ["git", "-C", str(repository), "rev-parse", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("kind", ["repository", "path", "directory", "content", "author"])
def test_what_is_out_is_out_of_both(contents: Path, tmp_path: Path, kind: str) -> None:
    paths = exported.unpack_repositories(tmp_path, "masons/")
    six = exported.origin("six", "masons/")
    subject = {
        "repository": lambda: subjects.repository(six),
        "path": lambda: subjects.path(six, "six.py"),
        "directory": lambda: subjects.object_(f"swh:1:dir:{revision(paths[0], 'HEAD^{tree}')}"),
        "content": lambda: subjects.object_(f"swh:1:cnt:{revision(paths[0], 'HEAD:six.py')}"),
        "author": lambda: subjects.author("Ada Example <ada@example.org>")[-1],
    }[kind]()
    registry = opt_out(tmp_path / "registry.sqlite", subject)
    by_git = build([GitSource(path=path) for path in paths], tmp_path / "git", registry)
    place = exported.export_below(tmp_path / "below", "masons/")
    by_export = build([SoftwareHeritage(str(place), str(contents))], tmp_path / "export", registry)
    assert rows(by_export.ledger()) == rows(by_git.ledger())
    assert rows(by_export.data()) == rows(by_git.data())
    assert rows(by_export.repositories()) == rows(by_git.repositories())
    out = by_export.manifest.counts.opted_out_repositories
    assert out == by_git.manifest.counts.opted_out_repositories == {"repository": 1, "author": 4}.get(kind, 0)
    fallen = [row for row in rows(by_export.ledger()) if row["reason"] == "opted_out"]
    assert bool(fallen) == (kind in ("path", "directory", "content"))


@pytest.fixture(scope="module")
def below_an_owner(tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("owner")
    paths = exported.unpack_repositories(folder, "masons/")
    return build([GitSource(path=path) for path in paths], folder / "built")


@pytest.mark.parametrize("form", ["stack-v2", "stack-v2-repos"])
def test_rows_of_a_repository_that_is_out_are_not_taken_from_a_table(
    below_an_owner: Release, contents: Path, tmp_path: Path, form: Form
) -> None:
    export(below_an_owner, form, tmp_path / "table")
    # A table per file has names of repositories alone; one per repository has URLs.
    source = TableSource(tmp_path / "table", str(contents), "https://example.org/")
    six = exported.origin("six", "masons/")
    registry = opt_out(tmp_path / "registry.sqlite", subjects.repository(six))
    again = build([source], tmp_path / "built", registry)
    assert again.manifest.counts.opted_out_repositories == 1
    assert "opted out and never read: 1 repository" in (again.path / "README.md").read_text()
    left = {row["origin"] for row in rows(again.ledger())}
    assert left
    assert six not in left
    # Nor do they lie among what the build keeps for the next one.
    taken = [
        row
        for file in (tmp_path / "built").rglob("tables/*/*.parquet")
        for row in pq.read_table(file, columns=["url", "id"]).to_pylist()
    ]
    assert {row["url"] for row in taken} == left | {six}
    assert all((row["id"] is None) == (row["url"] == six) for row in taken)


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
