"""How fast sources list, hash and give the bytes of real packages, against the standard library's tarfile.

Both read the same source distributions of PyPI and hash every file as git does; Drystone also computes the directory's
hash and checks every path and limit. Processor time, the best of several turns taken in alternation.
"""

from __future__ import annotations

import hashlib
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness import CACHE, Figure, main
from drystone.sources import ArchiveSource, Limits, PypiSource

PACKAGES = ("django==5.2", "sqlalchemy==2.0.40", "pygments==2.19.1", "networkx==3.4.2", "sympy==1.13.3")


def with_drystone(path: Path) -> int:
    with ArchiveSource(path).open(CACHE, Limits()) as opened:
        size = sum(len(entry.data) for entry in opened.entries() if entry.data is not None)
        assert opened.repository().directory
    return size


def with_tarfile(path: Path) -> int:
    size = 0
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isreg() else None
            if file is not None:
                data = file.read()
                hashlib.sha1(b"blob %d\0" % len(data) + data).digest()
                size += len(data)
    return size


def seconds(work: Callable[[Path], int], paths: list[Path]) -> tuple[float, int]:
    start = time.process_time()
    size = sum(map(work, paths))
    return time.process_time() - start, size


def measure(quick: bool) -> list[Figure]:
    """Inventory of gzipped source distributions: listing, reading, git hashes."""
    paths = []
    for package in PACKAGES[-2:] if quick else PACKAGES:
        source = PypiSource(*package.split("=="))
        source.fetch(CACHE)
        with source.open(CACHE, Limits()) as opened:
            found = opened.repository().metadata
        paths.append(CACHE / "pypi" / found["sha256"] / found["filename"])
    ours, theirs = [], []
    size = 0
    for _ in range(3 if quick else 5):
        took, size = seconds(with_drystone, paths)
        ours.append(took)
        took, same = seconds(with_tarfile, paths)
        theirs.append(took)
        assert size == same
    rate = size / 1e6 / min(ours)
    note = f"{size / 1e6:.0f} MB of files in {len(paths)} packages; tarfile {size / 1e6 / min(theirs):.0f} MB/s"
    return [
        Figure("inventory of source distributions", rate, "MB/s/core", aim=150, note=note),
        Figure("inventory, against tarfile", min(theirs) / min(ours), "times", at_least=2.5, aim=3),
    ]


if __name__ == "__main__":
    main(measure)
