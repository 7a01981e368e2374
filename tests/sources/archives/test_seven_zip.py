"""7z archives: files, links and damage; and what is said where nothing reads them."""

from __future__ import annotations

import contextlib
import gzip
import os
from pathlib import Path

import pytest

from drystone.errors import SourceError
from drystone.identity.hashes import blob_hash
from drystone.sources import ArchiveSource, Limits
from drystone.sources.archives import seven_zip
from tests.sources.archives.test_archive import tar
from tests.sources.archives.test_packages import HARD
from tests.sources.conftest import read


def make_7z(path: Path, files: dict[str, bytes]) -> Path:
    libarchive = pytest.importorskip("libarchive", reason="the extra seven-zip", exc_type=Exception)
    folder = path.with_suffix(".files")
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o755 if name.endswith(".sh") else 0o644)
    (folder / "link").symlink_to("a.py")
    (folder / "empty").mkdir()
    with contextlib.chdir(folder), libarchive.file_writer(str(path), "7zip") as archive:
        archive.add_files(*sorted(os.listdir()))  # noqa: PTH208
    return path


def test_a_7z_archive(tmp_path: Path) -> None:
    noise = bytes(range(256)) * 300
    files = {
        "a.py": b"x = 1\n",
        "sub/run.sh": b"#!\n",
        "big.bin": noise,
        "data.tar.gz": gzip.compress(tar(("lib/a.rb", b"puts 1\n"), HARD)),
    }
    path = make_7z(tmp_path / "x.7z", files)
    found = read(ArchiveSource(path), tmp_path, Limits(max_file_bytes=50_000)).by_path()
    assert found[b"a.py"].data == b"x = 1\n"
    assert found[b"sub/run.sh"].mode == 0o100755
    assert (found[b"big.bin"].data, found[b"big.bin"].blob) == (None, blob_hash(noise))
    assert found[b"lib/a.rb"].data == b"puts 1\n"
    assert (found[b"link"].kind, found[b"link"].target) == ("symlink", b"a.py")
    assert found.keys() == {
        b"a.py", b"sub/run.sh", b"big.bin", b"lib/a.rb", b"lib/hard.rb", b"link",
    }  # fmt: skip
    assert "unpacks to more than" in str(
        [e.problem for e in read(ArchiveSource(path), tmp_path, Limits(max_total_bytes=60_000)).entries]
    )


def test_what_a_7z_archive_passes_over_counts_as_unpacked(tmp_path: Path) -> None:
    libarchive = pytest.importorskip("libarchive", reason="the extra seven-zip", exc_type=Exception)
    path = tmp_path / "x.7z"
    with libarchive.file_writer(str(path), "7zip") as archive:
        archive.add_file_from_memory("../bomb", 3 << 20, bytes(3 << 20))
        archive.add_file_from_memory("a.py", 6, b"x = 1\n")
    found = read(ArchiveSource(path), tmp_path, Limits(max_total_bytes=1 << 20))
    assert [e.problem for e in found.entries] == [
        "the archive unpacks to more than 1048576 bytes; the rest was not read"
    ]
    assert {e.path for e in read(ArchiveSource(path), tmp_path, Limits(max_ratio=1e6)).entries} == {b"../bomb", b"a.py"}


def test_a_damaged_7z_archive(tmp_path: Path) -> None:
    path = make_7z(tmp_path / "x.7z", {"a.py": b"x = 1\n" * 1000, "b.py": bytes(range(256)) * 300})
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + bytes(byte ^ 0xFF for byte in whole[40:60]) + whole[60:])
    found = read(ArchiveSource(path), tmp_path)
    assert any(e.kind == "unreadable" for e in found.entries)
    path.write_bytes(whole[: len(whole) // 2])
    found = read(ArchiveSource(path), tmp_path)
    assert found.entries
    assert all(e.kind == "unreadable" for e in found.entries)


def test_what_is_missing_for_7z_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.7z").write_bytes(seven_zip.MAGIC + bytes(100))
    monkeypatch.setitem(__import__("sys").modules, "libarchive", None)
    with pytest.raises(SourceError, match=r"pip install 'drystone\[seven-zip\]'"):
        read(ArchiveSource(tmp_path / "x.7z"), tmp_path)
