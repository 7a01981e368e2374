"""Packages whose files lie in a tar inside (gem, conda, Erlang's), and what damage does to them."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import zstandard

from drystone.sources import ArchiveSource, Limits
from tests.sources.archives.test_archive import kinds, make_zip, member, read_bytes, tar
from tests.sources.conftest import read

HARD = member("lib/hard.rb", tarfile.LNKTYPE, linkname="lib/a.rb")
DATA = tar(("lib/a.rb", b"puts 1\n"), HARD, ("LICENSE", b"MIT\n"), member("link", tarfile.SYMTYPE, linkname="../x"))


def gem(data: bytes) -> bytes:
    return tar(
        ("metadata.gz", gzip.compress(b"name: a\n", mtime=0)), ("data.tar.gz", data), ("checksums.yaml.gz", b"x")
    )


def test_the_files_of_a_gem_stand_where_its_tool_unpacks_them(tmp_path: Path) -> None:
    found = read_bytes(gem(gzip.compress(DATA, mtime=0)), tmp_path, name="a-1.0.gem").by_path()
    assert {p: e.kind for p, e in found.items()} == {
        b"metadata.gz": "file", b"lib/a.rb": "file", b"LICENSE": "file", b"link": "symlink",
        b"lib/hard.rb": "file", b"checksums.yaml.gz": "file",
    }  # fmt: skip
    assert found[b"lib/a.rb"].data == found[b"lib/hard.rb"].data == b"puts 1\n"
    assert found[b"lib/a.rb"].note == "in data.tar.gz"
    assert found[b"lib/hard.rb"].note == "in data.tar.gz; a hard link to lib/a.rb"
    assert found[b"metadata.gz"].note is None


def test_a_conda_package(tmp_path: Path) -> None:
    def packed(*members: tuple[str, bytes]) -> bytes:
        return zstandard.ZstdCompressor().compress(tar(*members))

    path = make_zip(
        tmp_path / "a-1.0-0.conda",
        ("metadata.json", b"{}"),
        ("pkg-a-1.0-0.tar.zst", packed(("lib/a.py", b"x = 1\n"))),
        ("info-a-1.0-0.tar.zst", packed(("info/licenses/LICENSE", b"MIT\n"))),
    )
    found = read(ArchiveSource(path), tmp_path)
    assert kinds(found) == [(b"metadata.json", "file"), (b"lib/a.py", "file"), (b"info/licenses/LICENSE", "file")]


def test_other_tars_lie_in_a_folder_of_their_name_and_deeper_ones_are_files(tmp_path: Path) -> None:
    inner = gzip.compress(tar(("a", b"1"), ("../evil", b"2")))
    found = read_bytes(tar(("inner.tar.gz", inner), ("x.tar", tar()), ("d/deep.tar", DATA)), tmp_path)
    assert kinds(found) == [
        (b"inner.tar.gz/a", "file"), (b"inner.tar.gz/../evil", "unreadable"), (b"d/deep.tar", "file"),
    ]  # fmt: skip
    nested = read_bytes(tar(("a.tar", tar(("b.tar", DATA)))), tmp_path)
    assert kinds(nested) == [(b"a.tar/b.tar", "file")]


def test_damage_inside_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    packed = gzip.compress(tar(("lib/a.rb", b"1" * 2000), ("lib/b.rb", bytes(range(256)) * 40)), mtime=0)
    found = read_bytes(gem(packed[: len(packed) // 2]), tmp_path)
    assert kinds(found)[0] == (b"metadata.gz", "file")
    assert kinds(found)[-1] == (b"checksums.yaml.gz", "file")
    (problem,) = (e for e in found.entries if e.path == b"data.tar.gz" or e.kind == "unreadable")
    assert "cut short" in (problem.problem or "")
    assert kinds(read_bytes(gem(b"\x1f\x8b damaged"), tmp_path))[1] == (b"data.tar.gz", "unreadable")
    assert kinds(read_bytes(gem(b"no tar"), tmp_path))[1] == (b"data.tar.gz", "file")
    bomb = gzip.compress(tar(("zeros", bytes(4 << 20))), mtime=0)
    found = read_bytes(gem(bomb), tmp_path, Limits(max_total_bytes=1 << 20))
    assert any("unpacks to more than" in (e.problem or "") for e in found.entries)
