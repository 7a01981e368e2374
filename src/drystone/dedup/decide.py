"""From signatures to decisions: candidates, choice, clusters. Knows ids, ranks and keys; texts come by `fetch`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drystone.dedup import candidates
from drystone.dedup.ids import ID, to_arrow, to_numpy
from drystone.dedup.method import Method
from drystone.dedup.past import Previous
from drystone.dedup.settle import DROPPED, NAME, Fetch, choose, choose_in_rounds
from drystone.work.files import whole
from drystone.work.remote.mirror import opened
from drystone.work.store import Stage
from drystone.work.tasks import Runner, Task, run_here

DECISIONS = pa.schema([("id", ID), ("cluster", ID), ("kept_id", ID), ("similarity", pa.float64())])


class Summary(TypedDict):
    """Summary of one run: documents, those with a candidate, components, dropped, clusters, exact comparisons."""

    documents: int
    candidates: int
    components: int
    dropped: int
    clusters: int
    comparisons: int
    text_bytes: int


def decide(
    items: Sequence[Path],
    out: Path,
    method: Method,
    fetch: Fetch,
    run: Runner | None,
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
    an iterator over arrays of all ids that may be asked for. `run` does the tasks, None: in this process. `work`: a
    folder that all who do tasks see.
    `previous`: an earlier run by the same method; what it measured is not measured again, and the result is the same.

    The result depends on items, texts and method only. Raises `UsageError` for missing columns, repeated ids, foreign
    signatures and texts that `fetch` does not yield.
    """
    run = run or run_here
    stage = Stage(work)
    found = candidates.find(items, method, work, previous)
    if hasattr(fetch, "stage"):
        fetch.stage(candidates.ids(found))
    tasks = [Task(path.stem, choose, {"rows": path, "method": method, "fetch": fetch}) for path in found.tasks]
    chosen = run(NAME, stage, tasks)
    parts = [path.with_suffix(".parquet") for path in [*found.tasks, *found.giants]]
    for path in found.giants:
        part = path.with_suffix(".parquet")
        chosen.append(choose_in_rounds(run, stage, path, part, method, fetch, candidates.TASK_BYTES))
    dropped = pa.concat_tables([DROPPED.empty_table(), *(opened(part, pq.read_table) for part in parts)])
    clusters = write(dropped, out)
    return {
        "documents": found.documents,
        "candidates": found.candidates,
        "components": found.components,
        "dropped": len(dropped),
        "clusters": clusters,
        "comparisons": sum(s["comparisons"] for s in chosen),
        "text_bytes": sum(s["text_bytes"] for s in chosen),
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
