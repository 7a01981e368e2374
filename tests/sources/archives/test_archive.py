from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from drystone.errors import SourceError
from drystone.identity.hashes import EMPTY_TREE, blob_hash
from drystone.sources import ArchiveSource, Limits
from tests.sources.conftest import Git, Read, read

PACK: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": gzip.compress,
    "tar.bz2": bz2.compress,
    "tar.xz": lambda data: lzma.compress(data, preset=0),
    "tar.zst": zstandard.compress,
}


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


@pytest.mark.parametrize(
    "data", [b"", b"x", b"hello " * 200, gzip.compress(b"print(1)" * 100), b"PK\x03\x04", b"\x1f\x8b"]
)
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match=r"x\.tar.*(no archive that Drystone reads|cut short)"):
        read_bytes(data, tmp_path)


def test_empty_archives(tmp_path: Path) -> None:
    for data in (tar(), gzip.compress(tar())):
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


def test_archives_inside_are_files(tmp_path: Path) -> None:
    inner = gzip.compress(tar(("a", b"1")))
    found = read_bytes(tar(("inner.tar.gz", inner)), tmp_path)
    assert [(e.path, e.data) for e in found.entries] == [(b"inner.tar.gz", inner)]


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


def test_sparse_members(tmp_path: Path) -> None:
    (tmp_path / "holes").write_bytes(b"")
    os.truncate(tmp_path / "holes", 1 << 20)
    with (tmp_path / "holes").open("r+b") as file:
        for at in range(0, 1 << 20, 1 << 15):
            file.seek(at)
            file.write(b"x")
    for form in ("gnu", "posix"):
        (tmp_path / "after").write_bytes(b"1")
        subprocess.run(
            ["tar", "-C", tmp_path, f"--format={form}", "--sparse", "-cf", tmp_path / "s.tar", "holes", "after"],
            check=True,
        )
        found = read(ArchiveSource(tmp_path / "s.tar"), tmp_path).by_path()
        assert {p: e.kind for p, e in found.items()} == {b"holes": "unreadable", b"after": "file"}
        assert found[b"holes"].problem == "it is a sparse member"


def test_absurd_headers(tmp_path: Path) -> None:
    huge = member("big", tarfile.XHDTYPE, size=8_000_000_000)
    raw = huge.tobuf(tarfile.GNU_FORMAT)
    found = read_bytes(tar(("a", b"1"))[:1024] + raw + b"junk" * 1000, tmp_path)
    assert kinds(found) == [(b"a", "file"), (b"", "unreadable")]
    # A header that is larger than any real one, but there: the next member cannot be trusted, the one after can.
    out = io.BytesIO()
    out.write(member("x", tarfile.XHDTYPE, size=2 << 20).tobuf(tarfile.USTAR_FORMAT) + bytes(2 << 20))
    out.write(tar(("bad", b"1"), ("good", b"2")))
    found = read_bytes(out.getvalue(), tmp_path)
    assert kinds(found) == [(b"bad", "unreadable"), (b"good", "file")]
    assert found.entries[0].problem == "its extended header claims 2097152 bytes"
    for body in (b"99999999 path=x\n", b"5 path=x\n", b"xx path=\n", b"12 size=-50\n\n"):
        out = io.BytesIO(member("x", tarfile.XHDTYPE, size=len(body)).tobuf(tarfile.USTAR_FORMAT))
        out.seek(0, 2)
        out.write(body + bytes(-len(body) % 512) + tar(("bad", b"1"), ("good", b"2")))
        assert read_bytes(out.getvalue(), tmp_path).entries[0].kind == "unreadable"


@pytest.mark.parametrize("field", [slice(100, 108), slice(124, 136)])
@pytest.mark.parametrize("number", [b"\x80" + b"\xff" * 11, b"\xff" * 12, b"-1         \0", b"9zzzzzzzzzz\0"])
def test_absurd_numbers(tmp_path: Path, field: slice, number: bytes) -> None:
    header = bytearray(member("b").tobuf(tarfile.USTAR_FORMAT))
    header[field] = number[: field.stop - field.start]
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    found = read_bytes(tar(("a", b"1"))[:1024] + bytes(header) + bytes(1024), tmp_path)
    assert found.entries[0].kind == "file"
    for entry in found.entries:
        assert 0 <= entry.mode < 1 << 31
        assert entry.size is None or 0 <= entry.size < 1 << 63


def test_hostile_paths_cost_neither_time_nor_memory(tmp_path: Path) -> None:
    # Each path stands for two thousand directories.
    deep = tar(*((f"{n}/" + "d/" * 2000 + "f", b"") for n in range(50)))
    found = read_bytes(deep, tmp_path, Limits(max_entries=20_000))
    assert found.entries[-1].problem == "the archive has more than 20000 directories; the rest was not read"
    assert len(found.entries) == 11
    dots = tar(*(("./" * 500_000 + f"{n}", b"") for n in range(3)))
    assert kinds(read_bytes(dots, tmp_path)) == [(b"0", "file"), (b"1", "file"), (b"2", "file")]


def test_a_damaged_header_ends_the_reading(tmp_path: Path) -> None:
    data = bytearray(tar(("a", b"1"), ("b", b"2"), ("c", b"3")))
    data[1024 + 10] ^= 0xFF
    found = read_bytes(bytes(data), tmp_path)
    assert kinds(found) == [(b"a", "file"), (b"", "unreadable")]
    assert "the header at byte 1024 of the unpacked archive is damaged" in (found.entries[1].problem or "")


@pytest.mark.parametrize("end", [512, 513, 700, 1024])
def test_an_archive_without_its_end(tmp_path: Path, end: int) -> None:
    found = read_bytes(tar(("a", b"x" * 512), ("b", b"2"))[:end], tmp_path)
    assert found.entries[-1].kind == "unreadable"
    assert "cut short" in (found.entries[-1].problem or "")
    assert len(found.entries) == (2 if end == 1024 else 1)


@pytest.mark.parametrize("form", ["v7", "oldgnu", "gnu", "ustar", "posix"])
def test_what_gnu_tar_writes(tmp_path: Path, form: str, swh: Any) -> None:
    root = tmp_path / "p"
    (root / "sub/empty").mkdir(parents=True)
    (root / "a.py").write_text("x = 1\n")
    (root / "sub/run").write_text("#!/bin/sh\n")
    (root / "sub/run").chmod(0o750)
    (root / "sub/link").symlink_to("../a.py")
    os.link(root / "a.py", root / "sub/same")
    if form not in ("v7",):
        (root / ("n" * 90)).mkdir()
        (root / ("n" * 90) / ("m" * 60)).write_text("long")
    subprocess.run(["tar", "-C", root, f"--format={form}", "-czf", tmp_path / "x.tgz", "."], check=True)
    found = read(ArchiveSource(tmp_path / "x.tgz"), tmp_path)
    assert found.repository.directory == swh("directory", str(root))
    assert {e.path for e in found.entries} >= {b"a.py", b"sub/run", b"sub/link", b"sub/same"}
    assert all(e.kind in ("file", "symlink") for e in found.entries)


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


def unix(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip(tmp_path: Path, method: int) -> None:
    path = make_zip(
        tmp_path / "x.whl",
        ("p/a.py", b"x = 1\n" * 1000),
        (unix("p/run", stat.S_IFREG | 0o755), b"#!"),
        (unix("p/link", stat.S_IFLNK | 0o777), b"../../out"),
        (unix("p/pipe", stat.S_IFIFO | 0o644), b""),
        ("p/folder/", b""),
        ("../evil", b"1"),
        ("/abs", b"2"),
        method=method,
    )
    found = read(ArchiveSource(path), tmp_path).by_path()
    assert {p: e.kind for p, e in found.items()} == {
        b"p/a.py": "file",
        b"p/run": "file",
        b"p/link": "symlink",
        b"p/pipe": "device",
        b"../evil": "unreadable",
        b"abs": "unreadable",
    }
    assert found[b"p/a.py"].data == b"x = 1\n" * 1000
    assert (found[b"p/run"].mode, found[b"p/link"].mode) == (0o100755, 0o120000)
    assert found[b"p/link"].note == "the link's target is out of the tree: ../../out"


def test_zip_names(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "x.zip", ("caf\u00e9", b"1"), ("latin-X", b"2"), ("utf8-XX", b"3"), ("twice", b"4"))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("twice", b"5")
    data = path.read_bytes().replace(b"latin-X", b"latin-\x82").replace(b"utf8-XX", b"utf8-\xc3\xa9")
    path.write_bytes(data)
    found = read(ArchiveSource(path), tmp_path).entries
    assert [e.path.decode() for e in found] == ["caf\u00e9", "latin-\u00e9", "utf8-\u00e9", "twice", "twice"]
    assert found[1].note == "the name is written in code page 437"
    assert [e.data for e in found] == [b"1", b"2", b"3", b"4", b"5"]
    assert "again" in (found[4].note or "")


def test_zip_damage(tmp_path: Path) -> None:
    noise = os.urandom(2000)
    path = make_zip(
        tmp_path / "x.zip", ("bad", noise), ("good", b"1"), ("locked", b"secret"), method=zipfile.ZIP_STORED
    )
    data = bytearray(path.read_bytes())
    data[100] ^= 0xFF  # a wrong checksum
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("locked").header_offset
    data[entry + 6] |= 1  # encrypted, in the local header and in the directory
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    found = read(ArchiveSource(path), tmp_path)
    assert kinds(found) == [(b"bad", "unreadable"), (b"good", "file"), (b"locked", "unreadable")]
    assert "CRC" in (found.entries[0].problem or "")
    assert found.entries[2].problem == "the member is encrypted"
    for cut in (path.read_bytes()[:-30], path.read_bytes()[:500]):
        (tmp_path / "cut.zip").write_bytes(cut)
        with pytest.raises(SourceError, match=r"cut\.zip"):
            read(ArchiveSource(tmp_path / "cut.zip"), tmp_path)
    # An unknown compression.
    data[data.index(b"PK\x01\x02") + 10] = 9
    data[8] = 9
    path.write_bytes(data)
    assert kinds(read(ArchiveSource(path), tmp_path))[0] == (b"bad", "unreadable")


def test_a_zip_name_that_is_not_the_utf8_it_claims(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "x.zip", ("caf\u00e9", b"1"))
    path.write_bytes(path.read_bytes().replace(b"\xc3\xa9", b"\xc3\x28"))
    with pytest.raises(SourceError, match="is a damaged zip archive"):
        read(ArchiveSource(path), tmp_path)


def test_zip_limits(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "x.zip", ("good", b"1"), ("zeros", bytes(20_000_000)), ("after", b"2"))
    found = read(ArchiveSource(path), tmp_path, Limits(max_ratio=100))
    assert kinds(found) == [(b"good", "file"), (b"", "unreadable")]
    found = read(ArchiveSource(path), tmp_path, Limits(max_ratio=1e6, max_file_bytes=10))
    assert [(e.path, e.size, e.data) for e in found.entries][1] == (b"zeros", 20_000_000, None)
    assert found.entries[1].blob == blob_hash(bytes(20_000_000))
    with pytest.raises(SourceError, match="more than the limit of 2 members"):
        read(ArchiveSource(path), tmp_path, Limits(max_entries=2))


def test_a_zip_without_members(tmp_path: Path) -> None:
    found = read(ArchiveSource(make_zip(tmp_path / "x.zip")), tmp_path)
    assert found.repository.empty == "the archive has no files"


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
