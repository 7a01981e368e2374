from __future__ import annotations

import gzip
import io
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drystone.errors import SourceError
from drystone.identity.hashes import EMPTY_TREE, blob_hash
from drystone.sources import ArchiveSource, Limits
from tests.sources.conftest import Git, Read, read


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def tar(*members: tuple[str, bytes] | tarfile.TarInfo, format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for item in members:
            if isinstance(item, tarfile.TarInfo):
                archive.addfile(item)
            else:
                archive.addfile(member(item[0], size=len(item[1])), io.BytesIO(item[1]))
    return out.getvalue()


def read_bytes(data: bytes, tmp_path: Path, limits: Limits | None = None, name: str = "x.tar") -> Read:
    path = tmp_path / name
    path.write_bytes(data)
    return read(ArchiveSource(path), tmp_path, limits)


def kinds(found: Read) -> list[tuple[bytes, str]]:
    return [(e.path, e.kind) for e in found.entries]


@pytest.mark.parametrize(
    "data", [b"", b"x", b"hello " * 200, gzip.compress(b"print(1)" * 100, mtime=0), b"PK\x03\x04", b"\x1f\x8b"]
)
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match=r"x\.tar.*(no archive that Drystone reads|cut short)"):
        read_bytes(data, tmp_path)


def test_empty_archives(tmp_path: Path) -> None:
    for data in (tar(), gzip.compress(tar(), mtime=0)):
        found = read_bytes(data, tmp_path)
        assert (found.entries, found.repository.empty) == ([], "the archive has no files")
        assert found.repository.directory == EMPTY_TREE.hex()


def test_a_missing_file_and_a_wrong_hash(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no such file"):
        read(ArchiveSource(tmp_path / "x"), tmp_path)
    (tmp_path / "x.tar").write_bytes(tar())
    with pytest.raises(SourceError, match=r"its SHA-256 is .*, not 0000"):
        read(ArchiveSource(tmp_path / "x.tar", "0" * 64), tmp_path)


def test_names_that_lead_out(tmp_path: Path) -> None:
    data = tar(("../evil", b"1"), ("/etc/evil", b"2"), ("a/../../evil", b"3"), ("./good", b"4"), ("a/..b", b"5"))
    found = read_bytes(data, tmp_path)
    assert kinds(found) == [
        (b"../evil", "unreadable"),
        (b"etc/evil", "unreadable"),
        (b"a/../../evil", "unreadable"),
        (b"good", "file"),
        (b"a/..b", "file"),
    ]
    assert [e.problem for e in found.entries[:3]] == [
        "the path leads through '..'",
        "the path is absolute",
        "the path leads through '..'",
    ]
    assert not (tmp_path / "evil").exists()


def test_duplicate_names_each_have_an_entry(tmp_path: Path) -> None:
    found = read_bytes(tar(("a", b"1"), ("b", b"1"), ("a", b"2"), ("./a", b"3")), tmp_path)
    assert [(e.path, e.data) for e in found.entries] == [(b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"a", b"3")]
    assert [bool(e.note) for e in found.entries] == [False, False, True, True]
    assert found.repository.directory == read_bytes(tar(("a", b"3"), ("b", b"1")), tmp_path).repository.directory


def test_links_and_devices(tmp_path: Path) -> None:
    data = tar(
        member("s", tarfile.SYMTYPE, linkname="a/b"),
        member("d/out", tarfile.SYMTYPE, linkname="../../etc"),
        member("abs", tarfile.SYMTYPE, linkname="/etc"),
        member("fifo", tarfile.FIFOTYPE),
        member("null", tarfile.CHRTYPE, devmajor=1, devminor=3),
        member("disk", tarfile.BLKTYPE),
        member("folder", tarfile.DIRTYPE),
    )
    found = read_bytes(data, tmp_path).by_path()
    assert {p: e.kind for p, e in found.items()} == {
        b"s": "symlink",
        b"d/out": "symlink",
        b"abs": "symlink",
        b"fifo": "device",
        b"null": "device",
        b"disk": "device",
    }
    assert (found[b"s"].blob, found[b"s"].mode, found[b"s"].note) == (blob_hash(b"a/b"), 0o120000, None)
    assert found[b"d/out"].note == "the link's target is out of the tree: ../../etc"
    assert found[b"abs"].note == "the link's target is out of the tree: /etc"


def test_hard_links_have_the_bytes_of_earlier_files(tmp_path: Path) -> None:
    def link(name: str, target: str) -> tarfile.TarInfo:
        return member(name, tarfile.LNKTYPE, linkname=target)

    first = [("a", b"one"), link("l1", "./a"), link("l2", "l1"), member("s", tarfile.SYMTYPE, linkname="a")]
    data = tar(
        *first, link("ls", "s"), ("a", b"two"), link("l3", "a"), link("late", "z"), ("z", b"3"), link("o", "../z")
    )
    found = read_bytes(data, tmp_path)
    by_path = {e.path: e for e in found.entries}
    assert [by_path[p].data for p in (b"l1", b"l2", b"l3")] == [b"one", b"one", b"two"]
    assert (by_path[b"ls"].kind, by_path[b"ls"].blob) == ("symlink", blob_hash(b"a"))
    assert (by_path[b"late"].kind, by_path[b"o"].kind) == ("unreadable", "unreadable")
    assert "not earlier in the archive" in (by_path[b"late"].problem or "")
    assert len(found.entries) == 10


def test_odd_names(tmp_path: Path) -> None:
    long = "d/" * 1990 + "f" * 20  # exactly 4,000 bytes
    for format in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=format, encoding="utf-8", errors="surrogateescape") as archive:
            for name in ["caf\u00e9", "latin-\udce9", long, "p" * 5000, "a b;%\n"]:
                archive.addfile(tarfile.TarInfo(name))
        found = read_bytes(out.getvalue(), tmp_path)
        names = [b"caf\xc3\xa9", b"latin-\xe9", long.encode(), b"p" * 5000, b"a b;%\n"]
        assert [e.path for e in found.entries] == names
        assert [e.kind for e in found.entries] == ["file", "file", "file", "unreadable", "file"]


def test_large_files_are_hashed_in_a_stream(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    found = read_bytes(gzip.compress(tar(("big", data), ("small", b"1"))), tmp_path, Limits(max_file_bytes=1_000_000))
    big, small = found.entries
    assert (big.kind, big.data, big.size, big.blob) == ("file", None, 3_000_000, blob_hash(data))
    assert small.data == b"1"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["tar.gz", "zip"])
def test_a_line_of_200_mb(tmp_path: Path, form: str) -> None:
    line = bytes(range(32, 127)) * 2_200_000  # 209 MB without a line break
    if form == "zip":
        with zipfile.ZipFile(tmp_path / "x", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("line.js", line)
    else:
        (tmp_path / "x").write_bytes(gzip.compress(tar(("line.js", line)), 1))
    code = (
        "import re, sys; from pathlib import Path; from drystone.sources import *\n"
        "with ArchiveSource(Path(sys.argv[1])).open(Path(), Limits()) as r: [e] = r.entries()\n"
        "print(e.blob.hex(), e.size, e.data)\n"
        "print(re.search(r'VmHWM:[^0-9]+([0-9]+)', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "x"], capture_output=True, text=True, check=True)
    blob, size, data, peak = done.stdout.split()
    assert (blob, int(size), data) == (blob_hash(line).hex(), len(line), "None")
    assert int(peak) < 150_000  # kB


def test_hostile_paths_cost_neither_time_nor_memory(tmp_path: Path) -> None:
    # Each path stands for two thousand directories.
    deep = tar(*((f"{n}/" + "d/" * 2000 + "f", b"") for n in range(50)))
    found = read_bytes(deep, tmp_path, Limits(max_entries=20_000))
    assert found.entries[-1].problem == "the archive has more than 20000 directories; the rest was not read"
    assert len(found.entries) == 11
    dots = tar(*(("./" * 500_000 + f"{n}", b"") for n in range(3)))
    assert kinds(read_bytes(dots, tmp_path)) == [(b"0", "file"), (b"1", "file"), (b"2", "file")]


def test_git_archives(make_git: Callable[..., Git], tmp_path: Path) -> None:
    git = make_git()
    (git.path / "run").write_text("#!")
    (git.path / "run").chmod(0o755)
    git.commit(a="1", b__c="2", **{"b__" + "d" * 120: "3"})
    for form in ("tar", "tar.gz", "zip"):
        git("archive", f"--format={form}", "-o", str(tmp_path / "x"), "HEAD")
        repository = read(ArchiveSource(tmp_path / "x"), tmp_path).repository
        assert repository.directory == git("rev-parse", "HEAD^{tree}")


def test_sources_can_be_pickled_and_are_not_read_twice_by_hash(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(tar(("a", b"1")))
    source = pickle.loads(pickle.dumps(ArchiveSource(tmp_path / "x.tar", about={"origin": "o", "metadata": {"k": 1}})))
    found = read(source, tmp_path)
    assert found.repository.origin == "o"
    assert found.repository.metadata["k"] == 1
    assert read(source, tmp_path) == found
    with source.open(tmp_path, Limits()) as opened, pytest.raises(SourceError, match="cannot be read again"):
        list(opened.read([b"x" * 20]))


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_the_callers_own_errors_pass_through(tmp_path: Path, form: str) -> None:
    if form == "zip":
        make_zip(tmp_path / "x", ("a", b"1"))
    else:
        (tmp_path / "x").write_bytes(tar(("a", b"1")))
    with pytest.raises(OSError, match="disk full"), ArchiveSource(tmp_path / "x").open(tmp_path, Limits()):
        raise OSError(28, "disk full")


def make_zip(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_flipped_bytes_never_escape(tmp_path: Path) -> None:
    whole = tar(*((f"d/{n}", bytes([n]) * n * 37) for n in range(12)), format=tarfile.GNU_FORMAT)
    zipped = make_zip(tmp_path / "y.zip", *((f"d/{n}", bytes([n]) * n * 37) for n in range(12))).read_bytes()
    for seed in range(150):
        for data in (whole, zipped, gzip.compress(whole, mtime=0)):
            broken = bytearray(data)
            for step in range(1 + seed % 5):
                at = (seed * 7919 + step * 104_729) % len(broken)
                broken[at] ^= 1 << (seed % 8)
            try:
                found = read_bytes(bytes(broken), tmp_path)
            except SourceError:
                continue
            for entry in found.entries:
                assert entry.data is None or blob_hash(entry.data) == entry.blob
