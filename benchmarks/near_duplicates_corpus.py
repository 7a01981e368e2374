"""The corpus of the near-duplicate figures: distinct files of real source distributions, and edits of them.

Archives are fetched from the package index by its simple API and read as archives; no package code is ever run.
"""

from __future__ import annotations

import hashlib
import random
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.harness import CACHE

PACKAGES = (
    ("django", "4.2"),
    ("django", "4.2.11"),
    ("django", "5.0"),
    ("sympy", "1.12"),
    ("sympy", "1.13.3"),
    ("requests", "2.31.0"),
    ("requests", "2.32.3"),
    ("werkzeug", "3.0.0"),
    ("werkzeug", "3.0.3"),
    ("flask", "3.0.3"),
    ("jinja2", "3.1.4"),
)
_MAX_FILE = 1_000_000


def sdist(name: str, version: str) -> Path:
    """Return the source distribution, fetched once and checked against the index's SHA-256."""
    folder = CACHE / "sdists"
    folder.mkdir(parents=True, exist_ok=True)
    found = [p for p in folder.glob(f"{name}-{version}.*") if not p.name.endswith(".part")]
    if found:
        return found[0]
    from pypi_simple import PyPISimple

    with PyPISimple() as client:
        page = client.get_project_page(name)
        package = next(p for p in page.packages if p.version == version and p.package_type == "sdist")
        suffix = ".zip" if package.filename.endswith(".zip") else ".tar.gz"
        path = folder / f"{name}-{version}{suffix}"
        client.download_package(package, path, verify=True)
    return path


def texts(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (path in the archive, bytes) of regular files."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir() and info.file_size <= _MAX_FILE:
                    yield info.filename, archive.read(info)
    else:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isreg() and member.size <= _MAX_FILE:
                    data = archive.extractfile(member)
                    assert data is not None
                    yield member.name, data.read()


def real(limit: int) -> Path:
    """Return a Parquet file {path, content} of about `limit` bytes of distinct UTF-8 files of all packages."""
    out = CACHE / f"near-duplicates-{limit // 10**6}mb.parquet"
    if out.exists():
        return out
    seen: set[bytes] = set()
    rows: list[tuple[str, str]] = []
    for name, version in PACKAGES:
        for path, data in texts(sdist(name, version)):
            digest = hashlib.sha1(data).digest()
            if digest in seen or b"\0" in data or not data:
                continue
            seen.add(digest)
            try:
                rows.append((path, data.decode()))
            except UnicodeDecodeError:
                continue

    # Whole families stay together: a file is taken or left by its path without the package's version.
    def family(path: str) -> bytes:
        return hashlib.sha1(path.split("/", 1)[-1].encode()).digest()

    rows.sort(key=lambda row: (family(row[0]), row[0]))
    total, end = 0, 0
    while end < len(rows) and total < limit:
        total += len(rows[end][1].encode())
        end += 1
    rows = sorted(rows[:end])
    table = pa.table({"path": [p for p, _ in rows], "content": [c for _, c in rows]})
    out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, out.with_suffix(".part"), compression="zstd", row_group_size=1000)
    out.with_suffix(".part").rename(out)
    return out


_TOKEN = re.compile(rb"[0-9A-Za-z_]+")


def edited(source: Path, count: int) -> Path:
    """Return `count` documents: windows of 20 to 40 lines of the real files, and edits of them.

    A quarter of the documents are edits of an earlier one (a tenth of the tokens renamed at most); all the others have
    their names changed throughout, so that they are no near duplicates of one another. The files for smaller counts
    are made in the same way.
    """
    out = CACHE / f"near-duplicates-edited-{count}.parquet"
    if out.exists():
        return out
    contents = [c.encode() for c in pq.read_table(source, columns=["content"]).column(0).to_pylist()]
    lines = [line for content in contents for line in content.splitlines(keepends=True)]
    chance = random.Random(1)
    writer = pq.ParquetWriter(out.with_suffix(".part"), pa.schema([("content", pa.binary())]), compression="zstd")
    recent: list[bytes] = []
    made = 0
    while made < count:
        rows = []
        while len(rows) < 20_000 and made < count:
            if recent and chance.random() < 0.25:
                text = bytearray(chance.choice(recent))
                spans = [m.span() for m in _TOKEN.finditer(bytes(text))]
                for start, end in chance.sample(spans, max(1, len(spans) * chance.randint(1, 4) // 100)):
                    text[start:end] = b"x%0*d" % (end - start - 1, made % 10 ** max(1, end - start - 1))
                rows.append(bytes(text))
            else:
                start = chance.randrange(len(lines) - 40)
                text = bytearray(b"".join(lines[start : start + chance.randint(20, 40)]))
                suffix = b"%x" % made
                text = bytearray(re.sub(rb"\b([a-z]{3,}\w*)\b", lambda m, s=suffix: m.group(1) + s, bytes(text)))
                rows.append(bytes(text))
                if len(recent) < 5000:
                    recent.append(rows[-1])
                else:
                    recent[chance.randrange(5000)] = rows[-1]
            made += 1
        writer.write_table(pa.table({"content": pa.array(rows, pa.binary())}), row_group_size=10_000)
    writer.close()
    out.with_suffix(".part").rename(out)
    return out
