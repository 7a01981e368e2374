"""A Parquet file without the texts that hold a benchmark's task, read once and in pieces."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from drystone.dedup.contamination.benchmarks import load
from drystone.dedup.contamination.rule import COMMON, GENERIC, RULE_VERSION
from drystone.dedup.table import BATCH_ROWS, as_binary, check
from drystone.errors import UsageError

if TYPE_CHECKING:
    from drystone.dedup.contamination.formats import BenchmarkFile

_LINES: Final = pa.list_(pa.list_(pa.int64(), 2))
_FOUND: Final = (
    ("decision", pa.string()),
    ("reason", pa.string()),
    ("benchmark", pa.string()),
    ("task", pa.string()),
    ("part", pa.string()),
    ("measure", pa.string()),
    ("overlap", pa.float64()),
    ("shared", pa.int64()),
    ("shingles", pa.int64()),
    ("lines", _LINES),
    ("task_lines", _LINES),
    ("tasks", pa.int64()),
)


def remove_tasks(
    source: Path,
    files: tuple[BenchmarkFile, ...],
    out: Path,
    *,
    text: str,
    id: str | None,
    threshold: float,
    drop: bool,
) -> dict[str, Any]:
    """Write kept.parquet, found.parquet and method.json into `out`; return the counts.

    `drop`: whether texts fall that hold only a generic task. Raises `UsageError` for what cannot be read.
    """
    try:
        file = pq.ParquetFile(source, pre_buffer=False)
    except (pa.ArrowInvalid, OSError) as error:
        raise UsageError(f"{source} cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    schema = file.schema_arrow
    check(schema, text, id, None, None)
    known = load(files)
    counts: Counter[str] = Counter()
    by_benchmark: Counter[str] = Counter({each.name: 0 for each in files})
    own = [("row", pa.int64()), *([("id", schema.field(id).type)] if id is not None else [])]
    proof = pa.schema([*own, *_FOUND])
    with (
        pq.ParquetWriter(out / "kept.parquet", schema, compression="zstd") as kept,
        pq.ParquetWriter(out / "found.parquet", proof, compression="zstd") as told,
    ):
        for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
            found = known.find(as_binary(batch.column(text)), threshold)
            falls = [each is not None and (drop or not each.generic) for each in found]
            ids = batch.column(id) if id is not None else None
            rows = [
                {
                    "row": counts["texts"] + at,
                    **({"id": ids[at].as_py()} if ids is not None else {}),
                    "decision": "dropped" if falls[at] else "kept",
                    "reason": "generic_code" if each.generic else "benchmark",
                    **each.as_dict(),
                }
                for at, each in enumerate(found)
                if each is not None
            ]
            by_benchmark.update(each.benchmark for each in found if each is not None)
            counts["generic"] += sum(each is not None and each.generic for each in found)
            counts["texts"] += len(batch)
            counts["kept"] += len(batch) - sum(falls)
            kept.write_batch(
                batch.filter(pa.array([not each for each in falls], pa.bool_())), row_group_size=BATCH_ROWS
            )
            told.write_table(pa.Table.from_pylist(rows, proof))
    (out / "method.json").write_text(json.dumps(_method(files, threshold, drop), indent=2) + "\n")
    return {
        "texts": counts["texts"],
        "kept": counts["kept"],
        "dropped": counts["texts"] - counts["kept"],
        "generic": counts["generic"],
        "tasks": known.tasks,
        "benchmarks": dict(by_benchmark),
    }


def _method(files: tuple[BenchmarkFile, ...], threshold: float, drop: bool) -> dict[str, Any]:
    """Return everything that the result depends on."""
    return {
        "rule_version": RULE_VERSION,
        "threshold": threshold,
        "generic": "drop" if drop else "keep",
        "common": COMMON,
        "least_shingles": GENERIC,
        "benchmarks": {each.name: each.sha256 for each in files},
    }
