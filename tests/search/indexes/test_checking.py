"""A check finds what was tampered with, is missing, is too much or stale, and where postings and rows disagree."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from drystone.building.verbs import verify
from drystone.errors import UsageError
from drystone.release import layout
from drystone.release.checking.verify import Report
from drystone.release.files import file_sha256
from drystone.release.read import Release
from drystone.search import _kernel, index, segment
from drystone.search.indexes import copies
from drystone.search.segment import SECTIONS, Segment, table_bytes

Sections = dict[str, bytes]


def problems(report: Report) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in report.examples:
        found.setdefault(f"{problem.check} {problem.path}", []).append(problem.what)
    return found


def segment_of(release: Release) -> Path:
    (path,) = (release.path / layout.INDEX).glob("*.segment")
    return path


def rewrite(release: Release, change: Callable[[Sections], object]) -> Path:
    """Change sections of the segment, with checksums that hold, in the manifest too: what only a look inside finds."""
    path = segment_of(release)
    entries = release.manifest.of_kind("data")
    opened = Segment(path, entries)
    sections = {name: bytes(opened.section(name)) for name in SECTIONS}
    change(sections)
    path.write_bytes(b"".join(segment.segment_bytes(opened.name, sections)))
    list_anew(release, path)
    return path


def list_anew(release: Release, path: Path) -> None:
    manifest = release.path / layout.MANIFEST
    value = orjson.loads(manifest.read_bytes())
    for entry in value["index"]:
        if entry["path"].endswith(path.name):
            entry |= {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
    manifest.write_bytes(orjson.dumps(value))


@pytest.mark.parametrize("more", [{}, {"quick": True}, {"deep": True}])
def test_a_whole_index_holds(copy: Release, more: dict[str, bool]) -> None:
    report = verify(copy.path, **more)
    assert report.holds
    assert report.checks[-1] == "index"


def test_a_release_without_an_index_is_not_asked_for_one(copy: Release) -> None:
    value = orjson.loads((copy.path / layout.MANIFEST).read_bytes())
    del value["index"]
    (copy.path / layout.MANIFEST).write_bytes(orjson.dumps(value))
    shutil.rmtree(copy.path / layout.INDEX)
    report = verify(copy.path, quick=True)
    assert report.holds
    assert "index" not in report.checks


def test_quick_and_deep_exclude_each_other(copy: Release) -> None:
    with pytest.raises(UsageError, match="quick or deep"):
        verify(copy.path, quick=True, deep=True)


def test_what_is_tampered_with_is_named(copy: Release) -> None:
    path = segment_of(copy)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    found = problems(verify(copy.path))
    name = f"index/{path.name}"
    assert "has SHA-256" in found[f"checksums {name}"][0]
    assert "has another checksum" in found[f"index {name}"][0]


def test_what_is_missing_or_too_much_is_named(copy: Release) -> None:
    path = segment_of(copy)
    other = path.with_name("0" * 32 + ".segment")
    path.rename(other)
    found = problems(verify(copy.path, quick=True))
    assert found == {
        f"files index/{path.name}": ["missing"],
        f"files index/{other.name}": ["is not listed in the manifest; drystone index removes it"],
    }


def test_what_is_stale_is_named(copy: Release) -> None:
    """A manifest whose shards have changed, with the index of before."""
    manifest = copy.path / layout.MANIFEST
    value = orjson.loads(manifest.read_bytes())
    changed = next(entry for entry in value["files"] if entry["path"].startswith("data/"))
    changed["sha256"] = "0" * 64
    changed_part = next(entry for entry in value["files"] if entry["path"].startswith("ledger/"))
    changed_part["sha256"] = "1" * 64
    manifest.write_bytes(orjson.dumps(value))
    found = problems(verify(copy.path, quick=True))
    assert found[f"index index/{segment_of(copy).name}"] == [
        "is stale: it was made for other shards than those of the manifest"
    ]
    (listed,) = (copy.path / layout.INDEX).glob("*.copies")
    assert "is stale: it was made for another ledger" in found[f"index index/{listed.name}"][0]


def test_a_shard_without_a_segment_is_named(copy: Release) -> None:
    value = orjson.loads((copy.path / layout.MANIFEST).read_bytes())
    value["index"] = [entry for entry in value["index"] if entry["path"].endswith(".copies")]
    (copy.path / layout.MANIFEST).write_bytes(orjson.dumps(value))
    found = problems(verify(copy.path, quick=True))
    assert found[f"index {copy.manifest.of_kind('data')[0].path}"] == ["is in no segment of the index"]


def _postings(data: bytes) -> _kernel.Postings:
    return _kernel.Postings(np.frombuffer(data, np.uint8))


def without_postings(name: str) -> Callable[[Sections], object]:
    """Take out of a section every second number."""

    def change(sections: Sections) -> None:
        there = _postings(sections[name])
        levels = name != "trigrams"
        lists = [(key, numbers[::2]) for key, numbers in there.lists()]
        sections[name] = _kernel.write_postings(lists, there.universe, levels)

    return change


def with_more_postings(sections: Sections) -> None:
    """Let every trigram be in every file."""
    there = _postings(sections["trigrams"])
    whole = [(number, 0) for number in range(there.universe)]
    sections["trigrams"] = _kernel.write_postings([(key, whole) for key, _ in there.lists()], there.universe, False)


def other_column(name: str, value: Callable[[pa.Table], Any]) -> Callable[[Sections], object]:
    def change(sections: Sections) -> None:
        table = pa.ipc.open_file(sections["files"]).read_all()
        at = table.schema.get_field_index(name)
        field = table.schema.field(at)
        sections["files"] = table_bytes(table.set_column(at, field, pa.array(value(table), field.type)))

    return change


SHIFTED = other_column("start", lambda table: [0] * table.num_rows)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (without_postings("trigrams"), "trigrams of its text are not in the postings"),
        (without_postings("terms"), "terms of its text are not in the postings"),
        (without_postings("paths"), "terms of its path are not in the postings"),
        (with_more_postings, "the postings name a trigram that is not in its text"),
        (other_column("path", lambda table: table.column("path").to_pylist()[::-1]), "column 'path' of its files"),
        (other_column("year", lambda table: [1999] * table.num_rows), "column 'year' of its files"),
        (SHIFTED, "the text that is found is not the one of its row"),
    ],
)
def test_a_sample_finds_what_does_not_agree(copy: Release, change: Callable[[Sections], object], what: str) -> None:
    path = rewrite(copy, change)
    report = verify(copy.path)
    assert not report.holds
    assert set(report.problems) == {"index"}
    assert any(what in told for told in problems(report)[f"index index/{path.name}"])


def one_symbol_less(sections: Sections) -> None:
    sections["symbols"] = table_bytes(pa.ipc.open_file(sections["symbols"]).read_all().slice(1))


def one_posting_less(sections: Sections) -> None:
    there = _postings(sections["trigrams"])
    lists = there.lists()
    at = next(at for at, (_, numbers) in enumerate(lists) if len(numbers) > 1)
    lists[at] = (lists[at][0], lists[at][1][1:])
    sections["trigrams"] = _kernel.write_postings(lists, there.universe, False)


@pytest.mark.parametrize(("change", "section"), [(one_symbol_less, "symbols"), (one_posting_less, "trigrams")])
def test_a_deep_check_finds_every_difference(copy: Release, change: Callable[[Sections], object], section: str) -> None:
    path = rewrite(copy, change)
    found = problems(verify(copy.path, deep=True))
    assert found == {f"index index/{path.name}": [f"section '{section}' is not what the shards give"]}


def test_another_compression_is_no_difference(copy: Release) -> None:
    def change(sections: Sections) -> None:
        sink = pa.BufferOutputStream()
        table = pa.ipc.open_file(sections["files"]).read_all()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        sections["files"] = sink.getvalue().to_pybytes()

    rewrite(copy, change)
    assert verify(copy.path, deep=True).holds


@pytest.mark.parametrize("deep", [False, True])
def test_a_list_of_copies_that_is_wrong_is_named(copy: Release, deep: bool) -> None:
    (path,) = (copy.path / layout.INDEX).glob("*.copies")
    table = pa.ipc.open_file(path.read_bytes()).read_all()
    rows = table.column("row").to_pylist()
    path.write_bytes(table_bytes(table.set_column(2, copies.COPIES.field(2), pa.array(rows[::-1], pa.uint32()))))
    list_anew(copy, path)
    report = verify(copy.path, deep=deep)
    assert set(report.problems) == {"index"}
    assert f"index index/{path.name}" in problems(report)
    assert index.build(copy).built == 0
