from __future__ import annotations

import struct
from pathlib import Path

import orjson
import pytest

from drystone.errors import ReleaseError
from drystone.release.read import Release, open_release
from drystone.search import index, segment
from drystone.search.search import Searcher
from drystone.search.segment import SECTIONS
from tests.release.sample import Row, sample_rows
from tests.search.conftest import write


def segments(release: Release) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (release.path / index.FOLDER).glob("*.segment")}


def test_the_same_release_gives_the_same_bytes(release: Release, tmp_path: Path) -> None:
    again = index.build(release, tmp_path / "index")
    assert again.built == again.segments >= 1
    assert {p.name: p.read_bytes() for p in (tmp_path / "index").glob("*.segment")} == segments(release)


def test_a_second_build_builds_nothing(copy: Release) -> None:
    before = segments(copy)
    assert index.build(copy).built == 0
    assert segments(copy) == before


def test_a_build_that_was_killed_goes_on(copy: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "SEGMENT_BYTES", 1)
    folder = copy.path / "other"
    whole = index.build(copy, folder)
    assert whole.segments == len(copy.manifest.of_kind("data")) > 2
    paths = sorted(folder.glob("*.segment"))
    (folder / index.LIST).unlink()
    paths[0].unlink()
    paths[1].write_bytes(paths[1].read_bytes()[:-10])
    paths[2].with_name(paths[2].name + ".host-0123456789abcdef.partial").write_bytes(b"half")
    assert index.build(copy, folder).built == 2
    assert not list(folder.glob("*.partial"))
    assert len(list(folder.glob("*.segment"))) == whole.segments


def test_only_segments_of_changed_shards_are_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "SEGMENT_BYTES", 1)
    rows = sample_rows()
    first = write(tmp_path / "a", rows)
    index.build(first)
    second = write(tmp_path / "b", [r for r in rows if r.path != "/arrow.toml"])
    (first.path / index.FOLDER).rename(second.path / index.FOLDER)
    with pytest.raises(ReleaseError, match="another version of the release"):
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
    (before.path / index.FOLDER).rename(after.path / index.FOLDER)
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
    path = next((copy.path / index.FOLDER).glob("*.segment"))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ReleaseError, match=message):
        Searcher([copy])


def test_every_damaged_section_is_told(copy: Release) -> None:
    path = next((copy.path / index.FOLDER).glob("*.segment"))
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


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"{", "cannot be read"),
        (b"[]", "not the list"),
        (orjson.dumps({"format": index.FORMAT, "version": 99}), "version 99"),
        (orjson.dumps({"format": index.FORMAT, "version": segment.VERSION, "root": "x", "segments": [{}]}), "damaged"),
    ],
)
def test_lists_that_are_none_are_told(copy: Release, value: bytes, message: str) -> None:
    (copy.path / index.FOLDER / index.LIST).write_bytes(value)
    with pytest.raises(ReleaseError, match=message):
        Searcher([open_release(copy.path)])


def test_a_shard_that_is_missing_is_told(copy: Release) -> None:
    entry = max(copy.manifest.of_kind("data"), key=lambda e: e.bytes)
    (copy.path / entry.place).unlink()
    with pytest.raises(ReleaseError, match="is missing"):
        list(Searcher([copy]).search("-content:zzzz", limit=None))
    with pytest.raises(ReleaseError, match="is missing"):
        index.build(copy, copy.path / "elsewhere")
