"""Is a build over an export one over git, and does a table come back as the release that it was exported from?

Real repositories, out of real source distributions; the export is made by the archive's own tools.
"""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.builds import workplace
from benchmarks.harness import Figure
from benchmarks.software_heritage import equality
from benchmarks.software_heritage.repositories import ALL, make
from drystone.release.exports.export import export
from drystone.release.read import Release
from drystone.sources import GitSource, Limits, TableSource
from drystone.sources.base import FILE


def _told(release: Release) -> Counter[Any]:
    return Counter(
        (row["origin"], row["path"], row["swhid"], row["license_type"], *sorted(row["detected_licenses"]))
        for table in release.data()
        for row in table.to_pylist()
    )


def _lay_out(paths: list[Path], folder: Path) -> None:
    """Write the contents of repositories as the archive's bucket has them."""
    (folder / "content").mkdir(parents=True)
    for path in paths:
        with GitSource(path).open(folder, Limits()) as opened:
            blobs = {e.blob for e in opened.entries() if e.kind == FILE and e.blob is not None}
            for data in opened.read(sorted(blobs)):
                (folder / "content" / hashlib.sha1(data).hexdigest()).write_bytes(gzip.compress(data, 1, mtime=0))


def _round_trip(quick: bool) -> Figure:
    recipes = ALL[:6] if quick else ALL
    with workplace() as folder:
        for name in ("git", "first", "again"):
            (folder / name).mkdir()
        paths = [make(recipe, folder / "git", number) for number, recipe in enumerate(recipes)]
        first = equality.build([GitSource(path=path) for path in paths], folder / "first")
        export(first, "stack-v2", folder / "table")
        _lay_out(paths, folder / "contents")
        table = TableSource(folder / "table", str(folder / "contents"), "https://example.org/")
        told, again = _told(first), _told(equality.build([table], folder / "again"))
    kept = (told & again).total()
    note = f"{kept:,} of {told.total():,} files are kept under the same licence"
    return Figure(
        "round trip stack-v2 -> source, files with their licence", kept / told.total(), "share", 1, 1, note=note
    )


def figures(quick: bool) -> list[Figure]:
    """Compare git with export, and a release with itself after a round trip."""
    return [*equality.figures(quick), _round_trip(quick)]
