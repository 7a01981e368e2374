"""Small releases of each format, kept as the program of its time wrote them: `tests/release/formats/NAME.tar.xz`.

`python -m tests.release.kept` writes the one of the present format anew, which is done once: when its columns are
complete, before the first column of the next one. How the others came about stands in formats/README.md.
"""

from __future__ import annotations

import io
import sys
import tarfile
import tempfile
from pathlib import Path

from drystone.release.checking.verify import Report, verify
from drystone.release.manifest import FORMAT_VERSION
from drystone.release.read import open_release
from tests.release.sample import FACTS, LANGUAGES, SPECIAL, Row, write_sample

FOLDER = Path(__file__).parent / "formats"


def kept_formats() -> list[str]:
    """Return the names of the kept releases, sorted; each begins with the number of its format."""
    return sorted(file.name.removesuffix(".tar.xz") for file in FOLDER.glob("*.tar.xz"))


def unpacked(name: str, into: Path) -> Path:
    """Unpack a kept release and return its folder."""
    folder = into / name
    with tarfile.open(FOLDER / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def verified_and_read(name: str, into: Path) -> Report:
    """Verify a kept release and read all of its rows by the columns that this program knows; return the report."""
    folder = unpacked(name, into)
    release = open_release(folder)
    rows = [sum(table.num_rows for table in tables) for tables in (release.data(), release.ledger())]
    counts = release.manifest.counts
    if rows != [counts.kept, counts.occurrences]:
        raise AssertionError(f"{name}: {rows} rows were read, not {counts.kept} and {counts.occurrences}")
    return verify(folder)


def small_rows() -> list[Row]:
    """Return a few occurrences with every hard case: duplicates, near duplicates, redaction, Latin-1, a mark."""
    rows = [
        Row("own/special", path, data, LANGUAGES.get(Path(path).suffix))
        for path, data in SPECIAL.items()
        if path.endswith(".py")
    ]
    one = next(row for row in rows if row.path.startswith("/emoji"))
    fork = Row("fork/special", "/copy.py", one.data, "Python", "exact_duplicates.exact_duplicate", like=one)
    near = Row("fork/special", "/near.py", one.data + b"# more\n", "Python", "near_duplicates.near_duplicate", like=one)
    near.similarity = 0.97
    latin = Row("own/special", "/latin.py", "# caf\u00e9\nx = 'na\u00efve'\n".encode("latin-1"), "Python")
    latin.encoding = "ISO-8859-1"
    secret = Row("own/special", "/secret.py", b"key = 'AKIAABCDEFGHIJKLMNOP'\n", "Python")
    secret.redacted = "key = '<KEY>'\n"
    secret.extra = {"redactions": [{"kind": "key", "rule": "aws", "start": 7, "end": 27, "confidence": 0.9}]}
    gpl = Row(
        "own/special", "/gpl.py", b"# SPDX-License-Identifier: GPL-3.0\n", "Python", "license.non_permissive_license"
    )
    gpl.license = "GPL-3.0-only"
    return [*rows, fork, near, latin, secret, gpl]


def write_kept(name: str) -> Path:
    """Write a small release with the present program, and keep it under `name`."""
    told = {"name": "Small stones", "description": "Written by the program of its time."}
    target = FOLDER / f"{name}.tar.xz"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / name
        write_sample(folder, small_rows(), FACTS.model_copy(update=told), shards=1, parts=1)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:xz") as archive:
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                entry = tarfile.TarInfo(file.relative_to(folder).as_posix())
                entry.size = file.stat().st_size
                archive.addfile(entry, io.BytesIO(file.read_bytes()))
        target.write_bytes(packed.getvalue())
    return target


if __name__ == "__main__":
    print(write_kept(sys.argv[1] if len(sys.argv) > 1 else str(FORMAT_VERSION)))
