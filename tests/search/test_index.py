from __future__ import annotations

import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.files import file_sha256
from drystone.release.location import locked
from drystone.release.manifest import manifest_bytes, release_root
from drystone.release.read import Release, open_release
from drystone.search import index, segment
from drystone.search.indexes import pieces
from drystone.search.search import Searcher
from drystone.search.segment import SECTIONS
from tests.release.sample import Row, sample_rows
from tests.search.conftest import write


def segments(release: Release) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (release.path / layout.INDEX).glob("*.segment")}


def unlist(release: Release) -> None:
    """Take the index away, from the folder and from the manifest."""
    shutil.rmtree(release.path / layout.INDEX)
    without = release.manifest.model_copy(update={"index": ()})
    (release.path / layout.MANIFEST).write_bytes(manifest_bytes(without))


def test_the_same_release_gives_the_same_bytes(release: Release, copy: Release) -> None:
    before, manifest = segments(copy), (copy.path / layout.MANIFEST).read_bytes()
    shutil.rmtree(copy.path / layout.INDEX)
    again = index.build(copy)
    assert again.built == again.segments >= 1
    assert segments(copy) == before == segments(release)
    assert (copy.path / layout.MANIFEST).read_bytes() == manifest


def test_the_manifest_lists_the_index_beside_the_root_hash(release: Release, copy: Release) -> None:
    listed = open_release(copy.path).manifest
    assert listed.root == release_root(listed.facts, listed.files)
    assert {file.path: file.sha256 for file in listed.index} == {
        name: file_sha256(copy.path / name) for name in layout.index_files(copy.path)
    }
    assert sorted(path for f in listed.index if f.path.endswith(".segment") for path in f.of) == [
        entry.path for entry in listed.of_kind("data")
    ]
    shutil.rmtree(copy.path / layout.INDEX)
    without = listed.model_copy(update={"index": ()})
    assert b'"index"' not in manifest_bytes(without)
    assert without.root == listed.root


def test_a_second_build_builds_nothing(copy: Release) -> None:
    before = segments(copy)
    assert index.build(copy).built == 0
    assert segments(copy) == before


def test_a_dry_run_writes_nothing(copy: Release) -> None:
    removed = next((copy.path / layout.INDEX).glob("*.segment"))
    removed.unlink()
    before = sorted(layout.index_files(copy.path))
    made = index.build(copy, dry_run=True)
    assert (made.segments, made.built, made.dry_run) == (1, 1, True)
    assert made.built_bytes == made.text_bytes == copy.manifest.counts.text_bytes
    assert sorted(layout.index_files(copy.path)) == before


def test_a_build_that_was_killed_goes_on(copy: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "SEGMENT_BYTES", 1)
    unlist(copy)
    whole = index.build(copy)
    assert whole.segments == len(copy.manifest.of_kind("data")) > 2
    before = segments(copy)
    paths = sorted((copy.path / layout.INDEX).glob("*.segment"))
    (copy.path / layout.MANIFEST).write_bytes(manifest_bytes(copy.manifest.model_copy(update={"index": ()})))
    paths[0].unlink()
    paths[1].write_bytes(paths[1].read_bytes()[:-10])
    paths[2].with_name(paths[2].name + ".host-0123456789abcdef.partial").write_bytes(b"half")
    assert index.build(copy).built == 2
    assert not list((copy.path / layout.INDEX).glob("*.partial"))
    assert segments(copy) == before


def test_only_segments_of_changed_shards_are_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "SEGMENT_BYTES", 1)
    rows = sample_rows()
    first = write(tmp_path / "a", rows)
    index.build(first)
    second = write(tmp_path / "b", [r for r in rows if r.path != "/arrow.toml"])
    (first.path / layout.INDEX).rename(second.path / layout.INDEX)
    with pytest.raises(ReleaseError, match="has no index"):
        Searcher([second])
    made = index.build(second)
    assert made.built <= 1
    assert made.segments == len(second.manifest.of_kind("data"))


def test_what_was_taken_out_is_in_no_segment(tmp_path: Path) -> None:
    secret = b"unmistakable_word_of_a_retracted_file"
    rows = [*sample_rows()[:20], Row("own/out", f"/{secret.decode()}.py", b"def " + secret + b"(): pass\n", "Python")]
    before = write(tmp_path / "a", rows)
    index.build(before)
    assert len(list(Searcher([before]).search(secret.decode()))) == 1
    after = write(tmp_path / "b", rows[:-1])
    (before.path / layout.INDEX).rename(after.path / layout.INDEX)
    index.build(after)
    assert list(Searcher([after]).search(secret.decode())) == []
    for data in segments(after).values():
        assert secret not in data
    (segment,) = index.open_segments(after)
    assert secret not in segment.names
    assert not any(secret.decode() in path for path in segment.files.column("path").to_pylist())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-1], "cut off"),
        (lambda data: data[:40], "cut off"),
        (lambda data: b"", "cannot be read"),
        (lambda data: b"x" * len(data), "not a segment"),
        (lambda data: data[:17] + b"\x63" + data[18:], "version 99"),
        (lambda data: data[:70] + bytes([data[70] ^ 1]) + data[71:], "damaged at its beginning"),
    ],
)
def test_damaged_segments_are_told(copy: Release, change, message: str) -> None:
    path = next((copy.path / layout.INDEX).glob("*.segment"))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ReleaseError, match=message):
        Searcher([copy])


def test_every_damaged_section_is_told(copy: Release) -> None:
    path = next((copy.path / layout.INDEX).glob("*.segment"))
    data = path.read_bytes()
    (opened,) = index.open_segments(copy)
    for name in SECTIONS:
        _, offset, size = struct.unpack_from("<IQQ", data, data.index(name.encode().ljust(12, b"\0")) + 12)
        path.write_bytes(
            data[: offset + size // 2] + bytes([data[offset + size // 2] ^ 1]) + data[offset + size // 2 + 1 :]
        )
        (opened,) = index.open_segments(copy)
        with pytest.raises(ReleaseError, match=f"section '{name}'"):
            opened.section(name)


def relist(release: Release, change: Callable[[dict[str, Any]], object]) -> Release:
    """Change what the manifest says of each file of the index."""
    path = release.path / layout.MANIFEST
    value = orjson.loads(path.read_bytes())
    for entry in value["index"]:
        change(entry)
    path.write_bytes(orjson.dumps(value))
    return open_release(release.path)


@pytest.mark.parametrize(
    ("section", "schema", "name", "value"),
    [
        ("files", segment.FILES, "page", 10**6), ("files", segment.FILES, "start", -1),
        ("files", segment.FILES, "bytes", 2**60), ("files", segment.FILES, "page", None),
        ("shards", segment.PAGES, "shard", 999), ("symbols", segment.SYMBOLS, "file", 10**9),
        ("symbols", segment.SYMBOLS, "name", -1), ("stretches", segment.STRETCHES, None, None),
    ],
)  # fmt: skip
def test_numbers_that_lead_to_nothing_are_told_whatever_their_checksums(
    copy: Release, section: str, schema: pa.Schema, name: str | None, value: int | None
) -> None:
    (opened,) = [one for one in Searcher([copy]).segments if one.count > 5]
    sections = {one: bytes(opened.section(one)) for one in segment.SECTIONS}
    table = pa.ipc.open_file(sections[section]).read_all()
    if name is None:
        table = table.slice(0, 0)
    else:
        field = schema.field(name)
        table = table.set_column(schema.names.index(name), field, pa.array([value] * table.num_rows, field.type))
    sections[section] = segment.table_bytes(table)
    opened.path.write_bytes(b"".join(segment.segment_bytes(opened.name, sections)))
    with pytest.raises(ReleaseError, match=r"is damaged(:| in section).*Run drystone index again"):
        list(Searcher([copy]).search("import or sym:a", limit=None))


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry["of"].pop(),
        lambda entry: entry["of"].append("data/None/train-00000-of-00001.parquet"),
        lambda entry: entry.update(
            path="index/" + entry["path"][6:].translate(str.maketrans("0123456789", "1234567890"))
        ),
    ],
)
def test_an_index_of_other_shards_is_not_looked_at(copy: Release, change: Callable[[dict[str, Any]], object]) -> None:
    stale = relist(copy, change)
    with pytest.raises(ReleaseError, match="was made for other shards"):
        Searcher([stale])
    with pytest.raises(ReleaseError, match="was made for other shards"):
        index.open_copies(stale)
    made = index.build(stale)
    assert made.built == 0
    assert open_release(copy.path).manifest == copy.manifest


@pytest.mark.parametrize("path", ["index/../../x.segment", "data/x.segment", "index/" + "0" * 32 + ".txt"])
def test_a_manifest_that_lists_other_things_as_index_is_damaged(copy: Release, path: str) -> None:
    with pytest.raises(ReleaseError, match=r"manifest.json is damaged: index.0.path"):
        relist(copy, lambda entry: entry.update(path=path))


def test_a_shard_that_is_missing_is_told(copy: Release) -> None:
    entry = max(copy.manifest.of_kind("data"), key=lambda e: e.bytes)
    (copy.path / entry.place).unlink()
    with pytest.raises(ReleaseError, match="is missing"):
        list(Searcher([copy]).search("-content:zzzz", limit=None))
    shutil.rmtree(copy.path / layout.INDEX)
    with pytest.raises(ReleaseError, match="is missing"):
        index.build(copy)


def test_what_a_manifest_says_of_its_texts_is_not_believed(copy: Release) -> None:
    """Segments are planned by it, and memory is asked for."""
    path, entry = copy.path / layout.MANIFEST, max(copy.manifest.of_kind("data"), key=lambda e: e.text_bytes)
    manifest = orjson.loads(path.read_bytes())
    (listed,) = (file for file in manifest["files"] if file["path"] == entry.path)

    def said(size: int) -> Release:
        listed["text_bytes"] = size
        path.write_bytes(orjson.dumps(manifest))
        shutil.rmtree(copy.path / layout.INDEX, ignore_errors=True)
        return open_release(copy.path)

    with pytest.raises(ReleaseError, match="more text than the manifest says"):
        index.build(said(0))
    assert index.build(said(2**62)).files == sum(e.rows for e in copy.manifest.of_kind("data"))


def test_a_file_without_a_text_is_counted_told_and_found(copy: Release) -> None:
    """A shard of another writer, which holds no text of one file: there is a row for it that says why."""
    entry = max(copy.manifest.of_kind("data"), key=lambda e: e.rows)
    path = copy.path / entry.place
    table = pq.read_table(path)
    texts = table.column("content").to_pylist()
    name, texts[3] = table.column("path")[3].as_py(), None
    at = table.schema.get_field_index("content")
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array(texts, pa.string())), path, compression="zstd")
    manifest = copy.path / layout.MANIFEST
    value = orjson.loads(manifest.read_bytes())
    for file in value["files"]:
        if file["path"] == entry.path:
            file |= {"sha256": file_sha256(path), "bytes": path.stat().st_size}
    manifest.write_bytes(orjson.dumps(value))
    changed = open_release(copy.path)
    made = index.build(changed)
    reason = "the release holds no text of this file"
    assert made.built == 1
    assert made.not_indexed == {reason: 1}
    answer = Searcher([changed]).search("is:unindexed", limit=None)
    assert [one.path for one in answer] == [name]
    assert answer.exact
    assert name in [one.path for one in Searcher([changed]).search(f'file:"{name}"', limit=None)]
    assert name not in [one.path for one in Searcher([changed]).search("content:e", limit=None)]


def test_a_release_that_became_another_version_is_not_indexed_as_the_old_one(copy: Release) -> None:
    path = copy.path / layout.MANIFEST
    path.write_bytes(path.read_bytes().replace(copy.root.encode(), b"0" * 64))
    with pytest.raises(ReleaseError, match="has become another version"):
        index.build(copy)


def test_two_builds_at_once_are_refused(copy: Release) -> None:
    with locked(copy.path), pytest.raises(ReleaseError, match="index build is at work here"):
        index.build(copy)
    assert index.build(copy).built == 0


@pytest.mark.parametrize("blocked", ["index", "index.copies"])
def test_what_stands_in_the_way_is_told(copy: Release, blocked: str) -> None:
    """What a folder without permission gives, for root too: a file stands where the folder is to be, or a folder."""
    listed = next(file.path for file in copy.manifest.index if file.path.endswith(".copies"))
    shutil.rmtree(copy.path / layout.INDEX)
    if blocked == "index":
        (copy.path / layout.INDEX).write_text("")
    else:
        (copy.path / listed / "inside").mkdir(parents=True)
    with pytest.raises(ReleaseError, match=r"cannot be written|could not be written"):
        index.build(copy)


def test_a_full_disk_is_told_and_leaves_the_old_index(copy: Release) -> None:
    """Limit how large a file may grow, as a full disk does, in a process of its own."""
    code = (
        "import resource, signal, sys\nfrom drystone.errors import ReleaseError\n"
        "from drystone.release.read import open_release\nfrom drystone.search import index\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try:\n    index.build(open_release(sys.argv[1]))\nexcept ReleaseError as error:\n    sys.exit(str(error))\n"
    )
    next((copy.path / layout.INDEX).glob("*.segment")).unlink()
    before = sorted(layout.index_files(copy.path))
    done = subprocess.run([sys.executable, "-c", code, str(copy.path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert sorted(layout.index_files(copy.path)) == before
    assert open_release(copy.path).manifest == copy.manifest


@pytest.mark.slow
def test_an_index_build_that_is_killed_goes_on_where_it_was(copy: Release) -> None:
    """SIGKILL, again and again, after each segment: every run adds one, none is built twice, the bytes are the same."""
    code = (
        "import os, signal, sys\nfrom drystone.release.read import open_release\nfrom drystone.search import index\n"
        "from drystone.search.indexes import pieces\npieces.SEGMENT_BYTES = 1\nmake = index.make\n"
        "def once(folder, piece):\n    made = make(folder, piece)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "index.make = once if sys.argv[2] == 'kill' else make\nindex.build(open_release(sys.argv[1]))\n"
    )

    def run(kill: str) -> int:
        return subprocess.run([sys.executable, "-c", code, str(copy.path), kill], check=False).returncode

    unlist(copy)
    assert run("no") == 0
    whole = {name: (copy.path / name).read_bytes() for name in layout.index_files(copy.path)}
    manifest = (copy.path / layout.MANIFEST).read_bytes()
    unlist(copy)
    runs = 0
    while (code_ := run("kill")) != 0:
        runs += 1
        assert code_ == -signal.SIGKILL
        assert len(list(layout.index_files(copy.path))) == runs
    assert runs == len(whole) > 3
    assert {name: (copy.path / name).read_bytes() for name in layout.index_files(copy.path)} == whole
    assert (copy.path / layout.MANIFEST).read_bytes() == manifest
