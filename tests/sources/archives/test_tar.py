"""Tar headers as they come: of any writer, damaged, absurd."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from drystone.sources import ArchiveSource
from tests.sources.archives.test_archive import kinds, member, read_bytes, tar
from tests.sources.conftest import read


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
