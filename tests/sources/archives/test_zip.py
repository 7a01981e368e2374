"""Zip archives and wheels."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from pathlib import Path

import pytest

from drystone.errors import SourceError
from drystone.identity.hashes import blob_hash
from drystone.sources import ArchiveSource, Limits
from tests.sources.archives.test_archive import kinds, make_zip
from tests.sources.conftest import read


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


def unicode_path(name: bytes, of: bytes) -> bytes:
    """An Info-ZIP Unicode Path Extra Field (APPNOTE 4.6.9) that says `name` of the member called `of`."""
    field = b"\x01" + zlib.crc32(of).to_bytes(4, "little") + name
    return (0x7075).to_bytes(2, "little") + len(field).to_bytes(2, "little") + field


def test_zip_names_are_those_that_their_tools_meant(tmp_path: Path) -> None:
    members = []
    for name, extra in [
        ("a1", unicode_path("\u6771.py".encode(), b"a1")),
        ("a2", unicode_path(b"wrong.py", b"renamed")),  # renamed by a tool that does not know the field
        ("a3", b"\x01\x00\x01\x00x" + unicode_path(b"d\\e.py", b"a3")),  # behind another field, with a backslash
        ("a4", unicode_path(b"\xff", b"a4")),
        ("a5", b"\x75\x70\xff"),
    ]:
        info = zipfile.ZipInfo(name)
        info.create_system, info.extra = 0, extra
        members.append((info, name.encode()))
    found = read(ArchiveSource(make_zip(tmp_path / "x.zip", *members)), tmp_path).entries
    assert [e.path.decode() for e in found] == ["\u6771.py", "a2", "d/e.py", "a4", "a5"]
    assert found[0].note == "the name is that of the Unicode path field"
    assert [e.note for e in found[1::2]] == [None, None]


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


def test_backslashes_between_the_parts_of_a_name(tmp_path: Path) -> None:
    def windows(name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name)
        info.filename, info.create_system = name, 0
        return info

    path = make_zip(
        tmp_path / "windows.zip", (windows("p\\src\\a.py"), b"1"), ("p/b.py", b"2"), (windows("..\\e"), b"3")
    )
    found = read(ArchiveSource(path), tmp_path).by_path()
    assert found[b"p/src/a.py"].note == "the name is written with backslashes"
    assert (found[b"p/b.py"].note, found[b"../e"].kind) == (None, "unreadable")
    none_has_a_slash = make_zip(tmp_path / "all.zip", (unix("p\\a.py", stat.S_IFREG), b"1"))
    assert list(read(ArchiveSource(none_has_a_slash), tmp_path).by_path()) == [b"p/a.py"]
    a_name_of_unix = make_zip(tmp_path / "unix.zip", (unix("p/a\\b.py", stat.S_IFREG), b"1"))
    assert list(read(ArchiveSource(a_name_of_unix), tmp_path).by_path()) == [b"p/a\\b.py"]
