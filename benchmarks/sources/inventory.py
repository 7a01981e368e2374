"""How fast sources list, hash and give the bytes of real packages, against the standard library's tarfile.

Both read the same source distributions of PyPI and hash every file as git does; Drystone also computes the directory's
hash and checks every path and limit. Processor time, the best of several turns taken in alternation.
"""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness import CACHE, Figure
from drystone.sources import ArchiveSource, GitSource, Limits, PypiSource

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


def with_git(path: Path) -> int:
    with GitSource(path).open(CACHE, Limits()) as opened:
        entries = list(opened.entries())
        return sum(map(len, opened.read(e.blob for e in entries if e.kind == "file" and e.blob is not None)))


def in_other_forms(paths: list[Path], folder: Path) -> tuple[list[Path], Path]:
    """Return the same packages as zip archives, and all their files as one git repository with a pack."""
    zips = []
    for path in paths:
        with tarfile.open(path) as archive:
            archive.extractall(folder / "files", filter="data")
        zips.append(folder / f"{path.name}.zip")
        with zipfile.ZipFile(zips[-1], "w", zipfile.ZIP_DEFLATED) as made, tarfile.open(path) as archive:
            for member in archive:
                if member.isreg() and (file := archive.extractfile(member)) is not None:
                    made.writestr(member.name, file.read())
    told = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "core.autocrlf=false")
    for arguments in (("init", "-q"), ("add", "-A", "-f"), (*told, "commit", "-qm", "all"), ("repack", "-adq")):
        subprocess.run(["git", "-C", folder / "files", *arguments], check=True)
    return zips, folder / "files"


def seconds(work: Callable[[Path], int], paths: list[Path]) -> tuple[float, int]:
    start = time.process_time()
    size = sum(map(work, paths))
    return time.process_time() - start, size


def figures(quick: bool) -> list[Figure]:
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
    rates = []
    with tempfile.TemporaryDirectory(prefix="drystone-inventory-") as folder:
        zips, repository = in_other_forms(paths, Path(folder))
        for work, where in ((with_drystone, zips), (with_git, [repository])):
            took, size = min(seconds(work, where) for _ in range(3 if quick else 5))
            rates.append(size / 1e6 / took)
    return [
        Figure("inventory of source distributions", rate, "MB/s/core", aim=150, note=note),
        Figure("inventory, against tarfile", min(theirs) / min(ours), "times", at_least=2.5, aim=3),
        Figure("inventory of the same as zip", rates[0], "MB/s/core"),
        Figure("inventory of the same as a git pack, with its bytes", rates[1], "MB/s/core"),
    ]
