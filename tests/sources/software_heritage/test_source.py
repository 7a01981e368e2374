"""Exports written with true hashes, read back: against a plain recursive walk, and for every trap on its own."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc
import pytest

from drystone.errors import SourceError, UsageError
from drystone.sources.base import Limits, Repository
from drystone.sources.software_heritage import origins as swh_origins
from drystone.sources.software_heritage import parts as swh_parts
from drystone.sources.software_heritage import source as software_heritage
from drystone.sources.software_heritage.source import SoftwareHeritage
from drystone.work import runs as swh_runs
from drystone.work.tasks import run_here
from tests.sources.software_heritage.world import SCHEMAS, Link, Module, Tree, World, when

Row = tuple[str, bytes, str, int, str, int | None]


class Read:
    """Everything that an export gives."""

    def __init__(self, export: Path | str, bucket: Path | str, cache: Path, limits: Limits | None = None, **more: Any):
        limits = limits or Limits()
        source = SoftwareHeritage(str(export), str(bucket), **more)
        self.parts = source.parts(cache, limits, run_here)
        self.repositories: dict[str, Repository] = {}
        self.rows: list[dict[str, Any]] = []
        for part in self.parts:
            repositories, occurrences = part.listing(cache, limits)
            for repository in repositories:
                assert repository.origin not in self.repositories
                self.repositories[repository.origin] = repository
            listed = occurrences.to_pylist()
            for row in listed:
                self.rows.append({**row, "origin": repositories[row["repository"]].origin})
            wanted = [row for row in listed if row["readable"]]
            for row, data in zip(wanted, part.read((row["id"] for row in wanted), cache, limits), strict=True):
                self.rows[len(self.rows) - len(listed) + listed.index(row)]["data"] = data

    def of(self, origin: str) -> dict[bytes, dict[str, Any]]:
        rows = [row for row in self.rows if row["origin"] == origin]
        assert len({row["path"] for row in rows}) == len(rows)
        return {row["path"]: row for row in rows}

    def problem(self, origin: str) -> str:
        found = self.repositories[origin]
        problem = found.lost or found.empty
        assert problem is not None
        return problem


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    def reading(world: World, limits: Limits | None = None, form: str = "orc", **more: Any) -> Read:
        number = len(list(tmp_path.iterdir()))
        export = world.write(tmp_path / f"export{number}", form)
        return Read(export, world.bucket(tmp_path / f"bucket{number}"), tmp_path / f"cache{number}", limits, **more)

    return reading


def walked(world: World, root: bytes) -> set[tuple[bytes, str, int, str]]:
    """Return path, kind, mode and target of everything below a directory, by plain recursion."""
    listed: dict[str, list[dict[str, Any]]] = {}
    for row in world.rows["directory_entry"]:
        listed.setdefault(row["directory_id"], []).append(row)
    found = set()

    def walk(directory: str, prefix: bytes) -> None:
        for row in listed.get(directory, []):
            path = prefix + row["name"]
            if row["type"] == "dir":
                walk(row["target"], path + b"/")
            else:
                kind = {"rev": "submodule"}.get(row["type"], "symlink" if row["perms"] == 0o120000 else "file")
                found.add((path, kind, row["perms"], row["target"]))

    walk(root.hex(), b"")
    return found


def grown(seed: int, origins: int = 40) -> tuple[World, dict[str, bytes]]:
    """Return repositories whose trees share directories, and the root of each."""
    chance = random.Random(seed)
    world = World()
    pool: list[dict[str | bytes, Any]] = [{"f": "one"}]
    roots: dict[str, bytes] = {}
    for number in range(origins):
        for _ in range(6):
            items: dict[str | bytes, Any] = {}
            for name in chance.sample(range(30), chance.randint(1, 7)):
                choice = chance.random()
                if choice < 0.35:
                    items[f"d{name}"] = chance.choice(pool)
                elif choice < 0.4:
                    items[b"l\xff%d" % name] = Link(b"f%d" % chance.randint(0, 9))
                elif choice < 0.43:
                    items[f"m{name}"] = Module(bytes([name]) * 20)
                else:
                    items[f"f{name}.py"] = f"x = {chance.randint(0, 400)}\n"
            if _entries(items) < 3000:
                pool.append(items)
        root = world.tree({"README": f"number {number}\n", "src": pool[-1], "lib": chance.choice(pool)})
        url = f"https://example.org/o{number}/r{chance.randint(0, 9)}"
        revision = world.revision(root)
        world.origin(url, ("full", world.snapshot({"HEAD": ("revision", revision)})))
        roots[url] = root
    return world, roots


def _entries(items: dict[str | bytes, Any]) -> int:
    return sum(1 + (_entries(item) if isinstance(item, dict) else 0) for item in items.values())


def check(found: Read, world: World, roots: dict[str, bytes]) -> None:
    assert found.repositories.keys() == roots.keys()
    for origin, root in roots.items():
        rows = found.of(origin).values()
        got = {(row["path"], row["kind"], row["mode"], row["id"].hex()) for row in rows}
        assert got == walked(world, root)
        assert found.repositories[origin].directory == root.hex()
        for row in rows:
            if row["kind"] != "submodule":
                assert row["size"] == len(world.contents[row["id"]])
            assert row["readable"] == (row["kind"] == "file")
            if row["readable"]:
                assert row["data"] == world.contents[row["id"]]


@pytest.mark.parametrize("form", ["orc", "parquet"])
def test_every_path_of_every_origin(read: Callable[..., Read], form: str) -> None:
    world, roots = grown(1)
    check(read(world, form=form), world, roots)


@pytest.mark.parametrize("seed", [2, 3])
def test_how_the_work_is_cut_does_not_show(
    read: Callable[..., Read], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(software_heritage, "_GROUP_ENTRIES", 60)
    monkeypatch.setattr(software_heritage, "_OTHERS", 1)
    monkeypatch.setattr(swh_parts, "_PART_ROWS", 30)
    monkeypatch.setattr(swh_runs, "_BATCH_ROWS", 8)
    world, roots = grown(seed, 12)
    found = read(world, rows=90)
    assert len(found.parts) > 5
    check(found, world, roots)


def test_no_run_has_more_rows_than_its_share_of_a_task(tmp_path: Path) -> None:
    world, _ = grown(5, 40)
    export = world.write(tmp_path / "export", files=1)
    SoftwareHeritage(str(export), str(world.bucket(tmp_path / "bucket")), rows=64).parts(
        tmp_path / "cache", Limits(), run_here
    )
    most = 64 // software_heritage._RUN_SHARE
    for suffix in ("visits", "branches", "revisions", "entries", "contents"):
        sizes = [pa.ipc.open_file(pa.OSFile(str(run))).read_all().num_rows for run in _runs(tmp_path, suffix)]
        assert len(sizes) > 1
        assert max(sizes) == most


def test_origins_without_a_directory_do_not_come_together(tmp_path: Path) -> None:
    world = World()
    for number in range(60):
        world.origin(f"https://x.org/{number}")
    world.repository("https://x.org/a", {"a.py": "a"})
    export, bucket = world.write(tmp_path / "export"), world.bucket(tmp_path / "bucket")
    found = Read(export, bucket, tmp_path / "cache", rows=8 * software_heritage._ORIGIN_WEIGHT)
    assert {origin for origin, told in found.repositories.items() if told.directory} == {"https://x.org/a"}
    assert len(found.repositories) == 61
    assert len(found.rows) == 1
    sizes = [pa.ipc.open_file(pa.OSFile(str(run))).read_all().num_rows for run in _runs(tmp_path, "others")]
    assert sum(sizes) == 60
    assert max(sizes) < 30


def _runs(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.rglob(f"cache/**/*.{suffix}"))


@pytest.mark.parametrize("rows", [1, 3, 4, 100])
def test_tables_are_put_together_and_cut(rows: int) -> None:
    tables = [pa.table({"a": range(first, first + count)}) for first, count in ((0, 5), (5, 0), (5, 1), (6, 7))]
    found = list(swh_runs.batched(tables, rows))
    assert [value for table in found for value in table.column("a").to_pylist()] == list(range(13))
    assert {table.num_rows for table in found[:-1]} <= {rows}
    assert 0 < found[-1].num_rows <= rows
    assert not list(swh_runs.batched(tables[1:2], rows))


def test_an_export_on_s3(tmp_path: Path, s3: str) -> None:
    world, roots = grown(4, 6)
    export = world.write(tmp_path / "export")
    system, bucket = _upload(s3, export)
    assert system is not None
    found = Read(f"s3://{bucket}/graph?endpoint={s3}", world.bucket(tmp_path / "bucket"), tmp_path / "cache")
    check(found, world, roots)


def _upload(endpoint: str, folder: Path) -> tuple[Any, str]:
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket="exports")
    for file in folder.rglob("*.orc"):
        client.upload_file(str(file), "exports", f"graph/{file.relative_to(folder)}")
    return client, "exports"


def test_the_latest_full_visit_counts(read: Callable[..., Read]) -> None:
    world = World()
    old, new, partial = (
        world.snapshot({"HEAD": ("revision", world.revision(world.tree({name: name})))})
        for name in ("old", "new", "partial")
    )
    world.origin("https://x.org/a", ("full", old), ("full", new), ("partial", partial), ("failed", None))
    world.origin("https://x.org/b", ("partial", partial), ("failed", None))
    world.origin("https://x.org/c")
    found = read(world)
    assert set(found.of("https://x.org/a")) == {b"new"}
    repository = found.repositories["https://x.org/a"]
    assert repository.snapshot == new.hex()
    assert repository.visit_date == datetime(2024, 1, 2)
    assert repository.metadata["visit"] == 2
    assert found.repositories["https://x.org/b"].lost == "it has no full visit"
    assert found.repositories["https://x.org/c"].lost == "it has no full visit"


def test_visits_out_of_order_and_noted_twice(read: Callable[..., Read]) -> None:
    world = World()
    old, new = (world.snapshot({"HEAD": ("revision", world.revision(world.tree({n: n})))}) for n in ("old", "new"))
    world.origin("https://x.org/a", ("full", old), ("full", new))
    world.rows["origin_visit_status"].reverse()
    world.rows["origin_visit_status"].append(dict(world.rows["origin_visit_status"][0]))
    assert set(read(world).of("https://x.org/a")) == {b"new"}


def test_an_origin_is_as_it_was_at_its_last_full_visit_by_then(read: Callable[..., Read]) -> None:
    world = World()
    old, new = (world.snapshot({"HEAD": ("revision", world.revision(world.tree({n: n})))}) for n in ("old", "new"))
    world.origin("https://x.org/a", ("full", old), ("partial", new), ("full", new))
    world.repository("https://x.org/b", {"before": "b"})
    for table in ("origin_visit", "origin_visit_status"):
        for row in world.rows[table]:
            row["date"] = datetime(2023, 1, 1) if row["origin"] == "https://x.org/b" else row["date"]
    # The first visit was full on the second of January, the last one on the fourth.
    for day, name in {1: None, 2: b"old", 3: b"old", 4: b"new"}.items():
        found = read(world, as_of=datetime(2024, 1, day))
        assert set(found.of("https://x.org/a")) == ({name} if name else set()), day
        repository = found.repositories["https://x.org/a"]
        assert repository.metadata["as_of"] == f"2024-01-0{day}"
        assert repository.empty == (None if name else "it has no full visit by 2024-01-01")
        assert repository.lost is None


def test_origins_may_be_limited(read: Callable[..., Read]) -> None:
    world, _ = grown(5, 3)
    world.repository("https://github.com/a/b", {"a": "a"})
    assert set(read(world, origins="https://github.com/").repositories) == {"https://github.com/a/b"}
    with pytest.raises(SourceError, match="no origin of the export begins with 'ftp:"):
        read(world, origins="ftp://")


def test_forks_collapse_to_one(read: Callable[..., Read], tmp_path: Path) -> None:
    world = World()
    tree: dict[str | bytes, Any] = {"a.py": "a"}
    for url, date in (("u/one", when(2019)), ("u/two", when(2021)), ("u/three", when(2021)), ("u/four", when(2018))):
        world.repository(f"https://github.com/{url}", tree, date)
    world.repository("https://github.com/u/other", {"b.py": "b"})
    found = read(world)
    listed = {row["origin"] for row in found.rows}
    # The newest revision; of two, the smallest origin.
    assert listed == {"https://github.com/u/three", "https://github.com/u/other"}
    assert "is that of https://github.com/u/three, which" in found.problem("https://github.com/u/one")
    assert len(found.repositories) == 5
    assert len({repository.id for repository in found.repositories.values()}) == 5
    # With more stars the oldest stands for all.
    table = pa.table({"origin": ["https://github.com/u/four", "https://github.com/not/here"], "stars": [7, 1]})
    pa.parquet.write_table(table, tmp_path / "recorded.parquet")
    found = read(world, repositories=tmp_path / "recorded.parquet")
    assert {row["origin"] for row in found.rows} == {"https://github.com/u/four", "https://github.com/u/other"}
    assert found.repositories["https://github.com/u/four"].stars == 7
    assert len(found.repositories) == 5


@pytest.mark.parametrize("origin", ["a/b", "http://github.com/a/b.git", "https://github.com/a/b/"])
def test_what_is_recorded_is_found_by_any_spelling_of_the_origin(
    read: Callable[..., Read], tmp_path: Path, origin: str
) -> None:
    world = World()
    main = {"refs/heads/main": ("revision", world.revision(world.tree({"one": "one"})))}
    world.origin("https://github.com/a/b", ("full", world.snapshot(main)))
    pa.parquet.write_table(
        pa.table({"origin": [origin, "c/d", None], "stars": [7, 9, 1]}), tmp_path / "recorded.parquet"
    )
    found = read(world, repositories=tmp_path / "recorded.parquet").repositories
    assert {url: repository.stars for url, repository in found.items()} == {"https://github.com/a/b": 7}
    pa.parquet.write_table(pa.table({"origin": [origin], "stars": ["many"]}), tmp_path / "recorded.parquet")
    with pytest.raises(SourceError, match=r"recorded\.parquet: the column 'stars' must be a whole number"):
        read(world, repositories=tmp_path / "recorded.parquet")


def test_what_is_recorded_of_an_origin(read: Callable[..., Read], tmp_path: Path) -> None:
    world = World()
    one, two = (world.revision(world.tree({name: name})) for name in ("one", "two"))
    main, dev = "refs/heads/main", "refs/heads/dev"
    branches = {main: ("revision", one), dev: ("revision", two), "HEAD": ("alias", main.encode())}
    world.origin("https://github.com/a/b", ("full", world.snapshot(branches)))
    recorded = {
        "origin": ["https://github.com/a/b", None], "default_branch": ["dev", "old"], "forks": [3, 4],
        "github_id": [9, 10], "license": ["MIT", None], "language": ["C", None],
        "created_at": pa.array([when(2011), None], pa.timestamp("ms")),
    }  # fmt: skip
    pa.parquet.write_table(pa.table(recorded), tmp_path / "recorded.parquet")
    repository = read(world, repositories=tmp_path / "recorded.parquet").repositories["https://github.com/a/b"]
    assert (repository.branch, repository.revision) == (dev, two.hex())
    assert (repository.forks, repository.github_id, repository.gha_license_id) == (3, 9, "MIT")
    assert (repository.gha_language, repository.gha_created_at) == ("C", datetime(2011, 1, 1))
    assert repository.metadata["branch_reason"] == "the recorded default branch"


def test_without_a_main_branch_the_most_recent_counts(read: Callable[..., Read]) -> None:
    world = World()
    dates = {"b": when(2020), "a": when(2022), "c": when(2022), "d": when(2021)}
    branches = {
        f"refs/heads/{name}": ("revision", world.revision(world.tree({name: name}), when(2000), date))
        for name, date in dates.items()
    }
    world.origin("https://x.org/a", ("full", world.snapshot(branches)))
    found = read(world)
    assert found.repositories["https://x.org/a"].branch == "refs/heads/a"
    assert found.repositories["https://x.org/a"].metadata["branch_reason"] == "the most recent of the branches"


def test_releases_lead_to_revisions_and_directories(read: Callable[..., Read]) -> None:
    world = World()
    revision = world.revision(world.tree({"a": "a"}))
    nested = world.release(world.release(revision), "release")
    world.origin("https://x.org/a", ("full", world.snapshot({"HEAD": ("release", nested)})))
    direct = world.release(world.tree({"b": "b"}), "directory")
    world.origin("https://x.org/b", ("full", world.snapshot({"HEAD": ("release", direct)})))
    circle = b"\5" * 20
    world.rows["release"].append({"id": circle.hex(), "target": circle.hex(), "target_type": "release"})
    world.origin("https://x.org/c", ("full", world.snapshot({"HEAD": ("release", circle)})))
    world.origin("https://x.org/d", ("full", world.snapshot({"HEAD": ("release", b"\6" * 20)})))
    found = read(world)
    assert set(found.of("https://x.org/a")) == {b"a"}
    assert found.repositories["https://x.org/a"].metadata["release"] == nested.hex()
    assert found.repositories["https://x.org/a"].revision == revision.hex()
    assert set(found.of("https://x.org/b")) == {b"b"}
    assert found.repositories["https://x.org/b"].revision is None
    for origin, said in (("c", "is neither a revision nor a directory"), ("d", "is not in the export")):
        assert found.of(f"https://x.org/{origin}") == {}
        assert said in (found.repositories[f"https://x.org/{origin}"].lost or "")


def test_missing_revisions_and_directories_are_rows(read: Callable[..., Read]) -> None:
    world = World()
    world.origin("https://x.org/rev", ("full", world.snapshot({"HEAD": ("revision", b"\1" * 20)})))
    world.repository("https://x.org/dir", {"there": "a", "sub": {"gone": Tree(b"\2" * 20), "empty": {}}})
    revision = world.revision(b"\3" * 20)
    world.origin("https://x.org/root", ("full", world.snapshot({"HEAD": ("revision", revision)})))
    found = read(world)
    assert found.repositories["https://x.org/rev"].lost == f"the revision {'01' * 20} is not in the export"
    assert found.repositories["https://x.org/rev"].revision == "01" * 20
    rows = found.of("https://x.org/dir")
    assert rows.keys() == {b"there", b"sub/gone"}
    assert rows[b"sub/gone"]["kind"] == "unreadable"
    assert rows[b"sub/gone"]["lost"] == "directory"
    assert rows[b"sub/gone"]["problem"] == f"the entries of its directory {'02' * 20} are not in the export"
    (row,) = found.of("https://x.org/root").values()
    assert row["problem"] == f"the entries of its directory {'03' * 20} are not in the export"
    assert row["lost"] == "repository"


def test_a_directory_without_entries_is_lost_unless_it_is_the_empty_one(read: Callable[..., Read]) -> None:
    world = World()
    world.repository("https://x.org/a", {"there": "a", "sub": {"b.py": "b"}, "empty": {}})
    sub = world.tree({"b.py": "b"})
    world.rows["directory_entry"] = [row for row in world.rows["directory_entry"] if row["directory_id"] != sub.hex()]
    assert any(row["id"] == sub.hex() for row in world.rows["directory"])
    rows = read(world).of("https://x.org/a")
    assert {path: row["lost"] for path, row in rows.items()} == {b"there": None, b"sub": "directory"}


def test_a_snapshot_without_branches_is_lost_unless_it_is_the_empty_one(read: Callable[..., Read]) -> None:
    world = World()
    whole = world.snapshot({"HEAD": ("revision", world.revision(world.tree({"a": "a"})))})
    world.origin("https://x.org/a", ("full", whole))
    world.rows["snapshot_branch"].clear()
    world.origin("https://x.org/b", ("full", world.snapshot({})))
    world.repository("https://x.org/c", {"c": "c"})
    found = read(world).repositories
    said = "its snapshot has no branches"
    assert (found["https://x.org/a"].lost, found["https://x.org/a"].empty) == (said, None)
    assert (found["https://x.org/b"].lost, found["https://x.org/b"].empty) == (None, said)


def test_links_are_never_files_and_submodules_are_listed(read: Callable[..., Read]) -> None:
    world = World()
    world.repository("https://x.org/a", {"link": Link(b"../out"), "module": Module(b"\4" * 20), "file": "../out"})
    rows = read(world).of("https://x.org/a")
    assert {path: row["kind"] for path, row in rows.items()} == {
        b"link": "symlink", b"module": "submodule", b"file": "file",
    }  # fmt: skip
    assert [row["readable"] for path, row in sorted(rows.items())] == [True, False, False]
    assert rows[b"link"]["id"] == rows[b"file"]["id"]
    assert rows[b"module"]["id"] == b"\4" * 20
    assert rows[b"link"]["note"] == "the link's target is out of the tree: ../out"
    assert rows[b"file"]["note"] is None


def test_where_a_link_leads_may_not_be_known(tmp_path: Path) -> None:
    world = World()
    world.repository("https://x.org/a", {"in": Link(b"there"), "lost": Link(b"/etc"), "long": Link(b"x" * 70_000)})
    bucket = world.bucket(tmp_path / "bucket")
    (lost,) = [i for i in world.ids() if world.contents[i.sha1_git or b""] == b"/etc"]
    (bucket / "content" / (lost.sha1 or b"").hex()).unlink()
    rows = Read(world.write(tmp_path / "export"), bucket, tmp_path / "cache").of("https://x.org/a")
    assert {path: row["kind"] for path, row in rows.items()} == {
        b"in": "symlink", b"lost": "unreadable", b"long": "symlink",
    }  # fmt: skip
    assert rows[b"in"]["note"] is rows[b"long"]["note"] is None
    assert rows[b"in"]["target"] == b"there"
    assert (rows[b"lost"]["lost"], rows[b"lost"]["id"]) == ("content", b"")
    assert rows[b"lost"]["problem"].startswith("where it leads is not known: ")


@dataclass(frozen=True)
class Out:
    """Who is out, by URL or by author."""

    names: tuple[str, ...]

    @property
    def key(self) -> str:
        return hashlib.sha256(repr(self.names).encode()).hexdigest()

    def __call__(self, origin: str, metadata: Mapping[str, Any]) -> bool:
        return origin in self.names or metadata.get("author") in self.names


def test_what_is_out_stands_for_nobody(tmp_path: Path) -> None:
    world = World()
    tree: dict[str | bytes, Any] = {"a.py": "a"}
    for name, year in (("newest", 2022), ("middle", 2021), ("oldest", 2020)):
        world.repository(f"https://x.org/{name}", tree, when(year))
    world.repository("https://x.org/other", {"b.py": "b"})
    export, bucket = world.write(tmp_path / "export"), world.bucket(tmp_path / "bucket")
    listed = {}
    for names in ((), ("https://x.org/newest",), ("https://x.org/newest", "https://x.org/middle"), ("elsewhere",)):
        source = SoftwareHeritage(str(export), str(bucket))
        parts = source.parts(tmp_path / "cache", Limits(), run_here, Out(names) if names else None)
        found = [part.listing(tmp_path / "cache", Limits()) for part in parts]
        assert {r.origin for repositories, _ in found for r in repositories} == {
            f"https://x.org/{name}" for name in ("newest", "middle", "oldest", "other")
        }
        at = [(r, row) for r, rows in found for row in rows.to_pylist()]
        listed[names] = {(r[row["repository"]].origin.rpartition("/")[2], row["path"]) for r, row in at}
    assert list(listed.values()) == [
        {("newest", b"a.py"), ("other", b"b.py")},
        {("middle", b"a.py"), ("other", b"b.py")},
        {("oldest", b"a.py"), ("other", b"b.py")},
        {("newest", b"a.py"), ("other", b"b.py")},
    ]
    everybody = Out(tuple(f"https://x.org/{name}" for name in ("newest", "middle", "oldest", "other")))
    parts = SoftwareHeritage(str(export), str(bucket)).parts(tmp_path / "cache", Limits(), run_here, everybody)
    assert [part.listing(tmp_path / "cache", Limits()).occurrences.num_rows for part in parts] == [0]
    # What does not depend on who is out was read once.
    assert len(list((tmp_path / "cache").rglob("entries"))) == 1


def test_people_are_known_as_exports_name_them() -> None:
    digest = hashlib.sha256(b"Ann <ann@example.org>").digest()
    assert swh_origins.person(digest) == digest.hex()
    with_at = bytes([0xFF, *b"@<>", *range(0x80, 0x9C)])
    assert swh_origins.person(with_at) == with_at.hex()
    assert swh_origins.person(b"Ann <ann@example.org>") == "Ann <ann@example.org>"
    assert swh_origins.person(b"J\xe9 <j@example.org>") == "J\\xe9 <j@example.org>"
    assert swh_origins.person(None) is None


def test_directories_that_hold_themselves(read: Callable[..., Read]) -> None:
    world = World()
    a, b = b"\xaa" * 20, b"\xbb" * 20
    leaf = world.blob(b"leaf")
    world.directory(a, [(0o040000, b"b", b, "dir"), (0o100644, b"f", leaf, "file"), (0o040000, b"c", b, "dir")])
    world.directory(b, [(0o040000, b"a", a, "dir"), (0o100644, b"g", leaf, "file")])
    world.repository("https://x.org/a", {"x": Tree(a), "y": {"z": "1"}})
    rows = read(world, verify=False).of("https://x.org/a")
    assert {path: row["kind"] for path, row in rows.items()} == {
        b"x/f": "file", b"x/b/g": "file", b"x/c/g": "file", b"y/z": "file",
        b"x/b/a": "unreadable", b"x/c/a": "unreadable",
    }  # fmt: skip
    assert rows[b"x/b/a"]["problem"] == "the directory holds itself; it was not read"


def test_directories_that_do_not_hash_to_their_identifiers(read: Callable[..., Read]) -> None:
    world, roots = grown(11, 8)
    # Out of git's order, which is no fault; and one that is none of git's, whose manifest the export has.
    world.rows["directory_entry"].reverse()
    check(read(world, verify=True), world, roots)
    odd, wrong = b"\xdd" * 20, b"\xee" * 20
    leaf = world.blob(b"leaf")
    world.directory(odd, [(0o100644, b"kept", leaf, "file")])
    world.directory(wrong, [(0o100644, b"lost", leaf, "file")])
    world.rows["directory"][-2]["raw_manifest"] = b"tree 1\0x"
    world.repository("https://y.org/a", {"odd": Tree(odd), "wrong": Tree(wrong), "gone": Tree(b"\1" * 20), "f": "f"})
    world.origin("https://y.org/b", ("full", world.snapshot({"HEAD": ("revision", world.revision(wrong))})))
    found = read(world, verify=True)
    rows = found.of("https://y.org/a")
    assert {path: row["kind"] for path, row in rows.items()} == {
        b"odd/kept": "file", b"wrong": "unreadable", b"gone": "unreadable", b"f": "file",
    }  # fmt: skip
    assert rows[b"wrong"]["problem"] == "its entries do not hash to its identifier; it was not read"
    (row,) = found.of("https://y.org/b").values()
    assert (row["path"], row["kind"]) == (b"", "unreadable")
    assert "do not hash" in row["problem"]


def test_depth_is_bounded(read: Callable[..., Read]) -> None:
    world = World()
    tree: dict[str | bytes, Any] = {"f": "x"}
    for _ in range(6):
        tree = {"d": tree, "f": "x"}
    world.repository("https://x.org/a", tree)
    assert len(read(world).rows) == 7
    rows = read(world, depth=3).of("https://x.org/a")
    assert rows.keys() == {b"f", b"d/f", b"d/d/f", b"d/d/d"}
    assert rows[b"d/d/d"]["problem"] == "the directory lies more than 3 levels deep; it was not read"


def test_entries_are_bounded_and_a_bomb_ends(read: Callable[..., Read]) -> None:
    world = World()
    tree: dict[str | bytes, Any] = {f"f{i}": "x" for i in range(10)}
    for _ in range(12):
        below = Tree(world.tree(tree))
        tree = {f"d{i}": below for i in range(10)}
    world.repository("https://x.org/bomb", tree)
    world.repository("https://x.org/small", {"a": "a"})
    found = read(world, Limits(max_entries=2000))
    rows = [row for row in found.rows if row["origin"] == "https://x.org/bomb"]
    assert len(rows) == 1
    assert rows[0]["problem"] == "the tree has more than 2000 entries; the rest was not read"
    assert set(found.of("https://x.org/small")) == {b"a"}
    wide = World()
    wide.repository("https://x.org/wide", {"sub": {f"f{i:04d}": "x" for i in range(50)}, "z": "1"})
    first, second = (read(wide, Limits(max_entries=20)).of("https://x.org/wide") for _ in range(2))
    assert first.keys() == second.keys()
    assert len(first) == 20
    assert b"sub/f0017" in first
    assert b"sub/f0018" not in first


def test_names_that_cannot_be_part_of_a_path(read: Callable[..., Read]) -> None:
    world = World()
    leaf = world.blob(b"leaf")
    names = [b"..", b"a/b", b"a\0b", b"", b".", b"\xff\xfe", b"\xc3\xa9", b"x" * 300]
    root = b"\xcc" * 20
    world.directory(root, [(0o100644, name, leaf, "file") for name in names] + [(0o040000, b"..", root, "dir")])
    revision = world.revision(root)
    world.origin("https://x.org/a", ("full", world.snapshot({"HEAD": ("revision", revision)})))
    found = read(world, Limits(max_path_bytes=200), verify=False)
    kinds = {row["path"]: row["kind"] for row in found.rows}
    assert kinds[b"\xff\xfe"] == kinds[b"\xc3\xa9"] == "file"
    assert {path for path, kind in kinds.items() if kind == "unreadable"} == {
        b"..",
        b"a/b",
        b"a\0b",
        b"",
        b".",
        names[-1],
    }
    assert all(row["problem"] for row in found.rows if row["kind"] == "unreadable")
    assert len(found.rows) == len(names) + 1


def test_unknown_types_of_entries(read: Callable[..., Read]) -> None:
    world = World()
    root = b"\xcc" * 20
    world.directory(root, [(0o100644, b"odd", b"\1" * 20, "snapshot")])
    world.origin("https://x.org/a", ("full", world.snapshot({"HEAD": ("revision", world.revision(root))})))
    (row,) = read(world, verify=False).rows
    assert (row["kind"], row["problem"]) == ("unreadable", "the entry is of a type that is not known")


def test_contents_that_the_archive_does_not_give(read: Callable[..., Read]) -> None:
    world = World()
    files = {name: f"{name}\n" for name in ("ok", "hidden", "absent", "skipped", "huge", "large")}
    world.repository("https://x.org/a", {**files, "large": "x" * 500})
    by_id = {row["sha1_git"]: row for row in world.rows["content"]}
    wanted = {row["name"].decode(): row["target"] for row in world.rows["directory_entry"]}
    by_id[wanted["hidden"]]["status"] = "hidden"
    world.rows["content"].remove(by_id[wanted["absent"]])
    for name, length in (("skipped", 8), ("huge", 200_000_000)):
        row = by_id[wanted[name]]
        world.rows["content"].remove(row)
        world.rows["skipped_content"].append(
            {**row, "length": length, "status": "absent", "reason": "Content too large"}
        )
    world.rows["skipped_content"].append({"length": 5, "status": "absent", "reason": "no hash at all"})
    rows = read(world, Limits(max_file_bytes=400)).of("https://x.org/a")
    assert {path: row["kind"] for path, row in rows.items()} == {
        b"ok": "file", b"hidden": "unreadable", b"absent": "unreadable", b"skipped": "unreadable", b"huge": "file",
        b"large": "file",
    }  # fmt: skip
    assert [path for path, row in rows.items() if row["readable"]] == [b"ok"]
    assert rows[b"hidden"]["problem"] == "its status in the archive is hidden"
    assert "neither in the table content" in rows[b"absent"]["problem"]
    assert rows[b"skipped"]["problem"] == "the archive skipped it: Content too large"
    assert (rows[b"huge"]["size"], rows[b"large"]["size"]) == (200_000_000, 500)


def test_contents_with_one_git_hash(read: Callable[..., Read]) -> None:
    world = World()
    world.repository("https://x.org/a", {"f": "x\n"})
    (row,) = world.rows["content"]
    world.rows["content"] += [{**row, "status": "hidden"}, {**row, "sha1": "f" * 40}]
    (found,) = read(world).rows
    assert found["readable"]
    assert found["data"] == b"x\n"


@pytest.mark.parametrize("form", ["orc", "parquet"])
def test_dates_that_do_not_fit(tmp_path: Path, form: str) -> None:
    pyorc = pytest.importorskip("pyorc")
    world = World()
    for number in range(5):
        world.repository(f"https://x.org/{number}", {f"f{number}": "x"}, when(2000 + number))
    export = world.write(tmp_path / "export", form, files=1)
    # Years 1600, 3000 and 9999, one that no calendar of Python has, and a good one beside them.
    seconds = [-11676096000, 32503680000, 253402300799, 10**12, 946684800]
    rows = [{**row, "seconds": at} for row, at in zip(world.rows["revision"], seconds, strict=True)]
    if form == "orc":

        class Raw(pyorc.converters.ORCConverter):  # type: ignore[misc, name-defined]
            @staticmethod
            def to_orc(value: tuple[int, int], zone: object) -> tuple[int, int]:
                return value

            @staticmethod
            def from_orc(seconds: int, nanoseconds: int, zone: object) -> tuple[int, int]:
                return seconds, nanoseconds

        schema = "struct<id:string,date:timestamp,committer_date:timestamp,directory:string,type:string>"
        kinds = {pyorc.TypeKind.TIMESTAMP: Raw}
        with (
            (export / "orc/revision/revision-0.orc").open("wb") as file,
            pyorc.Writer(file, schema, converters=kinds) as writer,
        ):
            for row in rows:
                writer.write((row["id"], (row["seconds"], 0), (row["seconds"], 0), row["directory"], "git"))
        with pytest.raises(pa.ArrowInvalid):  # the trap is there
            pa.orc.ORCFile(str(export / "orc/revision/revision-0.orc")).read(columns=["date"])
    else:
        kind = pa.struct([("seconds", pa.int64()), ("microseconds", pa.uint32())])
        dates = pa.array([{"seconds": row["seconds"], "microseconds": 0} for row in rows], kind)
        table = pa.table(
            {"id": [r["id"] for r in rows], "date": dates, "committer_date": dates,
             "directory": [r["directory"] for r in rows], "type": ["git"] * 5}
        )  # fmt: skip
        pa.parquet.write_table(table, export / "parquet/revision/revision-0.parquet")
    found = Read(export, world.bucket(tmp_path / "bucket"), tmp_path / "cache")
    dates_ = [found.repositories[f"https://x.org/{number}"].revision_date for number in range(5)]
    assert dates_ == [datetime(1600, 1, 1), datetime(3000, 1, 1), datetime(9999, 12, 31, 23, 59, 59), None, when(2000)]
    assert found.repositories["https://x.org/3"].metadata["revision_date_microseconds"] == 10**18
    assert len(found.rows) == 5


@pytest.mark.parametrize("table", ["snapshot_branch", "revision", "directory_entry", "content", "origin_visit_status"])
def test_a_missing_table(tmp_path: Path, table: str) -> None:
    world, _ = grown(6, 2)
    export = world.write(tmp_path / "export")
    for file in (export / "orc" / table).iterdir():
        file.unlink()
    with pytest.raises(SourceError, match=f"the table {table} is missing"):
        Read(export, world.bucket(tmp_path / "bucket"), tmp_path / "cache")


def test_the_table_of_releases_is_needed_where_one_is_met(tmp_path: Path) -> None:
    world = World()
    release = world.release(world.revision(world.tree({"a": "a"})))
    world.origin("https://x.org/a", ("full", world.snapshot({"HEAD": ("release", release)})))
    export = world.write(tmp_path / "export")
    for file in (export / "orc/release").iterdir():
        file.unlink()
    with pytest.raises(SourceError, match="the table release is missing"):
        Read(export, world.bucket(tmp_path / "bucket"), tmp_path / "cache")


def test_columns_of_another_version(tmp_path: Path) -> None:
    world, roots = grown(7, 2)
    export = world.write(tmp_path / "export", files=1)
    status = export / "orc/origin_visit_status/origin_visit_status-0.orc"
    rows = pa.orc.read_table(status)
    # As the documentation of the export has it.
    pa.orc.write_table(rows.rename_columns({"snapshot": "snapshot_id"}).drop_columns(["type"]), status)
    check(Read(export, world.bucket(tmp_path / "bucket"), tmp_path / "cache"), world, roots)
    entries = export / "orc/directory_entry/directory_entry-0.orc"
    pa.orc.write_table(pa.orc.read_table(entries).drop_columns(["perms"]), entries)
    with pytest.raises(SourceError, match=r"directory_entry-0.orc: the table directory_entry has no column perms"):
        Read(export, tmp_path / "bucket", tmp_path / "cache2")


@pytest.mark.parametrize("form", ["orc", "parquet"])
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.95])
def test_truncated_files(tmp_path: Path, form: str, keep: float) -> None:
    world, _ = grown(8, 2)
    export = world.write(tmp_path / "export", form, files=1)
    file = export / form / f"directory_entry/directory_entry-0.{form}"
    os.truncate(file, int(file.stat().st_size * keep))
    with pytest.raises(SourceError, match=f"directory_entry-0.{form}: cannot be read .*; it is damaged or cut short"):
        Read(export, world.bucket(tmp_path / "bucket"), tmp_path / "cache")


@pytest.mark.parametrize("bad", ["nothex" * 7, "ab", "A" * 40, None])
def test_identifiers_that_are_none(tmp_path: Path, bad: str | None) -> None:
    world, _ = grown(9, 2)
    world.rows["directory_entry"][0]["target"] = bad
    export = world.write(tmp_path / "export")
    with pytest.raises(SourceError, match="is this a graph export"):
        Read(export, world.bucket(tmp_path / "bucket"), tmp_path / "cache")


def test_places_that_are_no_export(tmp_path: Path) -> None:
    world = World()
    world.blob(b"x")
    bucket = world.bucket(tmp_path / "bucket")
    with pytest.raises(SourceError, match="there is no such folder"):
        Read(tmp_path / "nowhere", bucket, tmp_path / "cache")
    with pytest.raises(SourceError, match="no graph export is here"):
        Read(bucket, bucket, tmp_path / "cache")
    with pytest.raises(UsageError, match="an export is read from a folder or from s3://"):
        Read("https://example.org/graph", bucket, tmp_path / "cache")


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    world, _ = grown(10, 3)
    export, bucket = world.write(tmp_path / "export"), world.bucket(tmp_path / "bucket")
    first = SoftwareHeritage(str(export), str(bucket)).parts(tmp_path / "cache", Limits(), run_here)
    states = [part.state(tmp_path / "cache").key for part in first]
    again = SoftwareHeritage(str(export), str(bucket)).parts(tmp_path / "cache", Limits(), run_here)
    assert [part.state(tmp_path / "cache").key for part in again] == states
    assert len(set(states)) == len(states)
    other = SoftwareHeritage(str(export), str(bucket), depth=9).parts(tmp_path / "cache", Limits(), run_here)
    assert not {part.state(tmp_path / "cache").key for part in other} & set(states)


@pytest.mark.slow
def test_two_million_branches(tmp_path: Path) -> None:
    world = World()
    revision = world.revision(world.tree({"a": "a"}))
    snapshot = world.snapshot({"HEAD": ("alias", b"refs/heads/b1999999")})
    world.origin("https://x.org/a", ("full", snapshot))
    export = world.write(tmp_path / "export", files=1)
    count = 2_000_000
    names = pa.array([f"refs/heads/b{number}" for number in range(count)]).cast(pa.binary())
    rows = [pa.repeat(snapshot.hex(), count), names, pa.repeat(revision.hex(), count), pa.repeat("revision", count)]
    pa.orc.write_table(
        pa.table(rows, schema=SCHEMAS["snapshot_branch"]), export / "orc/snapshot_branch/more.orc", compression="zstd"
    )
    found = Read(export, world.bucket(tmp_path / "bucket"), tmp_path / "cache")
    assert found.repositories["https://x.org/a"].branch == "refs/heads/b1999999"
    assert set(found.of("https://x.org/a")) == {b"a"}


def test_keys_that_begin_alike() -> None:
    keys = [bytes(8) + bytes([i % 7]) * 12 for i in range(50)] + [bytes([i]) * 20 for i in range(30)]
    random.Random(1).shuffle(keys)
    order = swh_runs.Sorted(pa.array(keys, swh_runs.KEY))
    assert [keys[i] for i in order.order] == sorted(keys)
    distinct = sorted(set(keys))
    assert len(order.starts) == len(distinct)
    found = order.index.find(pa.array([*distinct, b"\xff" * 20], swh_runs.KEY))
    assert found.tolist() == [*range(len(distinct)), -1]


def test_schemas_agree() -> None:
    assert {f.name for f in swh_origins.REPOSITORIES} <= {f.name for f in swh_origins.ROOTS}
