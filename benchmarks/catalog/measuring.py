"""Measuring a dataset: megabytes a second and core, with everything that `drystone catalog measure` looks for.

The dataset is the Python source of the installed packages, as Parquet. Benchmarks and a registry are given, so that all
facts are measured.
"""

from __future__ import annotations

import json
import site
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.harness import Figure
from drystone.catalog.measuring.dataset import measure_dataset
from drystone.registry.snapshot import OptOuts

_MOST = 150_000_000
_RUNS = 3


def figures(quick: bool) -> list[Figure]:
    """Return the best rate of three runs by processor time over at most 150 MB (or 15 MB) of files."""
    most = _MOST // 10 if quick else _MOST
    with tempfile.TemporaryDirectory() as folder:
        table, benchmark = Path(folder) / "data.parquet", Path(folder) / "benchmark.jsonl"
        size = _write(table, benchmark, most)
        optouts = OptOuts(repositories={"github.com/nobody/nothing": "r"}, requests=("r",))
        measure_dataset(str(table), 10, 1 << 20, 1)  # what is loaded once is loaded
        seconds = float("inf")
        for _ in range(_RUNS):  # other work on the machine takes caches and memory from it, and adds to its time
            began = time.process_time()
            found = measure_dataset(str(table), 10**9, 1 << 40, 1, benchmarks=[benchmark], optouts=optouts)
            seconds = min(seconds, time.process_time() - began)
    assert found.bytes >= 0.99 * size
    note = f"processor time, best of {_RUNS}; {found.files:,} files, {found.bytes / 1e6:.0f} MB, {seconds:.1f} s"
    return [
        Figure("measuring a dataset sample of 1 GB", found.bytes / 1e6 / seconds, "MB/s a core", 60, 120, note=note)
    ]


def _write(table: Path, benchmark: Path, most: int) -> int:
    """Write files of installed packages as rows, and parts of some as a benchmark; return their bytes."""
    rows, size = [], 0
    roots = [Path(root) for root in site.getsitepackages()]
    for path in sorted(path for root in roots for path in root.rglob("*.py")):
        data = path.read_bytes()
        if size + len(data) > most:
            break
        text = data.decode("utf-8", "replace")
        parts = path.relative_to(next(root for root in roots if root in path.parents)).parts
        rows.append({"content": text, "path": "/".join(parts[1:]) or parts[0], "repo_name": f"packages/{parts[0]}"})
        size += len(text.encode())
    pq.write_table(pa.Table.from_pylist(rows), table, row_group_size=1000, compression="zstd")
    lines = [{"id": row["path"], "text": row["content"][-600:]} for row in rows[:: max(1, len(rows) // 200)]]
    benchmark.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return size
