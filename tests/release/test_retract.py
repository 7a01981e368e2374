"""Retraction in place: what falls, what stays, and that a kill at any step leaves one whole version."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drystone.building.retract import SearchedRelease, retract
from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.checking.verify import verify
from drystone.release.documents.covers import covered
from drystone.release.manifest import read_manifest
from drystone.release.read import open_release
from tests.release.sample import covered_and_named, repository_id, sample_rows, write_sample


@dataclass
class Table:
    """What must go, as a plain table; the registry has one of the same shape."""

    repositories: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    contents: set[str] = field(default_factory=set)
    directories: tuple[str, ...] = ()

    def repository(self, origin: str, authors: object = (), forked_from: object = None) -> str | None:
        return "request-1" if origin.removeprefix("https://example.org/") in self.repositories else None

    def path(self, origin: str, path: bytes, forked_from: object = None) -> str | None:
        return "request-2" if path.decode() in self.paths else None

    def has_paths(self, origin: str, forked_from: object = None) -> bool:
        return bool(self.paths)

    def copy(self, swhid: str, path: str) -> str | None:
        return "request-3" if swhid in self.contents else None

    def directory(self, swhid: str) -> str | None:
        return "request-4" if swhid in self.directories else None

    def has_directories(self) -> bool:
        return bool(self.directories)

    def in_force(self) -> int:
        return sum(bool(each) for each in (self.repositories, self.paths, self.contents, self.directories))


def rows(folder: Path) -> dict[tuple[str, str], dict]:
    return {
        (row["origin"].removeprefix("https://example.org/"), row["path"]): row
        for table in open_release(folder).ledger()
        for row in table.to_pylist()
    }


def files(folder: Path) -> dict[str, dict]:
    return {row["swhid"]: row for row in open_release(folder).files()}


def everything(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def one(folder: Path, table: Table) -> SearchedRelease:
    (outcome,) = retract([str(folder)], table, "head-2")
    return outcome


def test_a_repository_leaves_without_a_trace_and_the_rest_still_holds(release_copy: Path) -> None:
    before, old = rows(release_copy), read_manifest(release_copy)
    text_before = files(release_copy)
    outcome = one(release_copy, Table(("pypi/rich",)))
    report = verify(release_copy)
    assert (report.problems, report.notes) == ({}, [])
    after = rows(release_copy)
    assert not [key for key in after if key[0] == "pypi/rich"]
    assert {key for key in before if key[0] != "pypi/rich"} == set(after)
    mine = [row for key, row in before.items() if key[0] == "pypi/rich"]
    fell = outcome.inventory.requests["request-1"]
    assert fell.occurrences == len(mine)
    assert fell.files == sum(row["decision"] == "kept" for row in mine)
    left = files(release_copy)
    gone = {row["swhid"] for row in mine if row["decision"] == "kept"}
    assert set(left) == set(text_before) - gone
    for name, data in everything(release_copy).items():
        if not name.endswith(".parquet"):
            assert b"pypi/rich" not in data, name
    manifest = outcome.after
    assert manifest.facts.opted_out_repositories == old.facts.opted_out_repositories + 1
    assert manifest.facts.version == "1.0.1"
    assert manifest.facts.registry_head == "head-2"
    assert (manifest.facts.previous.version, manifest.facts.previous.root) == ("1.0.0", old.root)


def test_only_the_shards_touched_are_rewritten(release_copy: Path) -> None:
    before = everything(release_copy)
    outcome = one(release_copy, Table(("own/special",)))
    assert outcome.done is not None
    after = everything(release_copy)
    written = [name for name, data in after.items() if name.endswith(".parquet") and before.get(name) != data]
    entries = {e.place: e for e in outcome.after.files}
    assert {entries[name].path for name in written if entries[name].kind == "data"} == {
        path for path in outcome.inventory.shards if path in {e.path for e in outcome.after.files}
    }
    assert outcome.done.bytes_written == sum(len(after[name]) for name in written)
    assert outcome.done.bytes_written <= 1.05 * outcome.done.bytes_replaced
    assert not [name for name in after if name.startswith("data/F%2A")], "a language without files has no shard"


def test_a_copy_that_stays_stands_for_the_bytes_from_now_on(release_copy: Path) -> None:
    before = rows(release_copy)
    copies = {key: row for key, row in before.items() if key[0] == "fork/click" and row["reason"] == "exact_duplicate"}
    assert copies
    outcome = one(release_copy, Table(("pypi/click",)))
    assert not verify(release_copy).problems
    after, data = rows(release_copy), files(release_copy)
    handed = {key for key in copies if after[key]["decision"] == "kept"}
    assert handed
    for key in handed:
        row = data[after[key]["swhid"]]
        assert (row["repo_name"], row["path"]) == key
        assert row["repository_id"] == repository_id("fork/click")
        assert row["license_evidence"] == [
            {**dict.fromkeys(row["license_evidence"][0]), "expression": "MIT", "path": key[1], "rule": "ledger"}
        ]
    assert len(outcome.inventory.handed) >= len(handed)
    told, named = covered_and_named(release_copy)
    assert told == named != set(), "the rest still covers what it says"
    notice = (release_copy / "NOTICE").read_text()
    assert "https://example.org/pypi/click" not in notice
    line = r"    (?:for|except) .*\n"
    (listed,) = re.findall(rf"^https://example\.org/fork/click: \d+ files?\n((?:{line})+)\n\| \(The text", notice, re.M)
    kept = [row["path"] for row in data.values() if row["repo_name"] == "fork/click"]
    lines = [f"{'!' * (word == 'except')}{path}" for word, path in re.findall("(for|except) (.*)", listed)]
    assert set(covered(kept, lines)) == {path for _, path in handed}
    orphans = [row for row in after.values() if row["reason"] == "representative_retracted"]
    assert len(orphans) == outcome.inventory.orphans


def test_bytes_and_paths_fall_with_the_request_and_without_a_name(release_copy: Path) -> None:
    swhid = next(iter(files(release_copy)))
    path = next(row["path"] for row in files(release_copy).values() if row["swhid"] != swhid)
    one(release_copy, Table(contents={swhid}, paths=(path[1:],)))
    assert not verify(release_copy).problems
    for row in rows(release_copy).values():
        if row["swhid"] == swhid or row["path"] == path:
            assert (row["decision"], row["reason"]) == ("dropped", "opted_out")
            assert json.loads(row["evidence"]) == {"request": "request-3" if row["swhid"] == swhid else "request-2"}
    assert swhid not in files(release_copy)


def test_a_whole_directory_falls_by_its_swhid(release_copy: Path) -> None:
    row = next(
        r for t in open_release(release_copy).repositories() for r in t.to_pylist() if r["repo_name"] == "own/special"
    )
    outcome = one(release_copy, Table(directories=(f"swh:1:dir:{row['directory_id']}",)))
    assert set(outcome.inventory.requests) == {"request-4"}
    assert not [key for key in rows(release_copy) if key[0] == "own/special"]


def test_nothing_to_do_changes_nothing(release_copy: Path) -> None:
    before = everything(release_copy)
    assert one(release_copy, Table(("nobody/nothing",))).done is None
    assert everything(release_copy) == before
    one(release_copy, Table(("own/special",)))
    after = everything(release_copy)
    assert one(release_copy, Table(("own/special",))).done is None
    assert everything(release_copy) == after


def test_a_dry_run_only_counts(release_copy: Path) -> None:
    before = everything(release_copy)
    (outcome,) = retract([str(release_copy)], Table(("pypi/rich",)), "head-2", dry_run=True)
    assert outcome.inventory.total.files
    assert everything(release_copy) == before


def test_changelog_tombstone_and_lineage(release_copy: Path) -> None:
    first = read_manifest(release_copy)
    one(release_copy, Table(("own/special",)))
    second = one(release_copy, Table(("own/special", "pypi/rich"))).after
    log = (release_copy / "CHANGELOG.md").read_text()
    assert log.index("## 1.0.2") < log.index("## 1.0.1") < log.index("## 1.0.0")
    assert log.count("do not use it any more") == 2
    assert "| Python | opted_out |" in log
    assert [p.version for p in second.facts.lineage] == ["1.0.1", "1.0.0"]
    assert second.facts.lineage[1].root == first.root
    stone = json.loads((release_copy / "tombstones/1.0.0.json").read_text())
    assert (stone["version"], stone["root"], stone["superseded_by"]["version"]) == ("1.0.0", first.root, "1.0.1")
    assert stone["fell"]["repositories"] == 1
    for name in ("CITATION.cff", "README.md"):
        text = (release_copy / name).read_text()
        assert second.root in text
        assert "1.0.2" in text


def test_a_copy_of_the_old_version_is_told_to_be_superseded(release_copy: Path, tmp_path: Path) -> None:
    old = Path(shutil.copytree(release_copy, tmp_path / "old"))
    one(release_copy, Table(("own/special",)))
    report = verify(old, against=[release_copy])
    assert report.holds
    assert report.superseded is not None
    assert (report.superseded.version, report.superseded.retracted) == ("1.0.1", True)
    stone = tmp_path / "1.0.0.json"
    stone.write_bytes((release_copy / "tombstones/1.0.0.json").read_bytes())
    assert verify(old, quick=True, against=[stone]).superseded == report.superseded
    assert verify(release_copy, against=[old, release_copy]).superseded is None
    with pytest.raises(ReleaseError, match="neither a release nor a tombstone"):
        verify(old, against=[release_copy / "README.md"])


_KILLED = """
import os, shutil, signal, sys
from pathlib import Path

from drystone.building.retract import retract
from drystone.release.checking.verify import verify
from tests.release.test_retract import Table

source, target = Path(sys.argv[1]), Path(sys.argv[2])
WRITES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"}


def armed(limit, folder):
    seen = 0

    def hook(event, arguments):
        nonlocal seen
        if event == "open":
            writes = isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        else:
            writes = event in WRITES
        if writes and folder in str(arguments[0]):
            seen += 1
            if seen > limit:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


for step in range(1000):
    folder = target / f"{step:04d}"
    shutil.copytree(source, folder)
    child = os.fork()
    if child == 0:
        armed(step, str(folder))
        retract([str(folder)], Table(("own/special",)), "head-2")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        print(step, os.WEXITSTATUS(status))
        break
    assert os.WTERMSIG(status) == signal.SIGKILL
"""


@pytest.mark.slow
def test_a_kill_at_every_step_leaves_the_old_or_the_new_version_whole(tmp_path: Path) -> None:
    """The process kills itself (SIGKILL) before its n-th change to the file system, for every n up to the last."""
    original, tried = tmp_path / "release", tmp_path / "tried"
    write_sample(original, [r for r in sample_rows() if r.repository.startswith("own/") and r.like is None][-24:])
    tried.mkdir()
    command = [sys.executable, "-W", "ignore", "-c", _KILLED, str(original), str(tried)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=root, check=False)
    assert done.returncode == 0, done.stderr
    last, status = map(int, done.stdout.split())
    assert status == 0
    assert last > 25, "so many changes are needed at least, or the hook does not see them"
    finished = everything(tried / f"{last:04d}")
    old, new = read_manifest(original).root, read_manifest(tried / f"{last:04d}").root
    found = set()
    for step in range(last):
        folder = tried / f"{step:04d}"
        report = verify(folder)
        assert not report.problems, (step, report.examples)
        found.add(report.root)
        retract([str(folder)], Table(("own/special",)), "head-2")
        assert everything(folder) == finished, step
    assert found == {old, new}


def test_strangers_in_the_folder_are_left_alone(release_copy: Path) -> None:
    (release_copy / "notes.txt").write_text("mine")
    (release_copy / "index").mkdir()
    (release_copy / "index" / "segment.bin").write_bytes(b"theirs")
    one(release_copy, Table(("own/special",)))
    assert (release_copy / "notes.txt").read_text() == "mine"
    assert (release_copy / "index" / "segment.bin").read_bytes() == b"theirs"


def test_what_is_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="is not a folder"):
        retract([str(tmp_path / "nowhere")], Table(), "head")
    with pytest.raises(ReleaseError, match=f"it has no {layout.MANIFEST}"):
        retract([str(tmp_path)], Table(), "head")
