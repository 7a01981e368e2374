"""Peak resident memory of an export at 0.2 and 0.8 GB of text: as rows in order, shuffled, and by repository.

The release has files of 8 KiB of random words in repositories of 500 files; each export runs in a process of its own.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa

from benchmarks.harness import Figure, main
from benchmarks.release_rows import data_row, ledger_row
from drystone.release.manifest import FileEntry, ReleaseFacts
from drystone.release.schema import DATA, LEDGER, REPOSITORIES
from drystone.release.writing.finish import finish
from drystone.release.writing.writer import write_data_shard, write_ledger_part, write_repositories

_FILE_BYTES = 8192
_FILES_OF_A_REPOSITORY = 500
_SHARDS = 4
#: Exports whose memory is measured, by the options of `drystone export`.
_EXPORTS = {
    "jsonl": ["--as", "jsonl", "--columns", "all"],
    "jsonl, shuffled, in splits": ["--as", "jsonl", "--shuffle", "--split", "train=90,test=10"],
    "parquet": ["--as", "parquet"],
    "stack-v3": ["--as", "stack-v3"],
}


def _texts(count: int) -> Iterator[tuple[int, bytes, str]]:
    """Yield (number, bytes, git blob hash) of files in the order of their hashes, without holding their bytes."""
    words = [random.Random(0).randbytes(4).hex() for _ in range(4096)]

    def text(number: int) -> bytes:
        chosen = random.Random(number).choices(words, k=_FILE_BYTES // 9)
        return "\n".join([f"# {number}", *chosen]).encode()

    def blob(data: bytes) -> str:
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

    for sha1, number in sorted((blob(text(number)), number) for number in range(count)):
        yield number, text(number), sha1


def _repository(number: int) -> str:
    return hashlib.sha256(b"%d" % (number // _FILES_OF_A_REPOSITORY)).hexdigest()


def _write(folder: Path, count: int) -> None:
    """Write a release of `count` files, a table of rows at a time."""
    ledger: list[dict[str, object]] = []
    entries: list[FileEntry] = []
    texts = _texts(count)
    for shard in range(_SHARDS):
        path = f"data/Python/train-{shard:05}-of-{_SHARDS:05}.parquet"

        def tables(path: str = path, left: int = count // _SHARDS) -> Iterator[pa.Table]:
            while left:
                rows = []
                for _, (number, data, sha1) in zip(range(min(left, 1000)), texts, strict=False):
                    id_ = _repository(number)
                    about = {"repository_id": id_, "origin": f"https://example.org/{id_[:8]}", "repo_name": id_[:8]}
                    row = data_row(f"/{number}.py", data, sha1) | about
                    ledger.append(ledger_row(row, path))
                    rows.append(row)
                left -= len(rows)
                yield pa.Table.from_pylist(rows, DATA)

        entries.append(write_data_shard(folder, "Python", shard, _SHARDS, tables()))
    ledger.sort(key=lambda row: (str(row["repository_id"]), str(row["path"])))
    entries.append(write_ledger_part(folder, 0, 1, [pa.Table.from_pylist(ledger, LEDGER)]))
    entries.append(write_repositories(folder, [pa.Table.from_pylist(_repositories(ledger), REPOSITORIES)]))
    finish(folder, ReleaseFacts(name="memory", version="1.0.0", configuration={}), entries)


def _repositories(ledger: list[dict[str, object]]) -> list[dict[str, object]]:
    counts: dict[tuple[object, object], int] = {}
    for row in ledger:
        key = (row["repository_id"], row["origin"])
        counts[key] = counts.get(key, 0) + 1
    return [
        {
            **dict.fromkeys(REPOSITORIES.names), "repository_id": id_, "origin": origin, "kind": "git",
            "occurrences": files, "kept": files, "metadata": "{}", "status": "read",
        }
        for (id_, origin), files in sorted(counts.items(), key=str)
    ]  # fmt: skip


def _peak(release: Path, output: Path, options: list[str]) -> int:
    """Return the peak resident memory of one export in bytes."""
    command = [sys.executable, "-m", "drystone", "export", str(release), *options, "-o", str(output), "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as started:
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        raise RuntimeError(f"{' '.join(command)} failed")
    return used.ru_maxrss * 1024


def measure(quick: bool) -> list[Figure]:
    """Export two releases, the second of four times the text, in each form."""
    peaks: dict[str, list[int]] = {name: [] for name in _EXPORTS}
    sizes = (20, 80) if quick else (200, 800)
    with tempfile.TemporaryDirectory() as home:
        for megabytes in sizes:
            release = Path(home) / str(megabytes)
            count = megabytes * 1_000_000 // _FILE_BYTES // _SHARDS * _SHARDS
            # In a process of its own: what starts a program counts among its peak (Linux, exec_mmap).
            writer = get_context("spawn").Process(target=_write, args=(release, count))
            writer.start()
            writer.join()
            if writer.exitcode:
                raise RuntimeError("the release could not be written")
            for number, (name, options) in enumerate(_EXPORTS.items()):
                peaks[name].append(_peak(release, Path(home) / f"{megabytes}-{number}", options))
    figures = []
    for name, (small, large) in peaks.items():
        note = f"{small / 1e6:,.0f} MB at {sizes[0]} MB of text"
        figures.append(Figure(f"{name}: peak at {sizes[1]} MB", large / 1e6, "MB", note=note))
        slope = (large - small) / ((sizes[1] - sizes[0]) * 1e6)
        figures.append(
            Figure(
                f"{name}: memory per byte of text", slope, "byte/byte", None if quick else 0.15, lower_is_better=True
            )
        )
    return figures


if __name__ == "__main__":
    main(measure)
