"""What a retraction of 1 % of the repositories writes: Parquet bytes written over the bytes of the files touched.

One release of real files of this machine's Python packages, dealt out to many repositories, so that what is retracted
lies in every shard.
"""

from __future__ import annotations

import hashlib
import sysconfig
from pathlib import Path

from tests.release.sample import Row, write_sample

from benchmarks.builds import workplace
from benchmarks.harness import Figure
from drystone.building.retract import retract
from drystone.release.checking.verify import verify

_SUFFIXES = {".py": "Python", ".h": "C", ".md": "Markdown", ".txt": "Text"}


class _Table:
    """What must go: repositories by name."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def repository(self, origin: str, authors: object = (), forked_from: object = None) -> str | None:
        return "measured" if origin.removeprefix("https://example.org/") in self._names else None

    def has_paths(self, origin: str, forked_from: object = None) -> bool:
        return False

    def path(self, origin: str, path: bytes, forked_from: object = None) -> str | None:
        return None

    def content(self, swhid: str) -> str | None:
        return None

    def directory(self, swhid: str) -> str | None:
        return None

    def has_directories(self) -> bool:
        return False


def _rows(files: int, repositories: int) -> list[Row]:
    rows: list[Row] = []
    seen: set[str] = set()
    for path in sorted(Path(sysconfig.get_path("purelib")).rglob("*")) + sorted(
        Path(sysconfig.get_path("stdlib")).rglob("*.py")
    ):
        language = _SUFFIXES.get(path.suffix)
        if language is None or not path.is_file() or not 0 < path.stat().st_size < 200_000:
            continue
        data = path.read_bytes()
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            continue
        row = Row(f"owner/r{len(rows) % repositories:04d}", f"/{len(rows)}/{path.name}", data, language)
        if row.swhid not in seen and not data.startswith(b"\xef\xbb\xbf"):
            seen.add(row.swhid)
            rows.append(row)
        if len(rows) == files:
            break
    return rows


def figures(quick: bool) -> list[Figure]:
    """Measure."""
    files, repositories = (2000, 100) if quick else (6000, 200)
    rows = _rows(files, repositories)
    names = {f"owner/r{n:04d}" for n in range(repositories // 100)}
    found = []
    with workplace() as home:
        folder = Path(home) / "release"
        before = write_sample(folder, rows, shards=8, parts=4)
        (outcome,) = retract([str(folder)], _Table(names), hashlib.sha256(b"head").hexdigest())
        assert outcome.done is not None
        report = verify(folder)
        if report.problems or len(before.files) != len(outcome.after.files):
            raise SystemExit(f"the retracted release does not hold: {report.examples}")
        ratio = outcome.done.bytes_written / outcome.done.bytes_replaced
        note = (
            f"{len(names)} of {repositories} repositories, {outcome.inventory.total.files} of {len(rows)} files, "
            f"{len(outcome.inventory.shards)} shards; the result verifies"
        )
        found.append(Figure("retraction: bytes written / bytes of files touched", ratio, "x", 1.05, 1.0, True, note))
    return found
