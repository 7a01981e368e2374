"""Compressed streams: every format, cut short, corrupt, bombs."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from drystone.identity.hashes import blob_hash
from drystone.sources import Limits
from tests.sources.archives.test_archive import kinds, read_bytes, tar

PACK: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": gzip.compress,
    "tar.bz2": bz2.compress,
    "tar.xz": lambda data: lzma.compress(data, preset=0),
    "tar.zst": zstandard.compress,
}


@pytest.mark.parametrize("suffix", PACK)
def test_every_compression(tmp_path: Path, suffix: str) -> None:
    files = [(f"p-1/{n}.py", os.urandom(n * 700)) for n in range(40)]
    data = PACK[suffix](tar(*files))
    found = read_bytes(data, tmp_path, name=f"p-1.{suffix}")
    assert [(e.path.decode(), e.data) for e in found.entries] == files
    for entry in found.entries:
        assert entry.data is not None
        assert (entry.blob, entry.size) == (blob_hash(entry.data), len(entry.data))
    assert found.repository.origin == f"archive:p-1.{suffix}"
    assert found.repository.name == f"p-1.{suffix}"
    assert len(found.repository.metadata["sha256"]) == 64


@pytest.mark.parametrize("suffix", PACK)
def test_truncated_archives_keep_what_came_before(tmp_path: Path, suffix: str) -> None:
    files = [(f"{n}.bin", os.urandom(60_000)) for n in range(40)]
    data = PACK[suffix](tar(*files))
    found = read_bytes(data[: len(data) * 6 // 10], tmp_path, name=f"x.{suffix}")
    good = [e for e in found.entries if e.kind == "file"]
    # bzip2 works in blocks of 900 kB, so less of it survives.
    assert len(good) >= (12 if suffix == "tar.bz2" else 22)
    assert [(e.path.decode(), e.data) for e in good] == files[: len(good)]
    [damage] = [e for e in found.entries if e.kind == "unreadable"]
    assert "cut short" in (damage.problem or "")


@pytest.mark.parametrize("suffix", ["tar.gz", "tar.bz2", "tar.xz"])
def test_corrupt_archives_keep_what_came_before(tmp_path: Path, suffix: str) -> None:
    files = [(f"{n}.bin", os.urandom(60_000)) for n in range(40)]
    data = bytearray(PACK[suffix](tar(*files)))
    for at in range(len(data) // 2, len(data) // 2 + 64):
        data[at] ^= 0x5A
    found = read_bytes(bytes(data), tmp_path, name=f"x.{suffix}")
    assert found.entries[-1].kind == "unreadable"
    assert found.entries[-1].problem is not None
    for entry in found.entries[:-1]:
        assert entry.data is not None
        assert entry.blob == blob_hash(entry.data)


def test_a_wrong_checksum_at_the_end_is_told(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(tar(("a", b"1"))))
    data[-8] ^= 1
    found = read_bytes(bytes(data), tmp_path, name="x.tar.gz")
    assert kinds(found) == [(b"a", "file"), (b"", "unreadable")]


def test_bytes_after_the_end_are_told(tmp_path: Path) -> None:
    found = read_bytes(tar(("a", b"1")) + tar(("hidden", b"2")), tmp_path)
    assert kinds(found) == [(b"a", "file"), (b"", "unreadable")]
    assert "after the archive's end mark" in (found.entries[1].problem or "")
    # Zeros are padding.
    assert kinds(read_bytes(tar(("a", b"1")) + bytes(70_000), tmp_path)) == [(b"a", "file")]


def test_ratio_and_size_limits_stop_a_bomb(tmp_path: Path) -> None:
    bomb = gzip.compress(tar(("good", b"1"), ("zeros", bytes(50_000_000))))
    found = read_bytes(bomb, tmp_path, Limits(max_ratio=100))
    assert kinds(found) == [(b"good", "file"), (b"zeros", "unreadable")]
    assert "more than 100 times its packed size" in (found.entries[1].problem or "")
    found = read_bytes(bomb, tmp_path, Limits(max_total_bytes=10_000_000, max_ratio=1e6))
    assert "more than 10000000 bytes" in (found.entries[1].problem or "")
    found = read_bytes(tar(*((str(n), b"") for n in range(50))), tmp_path, Limits(max_entries=20))
    assert len(found.entries) == 21
    assert found.entries[-1].problem == "the archive has more than 20 members; the rest was not read"
