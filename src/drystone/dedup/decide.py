"""From signatures to decisions: candidates, choice, clusters. Knows ids, ranks and keys; texts come by `fetch`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drystone.dedup import candidates
from drystone.dedup.ids import ID, to_arrow, to_numpy
from drystone.dedup.method import Method
from drystone.dedup.past import Previous
from drystone.dedup.settle import DROPPED, Fetch, Task, settle, settle_giant
from drystone.work.files import whole

Run = Callable[[Callable[..., Any], list[Any], str], list[Any]]

DECISIONS = pa.schema([("id", ID), ("cluster", ID), ("kept_id", ID), ("similarity", pa.float64())])


class Summary(TypedDict):
    """Counts of one run: documents, those with a candidate, components, dropped, clusters, exact comparisons."""

    documents: int
    candidates: int
    components: int
    dropped: int
    clusters: int
    comparisons: int
    text_bytes: int


def in_process(function: Callable[..., Any], tasks: list[Any], name: str) -> list[Any]:
    """Run tasks one after the other; the default for `run`."""
    return [function(task) for task in tasks]


def decide(
    items: Sequence[Path],
    out: Path,
    method: Method,
    fetch: Fetch,
    run: Run | None,
    work: Path,
    previous: Previous | None = None,
) -> Summary:
    """Decide which documents are near duplicates of a kept one, and write the proof.

    `items`: Parquet files of {id: binary(20), group: string, rank: binary, bytes: int64, signature: as `signatures`
    makes it}. Documents of different groups are never compared; of two that are near, the one whose rank sorts first
    is kept. `out`: Parquet of {id, cluster, kept_id, similarity}, sorted by id, one row for each document of a
    cluster: the kept ones have neither kept_id nor similarity. A cluster is a kept document with those dropped for it,
    named by its smallest id.
    `fetch(ids)` yields the bytes of each id in order; where it has a method `stage`, that is called once before, with
    an iterator over arrays of all ids that may be asked for. `run(function, tasks, name)` maps, None in this process;
    functions and tasks can be pickled, results are JSON-able. `work`: a folder that all workers see.
    `previous`: an earlier run by the same method; what it measured is not measured again, and the result is the same.

    The result depends on items, texts and method only. Raises `UsageError` for missing columns, repeated ids, foreign
    signatures and texts that `fetch` does not yield.
    """
    run = run or in_process
    plan = candidates.find(items, method, work, previous)
    if hasattr(fetch, "stage"):
        fetch.stage(candidates.ids(plan))
    tasks = [Task(path, path.with_suffix(".parquet"), method, fetch) for path in plan.tasks]
    settled = run(settle, tasks, "settle")
    parts = [task.out for task in tasks]
    for path in plan.giants:
        giant = Task(path, path.with_suffix(".parquet"), method, fetch)
        settled.append(settle_giant(giant, run, candidates.TASK_BYTES))
        parts.append(giant.out)
    dropped = pa.concat_tables([DROPPED.empty_table(), *(pq.read_table(part) for part in parts)])
    clusters = write(dropped, out)
    return {
        "documents": plan.documents,
        "candidates": plan.candidates,
        "components": plan.components,
        "dropped": len(dropped),
        "clusters": clusters,
        "comparisons": sum(s["comparisons"] for s in settled),
        "text_bytes": sum(s["text_bytes"] for s in settled),
    }


def write(dropped: pa.Table, out: Path) -> int:
    """Write decisions from what was dropped: name the clusters and add the kept documents. Returns their number."""
    dropped = dropped.sort_by([("kept_id", "ascending"), ("id", "ascending")]).combine_chunks()
    ids = to_numpy(dropped.column("id"))
    kept = to_numpy(dropped.column("kept_id"))
    starts = np.flatnonzero(np.concatenate([[True], kept[1:] != kept[:-1]])) if len(kept) else np.empty(0, np.int64)
    heads = kept[starts]
    names = np.where(ids[starts] < heads, ids[starts], heads)  # within a cluster, ids are sorted
    lengths = np.diff(np.append(starts, len(kept)))
    everything = np.concatenate([ids, heads])
    order = np.argsort(everything)
    nothing = np.zeros(len(heads), bool)
    is_dropped = np.concatenate([np.ones(len(ids), bool), nothing])[order]
    similarity = np.concatenate([dropped.column("similarity").to_numpy(), np.zeros(len(heads))])
    table = pa.table(
        [
            to_arrow(everything[order]),
            to_arrow(np.concatenate([np.repeat(names, lengths), names])[order]),
            to_arrow(np.concatenate([kept, heads])[order], is_dropped),
            pa.array(similarity[order], mask=~is_dropped),
        ],
        schema=DECISIONS,
    )
    with whole(out, durable=False) as part:
        pq.write_table(table, part, compression="zstd")
    return len(heads)
